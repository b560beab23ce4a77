"""The command lines of ``secure-s3 presign --curl``, run by a shell against the embedded endpoint."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_s3.local import LocalAws

from .conftest import BUCKET, Run

Runner = Callable[..., Run]
Shell = Callable[..., "subprocess.CompletedProcess[bytes]"]

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

CONTENT = bytes(range(256)) * 20 + b"\r\n\0--\n"
CUSTOMER_KEY = bytes(range(200, 232))
STRATEGIES = ("sse-s3", "sse-kms", "sse-c")
KEYS = (
    "plain.txt",
    "a b  c",
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "line\nbreak",
    "\ttab\x1b[2J",
    "naïve 日本 \U0001f600.txt",
    "[1].txt",
    "{a,b}-[1-3].txt",
    "a+b=c&d?e#f;g|h>i",
    "100%25%41%.txt",
    "back\\slash\\n",
    "-o",
    "~/x",
    "!bang *",
    "a//b",
    "@file",
    "a;type=text/html",
)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Run a line in a shell, in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def command(line: str, given: bytes = b"", *, name: str = "sh") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([name, "-c", line], input=given, capture_output=True, timeout=60, cwd=folder)

    return command


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with an SSE-C key, whose name needs quoting."""
    path = tmp_path / "the $key's"
    path.write_bytes(CUSTOMER_KEY)
    return path


@pytest.fixture
def under(bucket: str, key_file: Path, local_aws: LocalAws) -> Callable[[str], list[str]]:
    """The options that choose a strategy on the embedded endpoint."""

    def options(strategy: str) -> list[str]:
        more = ["--sse-c-key-file", str(key_file)] if strategy == "sse-c" else []
        return ["--encryption", strategy, *more]

    return options


@pytest.fixture
def s3(local_aws: LocalAws, bucket: str) -> Iterator[Any]:
    """A plain boto3 client."""
    client: Any = local_aws.session().client("s3")
    yield client
    client.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to upload, whose name needs quoting for a shell and for curl."""
    path = tmp_path / 'a, "b"; [1] {x}\\ $y.png'
    path.write_bytes(CONTENT)
    return path


def stored(s3: Any, key: str, strategy: str, local_aws: LocalAws) -> Any:
    """The object's answer; its encryption must be that of the strategy."""
    customer: dict[str, Any] = {}
    if strategy == "sse-c":
        customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER_KEY}
    answer = s3.get_object(Bucket=BUCKET, Key=key, **customer)
    told = (
        answer.get("ServerSideEncryption"),
        answer.get("SSEKMSKeyId"),
        answer.get("SSECustomerAlgorithm"),
    )
    assert (
        told
        == {
            "sse-s3": ("AES256", None, None),
            "sse-kms": ("aws:kms", local_aws.kms_key_arn, None),
            "sse-c": (None, None, "AES256"),
        }[strategy]
    )
    return answer


def keys_of(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


# -- it works -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_file_arrives_and_comes_back(
    run: Runner, shell: Shell, under: Any, s3: Any, source: Path, local_aws: LocalAws, strategy: str
) -> None:
    """A file is stored as configured by one command, and another brings the same bytes back."""
    target = f"s3://{BUCKET}/dir/photo 1.png"
    line = run(
        "presign", "put", target, "--curl", "--file", source, "--metadata", "a=it's $x", *under(strategy)
    )
    done = shell(line.out)
    assert done.returncode == 0, done.stderr
    answer = stored(s3, "dir/photo 1.png", strategy, local_aws)
    assert answer["Body"].read() == CONTENT
    assert (answer["ContentType"], answer["Metadata"]) == ("image/png", {"a": "it's $x"})
    line = run("presign", "get", target, "--curl", *under(strategy))
    done = shell(line.out)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert Path("photo 1.png").read_bytes() == CONTENT


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("content", [b"", CONTENT, os.urandom(1 << 21)], ids=["empty", "small", "large"])
def test_standard_input_arrives(
    run: Runner, shell: Shell, under: Any, s3: Any, local_aws: LocalAws, strategy: str, content: bytes
) -> None:
    """Without --file the command stores its standard input, byte for byte, with its length and no type."""
    line = run("presign", "put", f"s3://{BUCKET}/k", "--curl", *under(strategy))
    done = shell(line.out, content)
    assert done.returncode == 0, done.stderr
    answer = stored(s3, "k", strategy, local_aws)
    assert answer["Body"].read() == content
    assert answer["ContentType"] == "binary/octet-stream"


@pytest.mark.parametrize(("kind", "strategy"), [("put", "sse-kms"), ("put", "sse-c"), ("post", "sse-kms")])
def test_file_can_be_appended(
    run: Runner, shell: Shell, under: Any, s3: Any, local_aws: LocalAws, kind: str, strategy: str
) -> None:
    """The file that is appended as ``< FILE`` is what the command stores, whatever else is at hand."""
    Path("my file").write_bytes(CONTENT)
    line = run("presign", kind, f"s3://{BUCKET}/k", "--curl", *under(strategy)).out
    done = shell(f"{line.rstrip()} < 'my file'", b"not this")
    assert done.returncode == 0, done.stderr
    assert stored(s3, "k", strategy, local_aws)["Body"].read() == CONTENT


