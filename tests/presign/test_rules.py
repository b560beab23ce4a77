"""Upload rules: whose folder is whose, what may be uploaded, and which rules would be accidents."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import ClientSide, RawAesKey, SseC
from secure_s3.errors import ConfigurationError, UploadRefused
from secure_s3.presign import UploadRule
from secure_s3.presign.rules import safe_name

USERS = [
    "a",
    "A",
    "ab",
    "a/",
    "a/b",
    "/a",
    "/",
    "//",
    ".",
    "..",
    "...",
    "../a",
    "a/..",
    "%2E",
    "%2e",
    "%2F",
    "%252F",
]
USERS += [
    "a%2Fb",
    "%",
    " ",
    "  ",
    "a b",
    "a+b",
    "é",
    "e\u0301",
    "日本",
    "😀",
    "\x00",
    "a\n",
    "\ud800",
    "${filename}",
    "~",
    "*",
]
USER = st.one_of(st.sampled_from(USERS), st.text(st.characters(), min_size=1), st.text("./%2EFa", min_size=1))


def rule(**changes: Any) -> UploadRule:
    given: dict[str, Any] = {
        "bucket": "amzn-s3-demo-bucket",
        "prefix": "uploads/",
        "content_types": ("image/*", "application/pdf"),
        "max_bytes": 1000,
    }
    return UploadRule(**{**given, **changes})


# --- folders --------------------------------------------------------------------------------------------


@given(USER, USER)
def test_folders_are_apart(one: str, other: str) -> None:
    """Two users never share a folder, and neither folder lies within the other."""
    first, second = rule().folder(one), rule().folder(other)
    assert (first == second) == (one == other)
    if one != other:
        assert not first.startswith(second)
        assert not second.startswith(first)


def test_known_users_are_apart() -> None:
    """The same for every pair of users whose ids are known to be trouble."""
    for one, other in permutations([rule().folder(user) for user in USERS], 2):
        assert not one.startswith(other)


@given(USER)
def test_a_folder_is_one_segment(user: str) -> None:
    """A folder is one printable segment below the prefix, whatever the user is called, and no dots."""
    prefix, name, end = rule().folder(user).split("/")
    assert (prefix, end) == ("uploads", "")
    assert name not in ("", ".", "..")
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+", name)


@pytest.mark.parametrize("user", [7, b"a", ["a"], True])
def test_users_that_are_no_text(user: Any) -> None:
    """A user that is no text is a fault of the application, and said so."""
    with pytest.raises(ConfigurationError, match="str"):
        rule().folder(user)


@pytest.mark.parametrize("user", ["", None])
@pytest.mark.parametrize("shared", [False, True])
def test_nobody_has_no_folder(user: Any, shared: bool) -> None:
    """Who is not signed in has no folder, and reads nothing, shared or not."""
    for ask in (
        lambda: rule().folder(user),
        lambda: rule().key(user, "u", "a.png"),
        lambda: rule(shared=shared).check_reader(user, "uploads/a/u/a.png"),
    ):
        with pytest.raises(UploadRefused) as caught:
            ask()
        assert caught.value.status == 403


# --- reading --------------------------------------------------------------------------------------------


@given(USER, USER, st.text())
def test_readers(one: str, other: str, filename: str) -> None:
    """A user reads what is in the own folder, and nothing of anybody else's."""
    key = rule().key(one, "0123", filename)
    rule().check_reader(one, key)
    rule(shared=True).check_reader(other, key)
    if one != other:
        with pytest.raises(UploadRefused):
            rule().check_reader(other, key)


