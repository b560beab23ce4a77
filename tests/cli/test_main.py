"""The command line as a whole: help, exit codes, errors."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import secure_s3
from secure_s3 import errors
from secure_s3.cli import demo, exits, main, output, tls
from secure_s3.cli.exits import code_for
from secure_s3.transfer.results import BatchResult, FileResult

from .conftest import Run

ROOT = Path(secure_s3.__file__).parents[1]


def subcommands() -> dict[str, argparse.ArgumentParser]:
    actions = main.build_parser()._actions
    return dict(next(a.choices for a in actions if isinstance(a, argparse._SubParsersAction)))


def test_no_command_prints_help(run: Callable[..., Run]) -> None:
    """Without arguments there is the help, on standard error, and exit code 2."""
    result = run()
    assert (result.code, result.out) == (2, "")
    assert "COMMAND" in result.err


def test_version(run: Callable[..., Run]) -> None:
    """--version prints the package's version."""
    assert run("--version") == Run(0, f"secure-s3 {secure_s3.__version__}\n", "")


@pytest.mark.parametrize(
    "argv", [["nothing"], ["cp"], ["cp", "a"], ["tls"], ["--nothing"], ["cp", "a", "b", "--enc", "x"]]
)
def test_wrong_arguments_are_usage_errors(run: Callable[..., Run], argv: list[str]) -> None:
    """Unknown commands and options, abbreviated ones, and missing arguments end with exit code 2."""
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert "usage:" in result.err


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_command_has_help_with_an_example(run: Callable[..., Run], name: str) -> None:
    """Each --help says what the command does and shows an example of it; each takes --json and --debug."""
    result = run(name, "--help")
    assert result.code == 0
    assert f"  secure-s3 {name}" in result.out.partition("example")[2]
    assert "--json" in result.out
    assert "--debug" in result.out


def test_help_works_without_extras() -> None:
    """--help of the program and its commands needs neither rich nor moto nor trustme."""
    code = (
        "import sys\n"
        "for name in ('rich', 'moto', 'trustme', 'flask', 'werkzeug'): sys.modules[name] = None\n"
        "from secure_s3.cli.main import main\n"
        "sys.exit(max(main(argv) for argv in (['--help'], ['demo', '--help'], ['cp', '--help'])))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_module_is_the_command() -> None:
    """``python -m secure_s3`` is the command line, exit codes included."""
    done = subprocess.run([sys.executable, "-m", "secure_s3"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: secure-s3")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.InsecureTransport("x"), 2),
        (errors.NotAllowedByProfile("x"), 2),
        (errors.LocalEndpointError("x"), 2),
        (errors.AccessDenied("x", status=403), 3),
        (errors.KeyUnavailable("x", status=400), 3),
        (errors.ServiceError("x", status=401), 3),
        (errors.IntegrityError("x"), 4),
        (errors.EncryptionNotConfirmed("x"), 4),
        (errors.ChecksumMismatch("x"), 4),
        (errors.TransportError("x"), 5),
        (errors.TlsError("x"), 5),
        (errors.Throttled("x", status=503), 5),
        (errors.NotFound("x", status=404), 1),
        (errors.PreconditionFailed("x", status=412), 1),
        (errors.InvalidRequest("x", status=400), 1),
        (errors.TransferError("x"), 1),
        (errors.DestinationError("x"), 1),
        (errors.BatchFailed("x"), 1),
        (errors.SecureS3Error("x"), 1),
    ],
)
def test_errors_have_their_exit_codes(error: errors.SecureS3Error, code: int) -> None:
    """Each kind of error ends with its code."""
    assert code_for(error) == code


def test_every_error_has_an_exit_code() -> None:
    """No error of the tree ends with 0 or a code that is not documented."""
    known = {exits.FINDINGS, exits.USAGE, exits.DENIED, exits.INTEGRITY, exits.TRANSPORT}
    assert {code_for(getattr(errors, name)("x")) for name in errors.__all__} <= known


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["NotFound", "TransportError", "AccessDenied", "ChecksumMismatch"], 4),
        (["NotFound", "TransportError", "AccessDenied"], 3),
        (["NotFound", "TransportError"], 5),
        (["NotFound", "ConfigurationError"], 2),
        (["NotFound"], 1),
        ([], 1),
    ],
)
def test_batch_has_the_code_of_its_gravest_failure(kinds: list[str], code: int) -> None:
    """The exit code of a batch is that of the gravest error in it."""
    batch = errors.BatchFailed("x")
    files = [FileResult(kind, "b", kind, "failed", error=getattr(errors, kind)("x")) for kind in kinds]
    batch.results = BatchResult(files)
    assert code_for(batch) == code


def failing(monkeypatch: Any, error: BaseException) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("secure_s3.guard.probe.probe_tls", fail)


def test_error_is_told_without_traceback(run: Callable[..., Run], monkeypatch: Any) -> None:
    """An error goes to standard error as what, why and fix; control characters in it are not obeyed."""
    failing(monkeypatch, errors.TlsError("it failed \x1b[2J", why="so", fix="mend it"))
    result = run("tls", "https://x")
    assert result == Run(5, "", "error: it failed ?[2J\n  why: so\n  fix: mend it\n")


def test_error_is_json_where_json_is_asked_for(run: Callable[..., Run], monkeypatch: Any) -> None:
    """With --json an error is the document on standard output."""
    failing(monkeypatch, errors.TlsError("it failed", why="so", fix="mend it"))
    result = run("tls", "https://x", "--json")
    assert (result.code, result.err) == (5, "")
    assert result.json == {"error": "TlsError", "what": "it failed", "why": "so", "fix": "mend it"}