@pytest.mark.parametrize("strategy", ["sse-s3", "sse-kms"])
@pytest.mark.parametrize("from_file", [True, False])
def test_form_arrives(
    run: Runner,
    shell: Shell,
    under: Any,
    s3: Any,
    source: Path,
    local_aws: LocalAws,
    strategy: str,
    from_file: bool,
) -> None:
    """A form stores a file, or standard input, as configured."""
    line = run(
        *(
            "presign",
            "post",
            f"s3://{BUCKET}/f",
            "--curl",
            "--max-bytes",
            "9999",
            "--content-type",
            "image/x",
        ),
        *("--metadata", "a=it's; type=$x", "--success-status", "201", *under(strategy)),
        *(("--file", source) if from_file else ()),
    )
    done = shell(line.out, b"" if from_file else CONTENT)
    assert done.returncode == 0, done.stderr
    assert b"<Key>f</Key>" in done.stdout
    answer = stored(s3, "f", strategy, local_aws)
    assert answer["Body"].read() == CONTENT
    assert (answer["ContentType"], answer["Metadata"]) == ("image/x", {"a": "it's; type=$x"})


def test_form_for_a_prefix_arrives(run: Runner, shell: Shell, s3: Any, source: Path) -> None:
    """A form for a prefix takes the name of the file made safe, and a type that it allows."""
    where = ("presign", "post", f"s3://{BUCKET}/up/", "--prefix", "--curl", "--content-type-prefix", "image/")
    done = shell(run(*where, "--file", source).out)
    assert done.returncode == 0, done.stderr
    line = run(*where)
    assert "Content-Type=image/: put the file's own in" in line.err
    assert "filename=file completes the key" in line.err
    done = shell(line.out, CONTENT)
    assert done.returncode == 0, done.stderr
    assert keys_of(s3) == ["up/_y.png", "up/file"]
    assert s3.head_object(Bucket=BUCKET, Key="up/file")["ContentType"] == "image/"


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_any_key_can_be_used(run: Runner, shell: Shell, s3: Any, source: Path, key: str) -> None:
    """Whatever a key holds, all commands lead to exactly that object, and create one file."""
    target = f"s3://{BUCKET}/{key}"
    for argv, given in (
        (("put", target, "--curl", "--file", source), b""),
        (("post", target, "--curl"), CONTENT),
    ):
        line = run("presign", *argv)
        assert (line.code, line.out.count("\n")) == (0, 1)
        done = shell(line.out, given)
        assert done.returncode == 0, done.stderr
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == CONTENT
        s3.delete_object(Bucket=BUCKET, Key=key)
    s3.put_object(Bucket=BUCKET, Key=key, Body=CONTENT)
    done = shell(run("presign", "get", target, "--curl").out)
    assert done.returncode == 0, done.stderr
    (file,) = Path().iterdir()
    assert file.read_bytes() == CONTENT


def test_range_and_name_are_kept(run: Runner, shell: Shell, s3: Any) -> None:
    """A part of an object comes back under the name that was given."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=CONTENT)
    line = run(
        "presign", "get", f"s3://{BUCKET}/k", "--curl", "--range", "1-3", "--download-as", "x/the part"
    )
    assert shell(line.out).returncode == 0
    assert Path("the part").read_bytes() == CONTENT[1:4]


def test_empty_object_comes_back(run: Runner, shell: Shell, s3: Any) -> None:
    """An empty object becomes an empty file."""
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    assert shell(run("presign", "get", f"s3://{BUCKET}/empty", "--curl").out).returncode == 0
    assert Path("empty").read_bytes() == b""


@pytest.mark.parametrize("name", ["dash", "bash", "zsh", "ksh"])
def test_every_shell_understands_it(
    run: Runner, shell: Shell, under: Any, s3: Any, source: Path, local_aws: LocalAws, name: str
) -> None:
    """The most intricate commands work in every POSIX shell that is installed."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    target = f"s3://{BUCKET}/it's $a\nb"
    done = shell(run("presign", "put", target, "--curl", *under("sse-c")).out, CONTENT, name=name)
    assert done.returncode == 0, done.stderr
    assert stored(s3, "it's $a\nb", "sse-c", local_aws)["Body"].read() == CONTENT
    done = shell(run("presign", "get", target, "--curl", *under("sse-c")).out, name=name)
    assert done.returncode == 0, done.stderr
    done = shell(run("presign", "post", target, "--curl").out, CONTENT, name=name)
    assert done.returncode == 0, done.stderr
    assert s3.get_object(Bucket=BUCKET, Key="it's $a\nb")["Body"].read() == CONTENT