@pytest.mark.parametrize(
    "key",
    [
        "uploads/bob/u/a.png",
        "uploads/alice",
        "uploads/alicex/u/a.png",
        "uploads/alice/../bob/u/a.png",
        "uploads/alice/./a.png",
        "uploads/alice/..",
        "uploads//alice/a.png",
        "/uploads/alice/u/a.png",
        "Uploads/alice/u/a.png",
        "other/alice/u/a.png",
        "",
        "uploads/",
        "uploads/alice/a\n.png",
        "uploads/alice/\x00",
        "uploads/alice/\ud800",
        "uploads/alice/" + "k" * 1024,
        "uploads/alice/" + "ü" * 506,
        None,
        7,
        b"uploads/alice/a",
    ],
)
def test_keys_of_others(key: Any) -> None:
    """Another's key, a key that leads out of the folder, and what can be no key are refused."""
    with pytest.raises(UploadRefused) as caught:
        rule().check_reader("alice", key)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "key", ["uploads/../secret", "secret", "uploads", "uploads/a/../../secret", "uploads/./a"]
)
def test_sharing_ends_at_the_prefix(key: str) -> None:
    """A rule that shares shares what is below its prefix, and nothing else."""
    with pytest.raises(UploadRefused):
        rule(shared=True).check_reader("alice", key)


# --- names ----------------------------------------------------------------------------------------------

HOSTILE = st.one_of(
    st.text(st.characters()),
    st.text('./\\ \x00\n\u202e%:*?"<>|$~', min_size=1),
    st.text(st.characters(), min_size=100, max_size=400).map(lambda text: text + ".pdf"),
    st.integers(100, 140).flatmap(
        lambda count: st.sampled_from(["a" * count + " .pdf", "a. " * count, "." * count])
    ),
)


@given(HOSTILE)
def test_safe_names(filename: str) -> None:
    """Any name becomes one that is no folder, steers nothing, hides nothing and is up to 120 characters."""
    name = safe_name(filename)
    assert 1 <= len(name) <= 120
    assert name.isprintable()
    assert not set(name) & set("/\\:*?\"<>|%$~'`&;\n\x00")
    assert name not in (".", "..")
    assert name == name.strip()
    assert not name.startswith(".")
    assert not name.endswith(".")
    assert "  " not in name
    name.encode()
    assert safe_name(name) == name or safe_name(safe_name(name)) == safe_name(name)


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("Report 2026.pdf", "Report 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a.png", "a.png"),
        ("Ärger.pdf", "Ärger.pdf"),
        ("A\u0308rger.pdf", "Ärger.pdf"),
        ("日本語.pdf", "日本語.pdf"),
        (".htaccess", "htaccess"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a<script>.html", "a_script_.html"),
        ("${filename}", "__filename_"),
        ("a%2F..%2Fb", "a_2F.._2Fb"),
        ("a   b", "a b"),
        ("a.png/", "file"),
        ("..", "file"),
        ("", "file"),
        ("\ud800", "file"),
        (None, "file"),
        (7, "file"),
        ("x" * 200 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 200 + "." + "y" * 11, "x" * 120),
        ("x" * 119 + " " + "y" * 50, "x" * 119),
        ("x" * 119 + "." + "y" * 50, "x" * 119),
    ],
)
def test_known_names(filename: Any, name: str) -> None:
    """Folders go, endings stay, and what is left of nothing is called file."""
    assert safe_name(filename) == name


def test_keys_are_whole() -> None:
    """A key is prefix, user, what nobody can guess, and the name."""
    assert rule().key("a/b", "0123", "../x y.png") == "uploads/a%2Fb/0123/x y.png"


# --- types and sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "image/png",
        "IMAGE/PNG",
        "image/x-icon",
        "application/pdf",
        "Application/PDF",
        "image/png; charset=utf-8",
        "image/png;q=1",
        'image/png; a="b, c"; d=e',
    ],
)
def test_allowed_types(content_type: str) -> None:
    """A type is allowed by its name or its family, in any case, and with parameters that are well-formed."""
    rule().check_content(content_type, 1)


