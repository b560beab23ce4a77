"""``secure-s3 presign get|put|post``: what is printed where, and what is refused. Nothing is sent."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from secure_s3.cli import presign_show
from secure_s3.presign import PresignedUrl, inspect
from secure_s3.profile import STANDARD

from .conftest import BUCKET, Run

Runner = Callable[..., Run]

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET = f"s3://{BUCKET}/reports/1.pdf"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "SESSION+TOKEN/=="
CUSTOMER_KEY = bytes(range(200, 232))
CUSTOMER_KEY_BASE64 = base64.b64encode(CUSTOMER_KEY).decode()


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("SECURE_S3_KMS_KEY_ARN", KEY_ARN)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """A file with an SSE-C key, whose name needs quoting."""
    path = tmp_path / "the key's"
    path.write_bytes(CUSTOMER_KEY)
    return str(path)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A file to upload."""
    path = tmp_path / "a b.png"
    path.write_bytes(b"12345")
    return str(path)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# -- what is printed where ------------------------------------------------------------------------------


def test_url_stands_alone_on_standard_output(run: Runner) -> None:
    """The URL is the only line on standard output; the method and the end are on standard error."""
    result = run("presign", "get", TARGET)
    assert result.code == 0
    assert result.out.count("\n") == 1
    found = inspect(result.out.strip())
    assert (found.bucket, found.key, found.expires_in) == (BUCKET, "reports/1.pdf", 300)
    assert result.err.startswith("GET until ")
    assert result.err.endswith(" (5 minutes)\n")


def test_options_of_get_are_in_the_url(run: Runner) -> None:
    """Version, name and type are parameters of the URL, the range is a header that is asked for."""
    result = run(
        *("presign", "get", TARGET, "--version-id", "V7", "--download-as", "Report 2026.pdf"),
        *("--content-type", "text/plain; charset=utf-8", "--range", "0-99", "--expires-in", "15m"),
    )
    told = query(result.out)
    assert told["versionId"] == "V7"
    assert told["response-content-disposition"] == 'attachment; filename="Report 2026.pdf"'
    assert told["response-content-type"] == "text/plain; charset=utf-8"
    assert told["X-Amz-Expires"] == "900"
    assert "\n  range: bytes=0-99\n" in result.err