def test_debug_shows_the_traceback(run: Callable[..., Run], monkeypatch: Any) -> None:
    """--debug adds the traceback, on standard error."""
    failing(monkeypatch, errors.TlsError("it failed"))
    result = run("tls", "https://x", "--debug")
    assert "Traceback" in result.err
    assert result.out == ""


def test_ctrl_c_is_130(run: Callable[..., Run], monkeypatch: Any) -> None:
    """Ctrl-C ends with 130 and one line."""
    failing(monkeypatch, KeyboardInterrupt())
    assert run("tls", "https://x") == Run(130, "", "interrupted\n")


def test_fault_of_the_program_is_not_hidden(run: Callable[..., Run], monkeypatch: Any) -> None:
    """What is no error of ours and none of the system's is raised as it is."""
    failing(monkeypatch, ZeroDivisionError("bug"))
    with pytest.raises(ZeroDivisionError):
        run("tls", "https://x")


def test_error_of_the_system_is_one_line(run: Callable[..., Run], monkeypatch: Any) -> None:
    """An error of the operating system ends with 1 and its text."""
    failing(monkeypatch, OSError(28, "No space left on device"))
    assert run("tls", "https://x") == Run(1, "", "error: No space left on device\n")


def test_plain_table_is_aligned(capsys: Any) -> None:
    """Off a terminal a table is plain text: numbers to the right, no control characters."""
    output.print_table(("name", "n"), [("a\x1b[31m", 5), ("long name", 1000)])
    assert capsys.readouterr().out == "name          n\na?[31m        5\nlong name  1000\n"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB"), (1 << 52, "4096.0 TiB")],
)
def test_sizes_are_readable(count: int, text: str) -> None:
    """Sizes are told in binary units."""
    assert output.size(count) == text


# -- demo, tls -----------------------------------------------------------------------------------------


def test_demo_holds(run: Callable[..., Run]) -> None:
    """The demo sends and reads back every file with every strategy, and is refused where it should be."""
    result = run("demo", "--json")
    told = result.json
    assert (result.code, told["held"]) == (0, True)
    rounds = {item["strategy"]: item for item in told["rounds"]}
    assert {name: item["reported"] for name, item in rounds.items()} == {
        "sse-kms": "aws:kms",
        "dsse-kms": "aws:kms:dsse",
        "sse-s3": "AES256",
        "client-side": "ciphertext, aws:kms",
        "sse-c": "SSE-C",
    }
    assert all(item["hashes_equal"] and item["files"] > 50 for item in rounds.values())
    assert [item["error"] for item in told["refusals"]] == [
        "InsecureTransport",
        "InvalidRequest",
        "AccessDenied",
        "ContextMismatch",
        "DowngradeError",
        "EncryptionConflict",
    ]
    assert told["tls"]["accepted"]


def test_demo_that_does_not_hold_says_so(run: Callable[..., Run], monkeypatch: Any) -> None:
    """If something is not refused or a hash differs, the table says NO and the exit code is 1."""
    monkeypatch.setattr(demo, "_refused", lambda what, attempt: demo.Refusal(what, "", "it worked"))
    strategies = [secure_s3.SseS3(), secure_s3.SseC.generate()]
    monkeypatch.setattr(demo, "_strategies", lambda aws: strategies)
    monkeypatch.setattr(demo, "_sha256", lambda path: str(path))
    result = run("demo")
    assert result.code == 1
    assert "NOT everything held" in result.out
    assert "REFUSALS ARE MISSING" in result.out
    assert " NO\n" in result.out


@pytest.mark.parametrize("command", [["demo"], ["local"]])
def test_missing_extra_is_told(run: Callable[..., Run], monkeypatch: Any, command: list[str]) -> None:
    """Without the extra the commands end with 2 and say what to install."""

    def missing() -> None:
        raise errors.LocalEndpointError("missing", fix="pip install 'secure-s3[local]'")

    monkeypatch.setattr("secure_s3.local.endpoint.require_extra", missing)
    result = run(*command)
    assert result.code == 2
    assert "pip install 'secure-s3[local]'" in result.err


def test_tls_of_a_good_endpoint(run: Callable[..., Run], local_aws: Any) -> None:
    """An endpoint that the guard accepts ends with 0, as a table and as JSON."""
    where = [local_aws.endpoint_url, "--ca-bundle", local_aws.ca_bundle]
    result = run("tls", *where)
    assert result.code == 0
    assert "TLS 1.3" in result.out
    assert "yes" in result.out.splitlines()[-1]
    told = run("tls", *where, "--json").json
    assert told["accepted"] is True


def test_tls_of_an_untrusted_endpoint(run: Callable[..., Run], local_aws: Any) -> None:
    """A certificate nobody vouches for ends with 5 and the reason; https:// may be left out."""
    result = run("tls", local_aws.endpoint_url.removeprefix("https://"))
    assert result.code == 5
    assert "not verified" in result.out


def test_tls_takes_the_bundle_from_the_environment(
    run: Callable[..., Run], local_aws: Any, monkeypatch: Any
) -> None:
    """SECURE_S3_CA_BUNDLE is used where no option says otherwise."""
    monkeypatch.setenv("SECURE_S3_CA_BUNDLE", local_aws.ca_bundle)
    assert run("tls", local_aws.endpoint_url).code == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1", "ftp://x", "https://", ""])
def test_tls_of_no_https_url_is_a_usage_error(run: Callable[..., Run], url: str) -> None:
    """What is no https URL ends with 2."""
    assert run("tls", url).code == 2


def test_tls_where_nobody_answers(run: Callable[..., Run]) -> None:
    """A closed port ends with 5 and, with --json, one document."""
    result = run("tls", "https://127.0.0.1:1", "--json", "--timeout", "2")
    assert (result.code, json.loads(result.out)["error"]) == (5, "TransportError")
    assert tls.TRANSPORT == 5
