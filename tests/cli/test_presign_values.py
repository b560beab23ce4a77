"""What the arguments of ``secure-s3 presign`` mean, and how a text becomes a word of a shell."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import limits
from secure_s3.cli import presign_values as values
from secure_s3.cli.presign_curl import Way, quote
from secure_s3.cli.presign_show import duration, moment
from secure_s3.errors import ConfigurationError

from .conftest import BUCKET


@pytest.mark.parametrize(
    ("text", "seconds"), [("1", 1), ("300", 300), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800)]
)
def test_life_is_read(text: str, seconds: int) -> None:
    """A life is a number of seconds, or of what its letter says."""
    assert values.seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-5",
        "1.5h",
        "abc",
        "",
        " 5",
        "5 ",
        "5\n",
        "0h",
        "007",
        "1e3",
        "5w",
        "5M",
        "m",
        "1h30m",
        "٣",
        "+5",
        "1_000",
        "9" * 10,
        "5 m",
        "0x10",
        "NaN",
        "inf",
    ],
)
def test_doubtful_life_is_refused(text: str) -> None:
    """Zero, signs, fractions, blanks, other units and other digits are no life."""
    with pytest.raises(ConfigurationError, match="is no length of time"):
        values.seconds(text)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("0-99", "bytes=0-99"),
        ("bytes=5-5", "bytes=5-5"),
        ("100-", "bytes=100-"),
        ("-100", "bytes=-100"),
        ("bytes=-1", "bytes=-1"),
    ],
)
def test_range_is_read(text: str, header: str) -> None:
    """A range becomes the header that asks for it."""
    assert values.byte_range(text) == header


@pytest.mark.parametrize(
    "text",
    ["", "-", "5", "9-5", "-0", "0-1,3-4", "bytes", "bytes=", "items=0-1", " 0-1", "0-1\n", "a-b", "--1"],
)
def test_doubtful_range_is_refused(text: str) -> None:
    """A range that is empty, backwards, of several parts or malformed is refused."""
    with pytest.raises(ConfigurationError, match="is no range of bytes"):
        values.byte_range(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1k", " 1", "1_0", "٣", "1" * 16])
def test_doubtful_number_of_bytes_is_refused(text: str) -> None:
    """A number of bytes is digits alone."""
    with pytest.raises(ConfigurationError, match=r"--content-length .* is no number of bytes"):
        values.count("--content-length", text)


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (None, None, None),
        ("1", None, (1, limits.MAX_SINGLE_PUT_BYTES)),
        (None, "9", (0, 9)),
        ("0", "0", (0, 0)),
    ],
)
def test_sizes_are_read(least: str | None, most: str | None, expected: Any) -> None:
    """Either end of the sizes may be left out; without both there is no limit."""
    assert values.sizes(least, most) == expected


@pytest.mark.parametrize(("least", "most"), [("2", "1"), (None, str(limits.MAX_SINGLE_PUT_BYTES + 1))])
def test_impossible_sizes_are_refused(least: str | None, most: str) -> None:
    """Sizes that are backwards, or more than one upload takes, are refused."""
    with pytest.raises(ConfigurationError, match="is no range of sizes"):
        values.sizes(least, most)


def test_metadata_is_read() -> None:
    """A pair is split at its first equals sign; no pairs are None."""
    assert values.pairs(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    assert values.pairs([]) is values.pairs(None) is None


@pytest.mark.parametrize("texts", [["a"], ["=b"], [""], ["a=1", "a=2"]])
def test_doubtful_metadata_is_refused(texts: list[str]) -> None:
    """A pair without a name or an equals sign, and a name that is given twice, are refused."""
    with pytest.raises(ConfigurationError, match="--metadata"):
        values.pairs(texts)


@pytest.mark.parametrize("target", [f"s3://{BUCKET}", f"s3://{BUCKET}/", f"s3://{BUCKET}/a/"])
def test_target_without_a_name_is_refused(target: str) -> None:
    """A bucket and a prefix are no object, unless there is a name to complete them."""
    with pytest.raises(ConfigurationError, match="names no object"):
        values.object_at(target)
    assert values.object_at(target, name="n").key in ("n", "a/n")


@pytest.mark.parametrize("target", [f"s3://{BUCKET}", f"s3://{BUCKET}/"])
def test_whole_bucket_is_no_prefix(target: str) -> None:
    """A form for any key of a bucket is refused."""
    with pytest.raises(ConfigurationError, match="any key of the bucket"):
        values.prefix_at(target)


# -- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.tar.xz", "application/octet-stream"),
        ("a.strange", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_file_is_looked_at(tmp_path: Path, name: str, kind: str) -> None:
    """Length, SHA-256 and type of a file are found; packed files have the type of their packing."""
    (tmp_path / name).write_bytes(b"x" * 3_000_000)
    file = values.LocalFile.look(str(tmp_path / name), digest=True)
    assert (file.length, file.name, file.content_type) == (3_000_000, name, kind)
    assert file.sha256 == hashlib.sha256(b"x" * 3_000_000).digest()


def test_path_of_a_file_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is completed, so that a command works in another folder."""
    monkeypatch.chdir(tmp_path)
    Path("-n").write_bytes(b"")
    assert values.LocalFile.look("-n", digest=True).path == str(tmp_path / "-n")