def test_commands_work_in_another_folder(
    run: Runner, shell: Shell, under: Any, s3: Any, source: Path, key_file: Path, tmp_path: Path
) -> None:
    """Relative paths of file, key and CA are completed."""
    names = [os.path.relpath(path) for path in (source, key_file)]
    line = run(
        "presign", "put", f"s3://{BUCKET}/k", "--curl", "--file", names[0], "--sse-c-key-file", names[1]
    )
    done = shell(f"cd / && {line.out}")
    assert done.returncode == 0, done.stderr


# -- it is refused --------------------------------------------------------------------------------------


def test_file_that_exists_is_left_alone(run: Runner, shell: Shell, under: Any, s3: Any) -> None:
    """Where a file of that name exists the command says so, fails and leaves it untouched."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=CONTENT)
    Path("k").write_bytes(b"mine")
    for strategy in ("sse-kms", "sse-c"):
        done = shell(run("presign", "get", f"s3://{BUCKET}/k", "--curl", *under(strategy)).out)
        assert (done.returncode, done.stderr) == (1, b"k exists already, nothing was downloaded\n")
        assert Path("k").read_bytes() == b"mine"


def test_failed_download_leaves_no_file(run: Runner, shell: Shell, under: Any, s3: Any) -> None:
    """A missing object, a wrong key and a key file that is gone fail without leaving a file."""
    target = f"s3://{BUCKET}/k"
    assert shell(run("presign", "get", target, "--curl").out).returncode == 22
    assert shell(run("presign", "put", target, "--curl", *under("sse-c")).out, CONTENT).returncode == 0
    assert shell(run("presign", "get", target, "--curl").out).returncode == 22
    line = run("presign", "get", target, "--curl", *under("sse-c")).out
    Path(under("sse-c")[-1]).unlink()
    done = shell(line)
    assert done.returncode == 22
    assert b"the $key's" in done.stderr
    assert list(Path().iterdir()) == []


def test_file_that_was_changed_is_refused(run: Runner, shell: Shell, s3: Any, source: Path) -> None:
    """A file that is longer, or other, than it was when it was presigned is not stored."""
    line = run("presign", "put", f"s3://{BUCKET}/k", "--curl", "--file", source).out
    for changed in (CONTENT + b"x", CONTENT[:-1] + b"x", b""):
        source.write_bytes(changed)
        assert shell(line).returncode == 22
    assert keys_of(s3) == []


def test_input_of_another_length_is_refused(run: Runner, shell: Shell, s3: Any) -> None:
    """Standard input of another length than was signed is not stored."""
    line = run("presign", "put", f"s3://{BUCKET}/k", "--curl", "--content-length", "5").out
    assert [shell(line, given).returncode for given in (b"", b"1234", b"123456")] == [22, 22, 22]
    assert keys_of(s3) == []
    assert shell(line, b"12345").returncode == 0


def test_object_that_exists_is_left_alone(run: Runner, shell: Shell, s3: Any) -> None:
    """With --if-none-match the second upload fails."""
    line = run("presign", "put", f"s3://{BUCKET}/k", "--curl", "--if-none-match").out
    assert [shell(line, given).returncode for given in (b"first", b"second")] == [0, 22]
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"first"


def test_form_keeps_to_its_sizes(run: Runner, shell: Shell, s3: Any) -> None:
    """What is larger or smaller than a form allows is not stored."""
    line = run("presign", "post", f"s3://{BUCKET}/k", "--curl", "--min-bytes", "2", "--max-bytes", "4").out
    assert [shell(line, given).returncode for given in (b"1", b"12345")] == [22, 22]
    assert keys_of(s3) == []
    assert shell(line, b"123").returncode == 0


@pytest.mark.parametrize("kind", ["get", "put", "post"])
def test_endpoint_that_nobody_vouches_for_is_refused(run: Runner, shell: Shell, s3: Any, kind: str) -> None:
    """Without the CA the command refuses the endpoint's certificate, and over plain HTTP it sends nothing."""
    line = run("presign", kind, f"s3://{BUCKET}/k", "--curl").out
    before, _, after = line.partition(" --cacert ")
    assert shell(f"{before} {after.partition(' ')[2]}", CONTENT).returncode == 60
    assert shell(line.replace("https://", "http://"), CONTENT).returncode == 1
    assert keys_of(s3) == []


# -- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["get", "put"])
def test_key_is_no_argument_of_a_program(
    run: Runner,
    shell: Shell,
    under: Any,
    s3: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """No program that the command starts has the SSE-C key among its arguments."""
    target = f"s3://{BUCKET}/k"
    assert shell(run("presign", "put", target, "--curl", *under("sse-c")).out, CONTENT).returncode == 0
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    for name in ("curl", "base64", "printf"):
        script = folder / name
        script.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\nexec {shutil.which(name)} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    done = shell(run("presign", kind, target, "--curl", *under("sse-c")).out, CONTENT)
    assert done.returncode == 0, done.stderr
    seen = log.read_text()
    assert [line.split()[0] for line in sorted(seen.splitlines())] == ["base64", "curl"]
    assert base64.b64encode(CUSTOMER_KEY).decode() not in seen
