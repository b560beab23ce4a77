"""``secure-s3 local``: it prints what to export, serves, and ends cleanly on a signal."""

from __future__ import annotations

import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

import secure_s3
from secure_s3.cli.local import SHELLS

from .conftest import Run

ROOT = Path(secure_s3.__file__).parents[1]


def answers(url: str, ca_bundle: str) -> bool:
    """Whether S3 is there, which lists buckets to those who sign."""
    context = ssl.create_default_context(cafile=ca_bundle)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        opener.open(url, timeout=20).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 403  # nobody has signed
    return False


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_a_signal(sent: signal.Signals) -> None:
    """It prints one JSON document, serves the bucket it made, and ends with 0 and without its files."""
    command = [sys.executable, "-m", "secure_s3", "local", "--bucket", "my-bucket", "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stderr.readline()  # comes after the document
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        environment = told["environment"]
        assert told["buckets"] == ["my-bucket"]
        assert answers(environment["AWS_ENDPOINT_URL"], environment["SECURE_S3_CA_BUNDLE"])
        os.kill(process.pid, sent)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (0, "", "")
    assert not os.path.exists(environment["SECURE_S3_CA_BUNDLE"])


def test_lines_can_be_read_by_a_shell() -> None:
    """The lines for sh quote what needs quoting, so that a shell reads the very value."""
    value = 'it\'s $HOME `x` "y" \\ z'
    line = SHELLS["sh"]("NAME", value)
    done = subprocess.run(["sh", "-c", f'{line}; printf %s "$NAME"'], capture_output=True, text=True)
    assert done.stdout == value
    assert shlex.split(SHELLS["fish"]("NAME", "a b"))[-1] == "a b"
    assert SHELLS["powershell"]("NAME", "it's") == "$Env:NAME = 'it''s'"


def test_port_out_of_range_is_a_usage_error(run: Callable[..., Run]) -> None:
    """A port that does not exist ends with 2, before anything starts."""
    assert run("local", "--port", "65536").code == 2
    assert run("local", "--port", "x").code == 2


def test_bad_bucket_name_ends_it(run: Callable[..., Run]) -> None:
    """A name that is no bucket's is a usage error; nothing is started."""
    result = run("local", "--bucket", "Not_A_Bucket", "--json")
    assert (result.code, json.loads(result.out)["error"]) == (2, "ConfigurationError")