@pytest.mark.parametrize("path", ["missing", "", ".", "nul\0"])
def test_unusable_file_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is missing, a folder, or has an impossible name is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="--file"):
        values.LocalFile.look(path, digest=True)


def test_pipe_is_no_file(tmp_path: Path) -> None:
    """A named pipe is refused at once, and not waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="no regular file"):
        values.LocalFile.look(str(tmp_path / "pipe"), digest=True)


def test_file_too_large_for_one_upload_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than one upload is refused before it is read."""
    monkeypatch.setattr(limits, "MAX_SINGLE_PUT_BYTES", 3)
    (tmp_path / "f").write_bytes(b"1234")
    with pytest.raises(ConfigurationError, match="has 4 bytes"):
        values.LocalFile.look(str(tmp_path / "f"), digest=False)


# -- words of a shell -----------------------------------------------------------------------------------


def echoed(*words: str) -> bytes:
    """What a shell takes these words for."""
    line = "printf '%s|' " + " ".join(words)
    return subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "a b",
        "it's",
        '"',
        "$HOME",
        "`id`",
        "$(id)",
        "\\",
        "\\n",
        "*",
        "!x",
        "=https",
        "~",
        "-n",
        "%s",
        "line\nbreak",
        "\ttab'\"$!\\",
        "\x1b[31m",
        "\x1b1",
        "日本\u202egpj",
        "caf\udce9",
        "#",
        ";&|<>",
        "{a,b}",
    ],
)
def test_word_is_what_it_was(text: str) -> None:
    """A shell takes a quoted text for exactly that text, and it can be shown as it is quoted."""
    quoted = quote(text)
    assert quoted.isprintable()
    assert echoed(quoted, "end") == text.encode("utf-8", "surrogateescape") + b"|end|"


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(
        lambda t: t[-1:] != "\n"
    )
)
def test_any_word_is_what_it_was(text: str) -> None:
    """Whatever a text holds, a shell takes its quotation for it."""
    assert echoed(quote(text)) == text.encode() + b"|"


@pytest.mark.parametrize("text", ["end\n", "nul\0"])
def test_word_that_no_shell_can_hold_is_refused(text: str) -> None:
    """A line break at the end, which a shell would drop, and a NUL are refused."""
    with pytest.raises(ConfigurationError, match="cannot stand in a command line"):
        quote(text)


def test_word_that_zsh_would_expand_is_quoted() -> None:
    """A word that begins with an equals sign is quoted, for zsh."""
    assert quote("=https") == "'=https'"


def test_folder_of_certificates_is_named_as_one(tmp_path: Path) -> None:
    """A CA bundle that is a folder goes to --capath, a file to --cacert, and none is no option."""
    assert Way("1.2", str(tmp_path)).curl()[-2:] == ["--capath", str(tmp_path)]
    assert Way("1.3", str(tmp_path / "ca.pem")).curl()[-3:] == [
        "--tlsv1.3",
        "--cacert",
        str(tmp_path / "ca.pem"),
    ]
    assert Way("1.3").curl()[-1] == "--tlsv1.3"


# -- words of a report ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (90, "90 seconds"), (300, "5 minutes"), (3600, "1 hour"), (5400, "90 minutes")],
)
def test_duration_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    """A duration is told in the largest unit in which it is a whole number."""
    assert duration(seconds) == text


def test_last_moment_can_be_told() -> None:
    """A time that has no form in another time zone is told in UTC."""
    from datetime import datetime, timedelta, timezone

    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=12)))
    assert "9999-12-31" in moment(far)