def test_get_needs_no_key(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading is presigned where no KMS key is configured, writing is refused."""
    monkeypatch.delenv("SECURE_S3_KMS_KEY_ARN")
    assert run("presign", "get", TARGET).code == 0
    result = run("presign", "put", TARGET)
    assert (result.code, result.out) == (2, "")


def test_headers_of_put_are_told(run: Runner) -> None:
    """Everything that has to be sent with an upload stands on standard error."""
    result = run(
        *("presign", "put", TARGET, "--content-type", "application/pdf", "--content-length", "7"),
        *("--metadata", "owner=ops", "--metadata", "note=a=b", "--storage-class", "STANDARD_IA"),
        "--if-none-match",
    )
    assert result.out.count("\n") == 1
    told = dict(line.strip().split(": ", 1) for line in result.err.splitlines() if line.startswith("  "))
    assert told == {
        "content-type": "application/pdf",
        "content-length": "7",
        "if-none-match": "*",
        "x-amz-meta-owner": "ops",
        "x-amz-meta-note": "a=b",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": KEY_ARN,
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }
    assert set(inspect(result.out.strip()).signed_headers) == set(told)


def test_file_gives_length_type_and_checksum(run: Runner, picture: str) -> None:
    """With --file its length, type and SHA-256 are signed, and a prefix gets its name."""
    told = run("presign", "put", f"s3://{BUCKET}/p/", "--file", picture, "--json").json
    headers = told["required_headers"]
    assert (headers["content-length"], headers["content-type"]) == ("5", "image/png")
    assert headers["x-amz-checksum-sha256"] == "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U="
    assert inspect(told["url"]).key == "p/a b.png"
    told = run("presign", "put", TARGET, "--file", picture, "--content-type", "image/x", "--json").json
    assert told["required_headers"]["content-type"] == "image/x"


def test_form_is_listed(run: Runner) -> None:
    """A form is its URL and one line for each field; what to do with them stands on standard error."""
    result = run(
        *("presign", "post", TARGET, "--content-type", "application/pdf", "--min-bytes", "1"),
        *("--max-bytes", "9", "--success-status", "201", "--metadata", "owner=ops"),
    )
    first, *lines = result.out.splitlines()
    assert first == f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/"
    fields = dict(line.strip().split(": ", 1) for line in lines)
    assert fields["key"] == "reports/1.pdf"
    assert fields["success_action_status"] == "201"
    found = inspect({"url": first, "fields": fields})
    assert ["content-length-range", 1, 9] in found.conditions
    assert {"Content-Type": "application/pdf"} in found.conditions
    assert 'last the file, named "file"' in result.err


def test_form_for_a_prefix(run: Runner) -> None:
    """With --prefix the form takes any key below it, and any type that begins as said."""
    told = run(
        "presign", "post", f"s3://{BUCKET}/up/", "--prefix", "--content-type-prefix", "image/", "--json"
    ).json
    conditions = inspect(told).conditions
    assert told["fields"]["key"] == "up/${filename}"
    assert ["starts-with", "$key", "up/"] in conditions
    assert ["starts-with", "$Content-Type", "image/"] in conditions


@pytest.mark.parametrize("kind", ["get", "put", "post"])
def test_json_says_all(run: Runner, kind: str) -> None:
    """--json prints one document with everything, the command line as well if it is asked for."""
    result = run("presign", kind, TARGET, "--json", "--curl", "--expires-in", "90s")
    assert (result.code, result.err) == (0, "")
    told = result.json
    assert told["url"].startswith("https://")
    assert (told["expires_in"], told["clamped"]) == (90, False)
    assert told["expires_at"].endswith("+00:00")
    assert told["url"] in told["curl"]
    assert "curl" not in run("presign", kind, TARGET, "--json").json


# -- how long -------------------------------------------------------------------------------------------


def test_clamped_life_is_told(run: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """A life above the profile's ceiling is shortened and told so, once."""
    with caplog.at_level(logging.WARNING):
        result = run("presign", "get", TARGET, "--expires-in", "2h")
    assert "(1 hour)\nnot 2 hours as asked: the profile allows 1 hour\n" in result.err
    assert query(result.out)["X-Amz-Expires"] == "3600"
    assert caplog.records == []
    assert run("presign", "post", TARGET, "--expires-in", "2h", "--json").json["clamped"] is True


def test_ceiling_is_that_of_the_profile(run: Runner) -> None:
    """Another profile has another ceiling."""
    result = run("presign", "get", TARGET, "--expires-in", "1h", "--profile-name", "regulated")
    assert "not 1 hour as asked: the profile allows 15 minutes\n" in result.err


def test_end_of_the_credentials_is_told(run: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    """A life that the end of the credentials has cut short is told so."""
    url = run("presign", "get", TARGET, "--expires-in", "70").out.strip()
    made = PresignedUrl(url, "GET", {}, inspect(url).expires_at)
    presign_show.show(presign_show.Made(made, 300, STANDARD, None, None), as_json=False)
    assert "not 5 minutes as asked: the credentials end then\n" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["get", "put", "post"])
@pytest.mark.parametrize("life", ["0", "-5", "1.5h", "abc", "", "5w", " 5"])
def test_doubtful_life_is_a_usage_error(run: Runner, kind: str, life: str) -> None:
    """A life that is no whole number above zero, with its unit, ends with 2 and says how to write it."""
    result = run("presign", kind, TARGET, "--expires-in", life)
    assert (result.code, result.out) == (2, "")
    assert "is no length of time" in result.err
    assert "write e.g. 300, 90s, 15m, 2h or 1d" in result.err


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["get", "put", "post"])
@pytest.mark.parametrize(
    "target",
    [
        f"s3://{BUCKET}",
        f"s3://{BUCKET}/",
        f"s3://{BUCKET}/a/",
        "s3://",
        "s3:///k",
        "s3:/b/k",
        "reports/1.pdf",
        "",
        "https://b/k",
        "s3://UPPER/k",
        f"s3://{BUCKET}/a/../b",
        f"s3://{BUCKET}/{'k' * 1025}",
    ],
)
def test_target_that_is_no_object_is_a_usage_error(run: Runner, kind: str, target: str) -> None:
    """A bucket, a prefix, a malformed URL and a key that no URL can carry end with 2."""
    result = run("presign", kind, target)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")


