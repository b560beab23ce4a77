"""What every test shares: an environment without the developer's AWS settings, and repeatable examples."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,  # the same examples on every run: a red run is red again
    database=None,
    deadline=None,  # a busy machine must not turn into a failure
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")

# A shell's background jobs are started with Ctrl-C ignored, and so would be every child process of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_PREFIXES = ("AWS_", "SECURE_S3_")
# botocore reads the bundles and the proxies, ssl writes session keys where SSLKEYLOGFILE says.
_NAMES = {"SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}


def _forget_the_developer(patch: pytest.MonkeyPatch, nowhere: Path) -> None:
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in _NAMES:
            patch.delenv(name)
    patch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that does not exist, for the AWS configuration files that must not be found."""
    return tmp_path_factory.getbasetemp() / "no-such-folder"


@pytest.fixture(scope="session", autouse=True)
def _clean_session(nowhere: Path) -> Iterator[None]:
    """Session-wide fixtures start before those of a test, so they are shielded as well."""
    with pytest.MonkeyPatch.context() as patch:
        _forget_the_developer(patch, nowhere)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(nowhere: Path) -> Iterator[None]:
    """No test sees an AWS setting that it, or a fixture it asks for, did not make."""
    with pytest.MonkeyPatch.context() as patch:
        _forget_the_developer(patch, nowhere)
        yield


@pytest.fixture
def place(local_aws: Any) -> Iterator[object]:
    """One empty bucket, and a plain client to look at it with."""
    from tests.transfer.support import BUCKET, Place

    local_aws.create_bucket(BUCKET)
    with ExitStack() as stack:
        place = Place(local_aws, local_aws.session().client("s3"), stack)
        stack.callback(place.plain.close)
        yield place