@pytest.mark.parametrize(
    "content_type",
    [
        "image",
        "image/",
        "/png",
        "image/*",
        "*/*",
        "*",
        "text/html",
        "application/pdfx",
        "image/png/x",
        "image/svg+xml",
        "IMAGE/SVG+XML",
        "image/svg+xml; charset=utf-8",
        "image/x+xml",
        "image/png, text/html",
        "image/png;,text/html",
        "image/png; a=b, text/html",
        "image/png; a=b,text/html",
        "image/png;text/html",
        'image/png; a="b',
        'image/png; a="b"c"',
        "image/png;  a=b",
        "image/png;",
        "image/png; a",
        " image/png",
        "image/png ",
        "image/png\n",
        "image/png; a=b\r\nx-amz-acl: public-read",
        "image/png\x00",
        "image/pnğ",
        "image/p\ud800",
        "image/" + "x" * 200,
        "image/png" + "; a=b" * 10_000,
        7,
        b"image/png",
        ["image/png"],
    ],
)
def test_refused_types(content_type: Any) -> None:
    """What is not named, can hold scripts, is a list, or is malformed is refused with 415."""
    with pytest.raises(UploadRefused) as caught:
        rule().check_content(content_type, 1)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/xml",
        "text/xsl",
        "application/xml",
        "application/xhtml+xml",
        "application/xslt+xml",
        "image/svg+xml",
        "multipart/x-mixed-replace",
        "application/unknown",
        "text/xml-external-parsed-entity",
    ],
)
def test_active_types(content_type: str) -> None:
    """A type that browsers run scripts of is allowed by its full name only."""
    family = content_type.partition("/")[0] + "/*"
    rule(content_types=(content_type,)).check_content(content_type, 1)
    with pytest.raises(UploadRefused):
        rule(content_types=(family,)).check_content(content_type, 1)


@given(st.text(st.characters(), max_size=60), st.one_of(st.integers(), st.floats(), st.text(), st.booleans()))
def test_any_content(content_type: str, size: Any) -> None:
    """Whatever a browser says of a file, it is allowed or refused, and nothing else comes out."""
    statuses: set[int | None] = set()
    try:
        rule(content_types=("text/*",)).check_content(content_type, size)
    except UploadRefused as error:
        statuses.add(error.status)
    else:
        assert content_type.lower().startswith("text/")
        assert 1 <= size <= 1000
    assert statuses <= {400, 413, 415}


@pytest.mark.parametrize("size", [10, 999, 1000, None])
def test_allowed_sizes(size: Any) -> None:
    """Sizes are allowed from the least to the most, both inclusive; no size is settled by the form."""
    rule(min_bytes=10).check_content("image/png", size)


@pytest.mark.parametrize("content_type", ["", None])
def test_missing_types(content_type: Any) -> None:
    """A request without a type is malformed: 400."""
    with pytest.raises(UploadRefused) as caught:
        rule().check_content(content_type, 1)
    assert caught.value.status == 400


@pytest.mark.parametrize("size", [True, 10.0, "10", b"10", [10], float("nan")])
def test_sizes_that_are_no_number(size: Any) -> None:
    """A size that is no whole number is malformed: 400."""
    with pytest.raises(UploadRefused) as caught:
        rule(min_bytes=10).check_content("image/png", size)
    assert caught.value.status == 400


@pytest.mark.parametrize("encryption", [SseC(bytes(32)), ClientSide(RawAesKey("k", bytes(32))), "sse-s3", 5])
def test_encryption_that_no_browser_sends(encryption: Any) -> None:
    """A rule whose encryption a browser cannot send is refused when it is made."""
    with pytest.raises(ConfigurationError, match="encryption="):
        rule(encryption=encryption)


@pytest.mark.parametrize("size", [9, 1001, 0, -1, 10**30])
def test_refused_sizes(size: Any) -> None:
    """Any other size is refused with 413."""
    with pytest.raises(UploadRefused) as caught:
        rule(min_bytes=10).check_content("image/png", size)
    assert caught.value.status == 413