@pytest.mark.parametrize(
    "argv",
    [
        ("get", TARGET, "--range", "9-5"),
        ("get", TARGET, "--range", "bytes"),
        ("get", TARGET, "--version-id", ""),
        ("get", TARGET, "--content-type", "a\nb"),
        ("get", TARGET, "--download-as", ""),
        ("get", TARGET, "--download-as", "a\nb"),
        ("put", TARGET, "--content-length", "1.5"),
        ("put", TARGET, "--content-length", "-1"),
        ("put", TARGET, "--content-length", str(6 << 30)),
        ("put", TARGET, "--file", "missing"),
        ("put", TARGET, "--file", "."),
        ("put", TARGET, "--metadata", "novalue"),
        ("put", TARGET, "--metadata", "a=1", "--metadata", "a=2"),
        ("put", TARGET, "--metadata", "a=1", "--metadata", "A=2"),
        ("put", TARGET, "--metadata", "a=ü"),
        ("put", TARGET, "--metadata", "a="),
        ("put", TARGET, "--content-type", "a\r\nx: y"),
        ("put", TARGET, "--storage-class", ""),
        ("put", TARGET, "--encryption", "client-side", "--raw-key-name", "k"),
        ("post", TARGET, "--min-bytes", "9", "--max-bytes", "5"),
        ("post", TARGET, "--max-bytes", "many"),
        ("post", TARGET, "--file", "missing"),
        ("post", TARGET, "--file", "missing", "--curl"),
        ("post", f"s3://{BUCKET}/", "--prefix"),
        ("post", TARGET, "--prefix", "--content-type-prefix", ""),
        ("post", f"{TARGET}\n", "--curl"),
    ],
)
def test_doubtful_arguments_are_usage_errors(
    run: Runner, argv: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An argument that cannot be meant ends with 2 and a text; nothing is presigned."""
    monkeypatch.chdir(tmp_path)
    result = run("presign", *argv)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")


@pytest.mark.parametrize("kind", ["get", "put", "post"])
def test_usage_error_is_json_where_json_is_asked_for(run: Runner, kind: str) -> None:
    """With --json an error is the one document on standard output."""
    result = run("presign", kind, TARGET, "--expires-in", "soon", "--json")
    assert (result.code, result.err) == (2, "")
    assert result.json["error"] == "ConfigurationError"


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("delete", TARGET),
        ("get",),
        ("get", TARGET, "--file", "x"),
        ("get", TARGET, "--exp", "5"),
        ("get", TARGET, "--expires-in"),
        ("put", TARGET, "--version-id", "x"),
        ("post", TARGET, "--content-type", "a/b", "--content-type-prefix", "a/"),
        ("post", TARGET, "--success-status", "202"),
        ("post", TARGET, "--content-length", "5"),
        ("inspect", "https://x", "--region", "x"),
    ],
)
def test_unknown_arguments_are_usage_errors(run: Runner, argv: tuple[str, ...]) -> None:
    """Missing and unknown commands and options, and options that exclude each other, end with 2."""
    result = run("presign", *argv)
    assert (result.code, result.out) == (2, "")
    assert "usage: secure-s3 " in result.err


def test_contradicting_lengths_are_refused(run: Runner, picture: str) -> None:
    """--file and --content-length exclude each other."""
    result = run("presign", "put", TARGET, "--file", picture, "--content-length", "5")
    assert (result.code, result.out) == (2, "")
    assert "exclude each other" in result.err


@pytest.mark.parametrize(
    "more", [("--max-bytes", "4"), ("--min-bytes", "6"), ("--content-type-prefix", "text/")]
)
def test_file_that_the_form_does_not_take_is_refused(
    run: Runner, picture: str, more: tuple[str, ...]
) -> None:
    """A file of another size or type than the form takes is refused before it is presigned or printed."""
    result = run("presign", "post", TARGET, "--curl", "--file", picture, *more)
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize("kind", ["put", "post"])
def test_uploads_under_client_side_encryption_are_refused(run: Runner, kind: str, key_file: str) -> None:
    """An upload that would store its content as it is is refused; a download says that it is encrypted."""
    result = run("presign", kind, TARGET, "--raw-key-file", key_file, "--raw-key-name", "k")
    assert (result.code, result.out) == (2, "")
    result = run("presign", "get", TARGET, "--raw-key-file", key_file, "--raw-key-name", "k")
    assert (result.code, "encrypted bytes" in result.err) == (0, True)


def test_form_under_sse_c_is_refused(run: Runner, key_file: str) -> None:
    """A form under SSE-C would give the key away."""
    result = run("presign", "post", TARGET, "--sse-c-key-file", key_file)
    assert (result.code, result.out) == (2, "")


def test_no_credentials_is_a_usage_error(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing can be presigned."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = run("presign", "get", TARGET)
    assert (result.code, result.out) == (2, "")


# -- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["get", "put"])
@pytest.mark.parametrize("more", [(), ("--json",), ("--curl",), ("--curl", "--json")])
def test_customer_key_is_never_printed(run: Runner, kind: str, more: tuple[str, ...], key_file: str) -> None:
    """An SSE-C key is in no output; the file that holds it is named instead."""
    result = run("presign", kind, TARGET, "--sse-c-key-file", key_file, *more)
    assert result.code == 0
    said = result.out + result.err
    for secret in (CUSTOMER_KEY_BASE64, CUSTOMER_KEY.hex(), repr(CUSTOMER_KEY), SECRET):
        assert secret not in said
    if more != ("--curl",):
        assert f"(the Base64 of the 32 bytes in {key_file})" in said
    if "--curl" in more:
        assert "base64 < '" in said


def test_customer_key_file_of_the_environment_is_named(
    run: Runner, key_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key file that a variable names is told like one that an option names."""
    monkeypatch.setenv("SECURE_S3_ENCRYPTION", "sse-c")
    monkeypatch.setenv("SECURE_S3_SSE_C_KEY_FILE", key_file)
    assert f"32 bytes in {key_file}" in run("presign", "get", TARGET).err


@pytest.mark.parametrize("kind", ["get", "put"])
def test_session_token_is_in_the_url_alone(run: Runner, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session token is nowhere but in the URL, and the secret key is nowhere."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    for more in ((), ("--json",), ("--debug",)):
        result = run("presign", kind, TARGET, *more)
        url = json.loads(result.out)["url"] if more == ("--json",) else result.out.strip()
        assert query(url)["X-Amz-Security-Token"] == TOKEN
        rest = (result.out + result.err).replace(url, "")
        assert "SESSION" not in rest
        assert SECRET not in result.out + result.err


def test_terminal_is_not_commanded(run: Runner, tmp_path: Path) -> None:
    """Control characters and line breaks of names are shown as question marks, or quoted in a command."""
    path = tmp_path / "a\x1b[2J\nb.png"
    path.write_bytes(b"x")
    for argv in (
        ("put", f"s3://{BUCKET}/p/", "--file", str(path)),
        ("put", f"s3://{BUCKET}/p/", "--file", str(path), "--curl"),
        ("post", f"s3://{BUCKET}/a\x1b[2J\nkey: other"),
        ("post", f"s3://{BUCKET}/a\x1b[2J\nb", "--curl", "--file", str(path)),
        ("get", f"s3://{BUCKET}/a\x1b[2J\nb\x1b", "--curl"),
    ):
        result = run("presign", *argv)
        assert result.code == 0
        assert (result.out + result.err).replace("\n", "").isprintable()
        assert "--curl" not in argv or result.out.count("\n") == 1


# -- command lines --------------------------------------------------------------------------------------


def test_command_line_speaks_the_tls_of_the_profile(run: Runner, tmp_path: Path) -> None:
    """The command speaks https alone, no older TLS than the profile, and believes the configured CA."""
    out = run("presign", "get", TARGET, "--curl").out
    assert " --proto '=https' --tlsv1.2 " in out
    assert "--cacert" not in out
    out = run("presign", "get", TARGET, "--curl", "--min-tls", "1.3").out
    assert " --tlsv1.3 " in out


@pytest.mark.parametrize(
    ("target", "more", "name"),
    [
        ("a/b.pdf", (), "b.pdf"),
        ("a/-", (), "./-"),
        ("a/-rf", (), "./-rf"),
        ("a/.bashrc", (), "bashrc"),
        ("a/b.pdf", ("--download-as", "../../etc/cron d"), "'cron d'"),
        ("a/b.pdf", ("--download-as", "c\\..\\d"), "d"),
        ("a/$(id)`x`", (), "'_(id)_x_'"),
        ("a/\x1b.", (), "file"),
    ],
)
def test_name_of_the_download_is_safe(run: Runner, target: str, more: tuple[str, ...], name: str) -> None:
    """The file gets the last part of the key or of the name: no folder, no option, nothing hidden."""
    result = run("presign", "get", f"s3://{BUCKET}/{target}", "--curl", *more)
    assert result.code == 0
    assert f" --output {name} --url " in result.out


def test_command_line_without_a_file_says_what_it_reads(run: Runner) -> None:
    """Without --file the command reads standard input, and standard error says so."""
    result = run("presign", "put", TARGET, "--curl", "--content-length", "7")
    assert " --data-binary @- " in result.out
    assert "exactly 7 bytes, from standard input" in result.err
    assert "content-length" not in result.out.partition("?")[0].lower()


# -- help -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["get", "put", "post", "inspect"])
def test_every_command_has_help_with_examples(run: Runner, name: str) -> None:
    """Each --help has examples, --json and --debug."""
    result = run("presign", name, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"secure-s3 presign {name} " in result.out.partition("examples:")[2]
    assert "--json" in result.out
    assert "--debug" in result.out


def test_help_lists_the_commands(run: Runner) -> None:
    """presign --help names its commands."""
    out = run("presign", "--help").out
    assert all(f"\n    {name} " in out for name in ("get", "put", "post", "inspect"))
    assert os.linesep * 3 not in out
