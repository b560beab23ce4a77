"""``secure-s3 logs``: requests are found, told of, and counted."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from secure_s3.cli.logs import _time
from secure_s3.local import LocalAws
from tests.monitoring.lines import ARN, DENIED, PLAIN, line
from tests.monitoring.test_reading import NOON, SIGNATURE
from tests.monitoring.test_trail import EVENT, UPLOAD, page

from .conftest import Run

Command = Callable[..., Run]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with success, a refusal, plain HTTP, a hostile agent and a line that is none."""
    hostile = line(**DENIED, agent="\x1b[31mred", key="%1B[31m", request_id="HOSTILE")
    texts = [line(), line(**DENIED), line(**PLAIN, requester="-"), hostile, "nonsense"]
    path = tmp_path / "access.log"
    path.write_text("\n".join(texts) + "\n")
    return path


def test_requests_are_listed(run: Command, log: Path) -> None:
    """Each request is a line; what is no line is counted on standard error, and nothing steers a terminal."""
    result = run("logs", log)
    assert (result.code, len(result.out.splitlines())) == (0, 4)
    assert result.out.splitlines()[1] == (
        "2026-03-01T12:00:00+00:00  403 AccessDenied  REST.GET.OBJECT  amzn-s3-demo-bucket/photos/a b.jpg  "
        f"{ARN}  192.0.2.3  TLS 1.3"
    )
    assert "plain HTTP" in result.out.splitlines()[2]
    assert "\x1b" not in result.out
    assert result.err == "1 malformed line was left out\n"


def test_json_is_one_document_a_line(run: Command, log: Path) -> None:
    """--json prints each record alone, with what the line tells."""
    told = [json.loads(each) for each in run("logs", log, "--status", "403", "--json").out.splitlines()]
    assert [each["error_code"] for each in told] == ["AccessDenied", "AccessDenied"]
    assert told[0]["tls_version"] == "1.3"


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ([], 4),
        (["--status", "403"], 2),
        (["--status", "4xx", "--status", "200"], 4),
        (["--plain-http"], 1),
        (["--tls-below", "1.3"], 1),
        (["--requester", "anonymous"], 1),
        (["--requester", "arn:*:assumed-role/uploader/*"], 3),
        (["--operation", "GetObject", "--key-prefix", "photos/a b"], 3),
        (["--error-code", "Access*", "--request-id", "HOSTILE"], 1),
        (["--since", "2026-03-02"], 0),
        (["--since", "2026-03-01T12:00Z", "--until", "2026-03-01T14:00:01+02:00"], 4),
        (["--since", "2h"], 0),
        (["--address", "192.0.2.0/24", "--auth-type", "header", "--bucket", "amzn-*"], 4),
        (["--denials"], 2),
        (["--limit", "1"], 1),
    ],
)
def test_options_are_filters(run: Command, log: Path, options: list[str], number: int) -> None:
    """Options choose requests; --fail-on-match makes a gate of them."""
    result = run("logs", log, "--count", "--fail-on-match", *options)
    assert (result.code, result.out) == (int(number > 0), f"{number}\n")


def test_the_most_frequent(run: Command, log: Path) -> None:
    """--top counts the values of a field; in JSON all of them."""
    result = run("logs", log, "--top", "status")
    assert [each.split() for each in result.out.splitlines()] == [
        ["count", "status"],
        ["2", "200"],
        ["2", "403"],
    ]
    assert run("logs", log, "--top", "requester").out.splitlines()[2].split() == ["1", "anonymous"]
    assert run("logs", log, "--top", "cause", "--denials").out.splitlines()[1].split(None, 1)[1] == (
        "no reason given"
    )
    assert run("logs", log, "--denials").out.splitlines()[0].endswith("  no reason given")
    told = run("logs", log, "--top", "cause", "--denials", "--json")
    assert json.loads(told.out) == {"cause": "opaque", "count": 2}


WHOLE = gzip.compress(line().encode() + b"\n" + bytes(200_000), mtime=0)


@pytest.mark.parametrize(
    ("content", "options", "code", "said"),
    [
        (
            b"no record\nnor here\n",
            (),
            1,
            "no line of {} is an access log record (a CloudTrail file? --trail)",
        ),
        (b"no record\n", ("--status", "403", "--fail-on-match"), 1, "no line of {} is an access log record"),
        (b"\x93\x00\n\xff" * 9, ("--since", "2h"), 1, "no line of {} is an access log record"),
        (line().encode(), ("--trail",), 1, "nothing in {} is an event of CloudTrail (an access log?"),
        (gzip.compress(line().encode(), mtime=0)[:9], (), 1, "{} is damaged (EOFError)"),
        (WHOLE[:-9], ("--key-prefix", "none/"), 0, "{} is damaged"),
        (WHOLE[:-9], ("--key-prefix", "none/", "--fail-on-match"), 1, "{} is damaged"),
        (line().encode(), ("--status", "500", "--fail-on-match"), 0, ""),
        (b'{"Records": []}', ("--trail", "--fail-on-match"), 0, ""),
        (b"\n\n", ("--fail-on-match",), 0, ""),
    ],
)
def test_what_is_no_log(
    run: Command, tmp_path: Path, content: bytes, options: tuple[str, ...], code: int, said: str
) -> None:
    """A file without a record is no success; a damaged one passes no gate, for what is missing may match."""
    path = tmp_path / "file"
    path.write_bytes(content)
    result = run("logs", path, *options)
    assert result.code == code
    assert said.format(path) in result.err if said else result.err == ""