# --- groups ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [["staff"], ("a", "staff"), {"staff", "b"}, iter(["staff"])])
def test_groups(groups: Any) -> None:
    """Any one of the rule's groups is enough."""
    rule(groups=("staff", "admin")).check_user(groups)


@pytest.mark.parametrize("groups", [[], ["Staff"], ["staff "], ["*"], ["staf", "f"], {}])
def test_other_groups(groups: Any) -> None:
    """Other groups are refused with 403, the sign for everybody included."""
    with pytest.raises(UploadRefused) as caught:
        rule(groups=("staff",)).check_user(groups)
    assert caught.value.status == 403


def test_one_string_is_no_list_of_groups() -> None:
    """A string, whose letters would be taken for groups, is refused."""
    with pytest.raises(ConfigurationError, match="no list"):
        rule(groups=("s",)).check_user("staff")


# --- rules that are accidents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"bucket": ""},
        {"bucket": None},
        {"bucket": "s3://b"},
        {"prefix": ""},
        {"prefix": "/"},
        {"prefix": "uploads"},
        {"prefix": "/uploads/"},
        {"prefix": "a//b/"},
        {"prefix": "a/../"},
        {"prefix": "./"},
        {"prefix": "a\n/"},
        {"prefix": "\ud800/"},
        {"prefix": None},
        {"prefix": b"a/"},
        {"prefix": ["a/"]},
        {"content_types": ()},
        {"content_types": []},
        {"content_types": "image/png"},
        {"content_types": ("",)},
        {"content_types": ("*",)},
        {"content_types": ("*/*",)},
        {"content_types": ("image",)},
        {"content_types": ("image/",)},
        {"content_types": ("IMAGE/PNG",)},
        {"content_types": ("image/png; charset=utf-8",)},
        {"content_types": ("image/p*",)},
        {"content_types": ("image/png\n",)},
        {"content_types": (None,)},
        {"content_types": None},
        {"groups": ()},
        {"groups": ("",)},
        {"groups": "staff"},
        {"groups": (None,)},
        {"groups": None},
        {"groups": ("staff", "*")},
        {"max_bytes": 0},
        {"max_bytes": -1},
        {"max_bytes": "1000"},
        {"max_bytes": 1000.0},
        {"max_bytes": True},
        {"max_bytes": None},
        {"max_bytes": 50_000 * 1024**3 + 1},
        {"min_bytes": -1},
        {"min_bytes": 1001},
        {"min_bytes": True},
        {"min_bytes": None},
        {"shared": "no"},
        {"shared": None},
        {"shared": 1},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": "300"},
        {"expires_in": True},
        {"expires_in": None},
        {"expires_in": timedelta(0)},
        {"download_expires_in": timedelta(seconds=0.5)},
        {"download_expires_in": 1.5},
    ],
)
def test_accidents(changes: dict[str, Any]) -> None:
    """A rule that would allow nobody, nothing or everything by accident is refused when it is made."""
    with pytest.raises(ConfigurationError) as caught:
        rule(**changes)
    assert not isinstance(caught.value, UploadRefused)


def test_lists_are_taken() -> None:
    """Lists and generators of types and groups become tuples."""
    made = rule(content_types=["a/b"], groups=(name for name in ["staff"]))
    assert (made.content_types, made.groups) == (("a/b",), ("staff",))


def test_only_by_name() -> None:
    """A rule's values are given by name: none can be taken for another."""
    with pytest.raises(TypeError):
        UploadRule("bucket", "uploads/", ("a/b",), 7)  # type: ignore[misc]


def test_users_with_very_long_names() -> None:
    """A user whose name does not fit into a key is refused with a status."""
    with pytest.raises(UploadRefused) as caught:
        rule().folder("ü" * 200)
    assert caught.value.status == 400


@pytest.mark.parametrize("groups", [None, 5])
def test_groups_that_are_none(groups: Any) -> None:
    """Groups that are no list are a fault of the application, and said so."""
    with pytest.raises(ConfigurationError, match="groups="):
        rule().check_user(groups)