def test_other_files_in_between(run: Command, log: Path, tmp_path: Path) -> None:
    """Beside logs, files that are none are named, up to some, and change nothing."""
    for number in range(7):
        (tmp_path / f"notes-{number}").write_text("hello\n")
    result = run("logs", tmp_path, "--count")
    assert (result.code, result.out) == (0, "4\n")
    assert result.err.count("no line of") == 5
    assert "and 2 more files like these" in result.err


def test_standard_input_and_several(
    run: Command, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """- is standard input; folders and compressed files go together with it."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.gz").write_bytes(gzip.compress(line(request_id="X1").encode()))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(log.read_bytes())))
    result = run("logs", "-", tmp_path / "more", "--count", "--json")
    assert json.loads(result.out) == {"count": 5}


def test_trails_are_read(run: Command, tmp_path: Path) -> None:
    """--trail reads CloudTrail's files: by encryption, and refusals with their cause."""
    path = tmp_path / "trail.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"Records": [EVENT, UPLOAD]}).encode()))
    found = run("logs", path, "--trail", "--encrypted-with", "SSE_C").out
    assert "PutObject  amzn-s3-demo-bucket/in/a b.csv" in found
    assert "SSE_C" in found
    (told,) = (
        json.loads(each) for each in run("logs", path, "--trail", "--denials", "--json").out.splitlines()
    )
    assert (told["name"], told["denial"]["cause"]) == ("GetBucketPolicy", "bucket_policy")


def test_logs_of_a_bucket(run: Command, local_aws: LocalAws, bucket: str) -> None:
    """s3:// reads what is delivered there, and a refusal is explained with the bucket's policy."""
    plain = local_aws.session().client("s3")
    deny = {
        "Sid": "OldTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.3"}},
    }
    text = f"{line(**DENIED, tls='TLSv1.2')}\n{line()}\n{line(**DENIED, tls='TLSv1.2', request_id='AGAIN')}\n"
    plain.put_object(Bucket=bucket, Key="logs/2026-03-01-13-00-00-0123456789ABCDEF", Body=text)
    plain.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    plain.close()
    counted = run("logs", f"s3://{bucket}/logs/", "--since", "2026-03-01", "--count", "--status", "403")
    assert counted.out == "2\n"
    told = run("logs", f"s3://{bucket}/logs/", "--explain").out
    assert told.count("OldTls") == 1
    assert "policy says 1.3; request has 1.2" in told


def test_cloudtrail_is_asked(run: Command, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """--cloudtrail lists the refused management calls of a bucket."""
    answers = iter([page(EVENT, UPLOAD)])
    asked = SimpleNamespace(lookup_events=lambda **_: next(answers), close=lambda: None)
    monkeypatch.setattr("secure_s3.monitoring.monitor.reader", lambda *_: asked)
    result = run("logs", "--cloudtrail", bucket)
    assert result.out.endswith("198.51.100.7  TLS 1.3  bucket_policy\n")
    assert len(result.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        ([], "nothing says what to read"),
        (["a", "--cloudtrail", "b"], "PATH and --cloudtrail are two"),
        (["-", "-"], "standard input can be read once"),
        (["nothing.log"], "there is no such file"),
        (["LOG", "--limit", "0"], "--limit 0"),
        (["LOG", "--since", "yesterday"], "'yesterday' is no time"),
        (["LOG", "--since", "2026-03-02", "--until", "2026-03-01"], "since is not before until"),
        (["LOG", "--status", "denied"], "status='denied' can match nothing"),
        (["LOG", "--encrypted-with", "SSE_C"], "do not tell how an object was encrypted"),
        (["LOG", "--top", "colour"], "there is no field 'colour'"),
        (["LOG", "--top", "denial"], "there is no field 'denial'"),
        (["LOG", "--trail", "--status", "403"], "does not tell a status"),
        (["s3://x"], "is not a bucket name"),
    ],
)
def test_misuse(run: Command, log: Path, argv: list[str], what: str) -> None:
    """What cannot be meant is a usage error that says why."""
    result = run("logs", *(str(log) if each == "LOG" else each for each in argv))
    assert result.code == 2
    assert what in result.err


def test_no_secret_is_printed(run: Command, tmp_path: Path) -> None:
    """Signatures of presigned URLs are printed in no form."""
    path = tmp_path / "a.log"
    path.write_text(line(**DENIED, uri=f"GET /a?X-Amz-Signature={SIGNATURE} HTTP/1.1"))
    for options in ([], ["--json"], ["--top", "uri"], ["--denials", "--json"]):
        assert SIGNATURE not in run("logs", path, *options).out


def test_times() -> None:
    """A time without a zone is UTC, and a length of time ends now."""
    assert _time("2026-03-01T12:00", NOON) == NOON
    assert _time("60m", NOON) == _time("2026-03-01T11:00:00Z", NOON)
    assert _time(None, NOON) is None
