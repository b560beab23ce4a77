"""From keys to paths: nothing a key says leads out of the folder."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import ConfigurationError, DestinationError
from secure_s3.transfer.names import System, place, relative_parts, same_file

POSIX, WINDOWS = System(), System(windows=True, one_case=True)
HOSTILE = st.lists(
    st.sampled_from(["..", ".", "", "a", "b", "C:", "\\", "\0", "~", "con", "a.", "…", "\ud800", "x" * 300]),
    min_size=1,
    max_size=6,
).map("/".join)
KEYS = st.one_of(HOSTILE, st.text(max_size=40))


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "empty"),
        ("/", "absolute"),
        ("/etc/passwd", "absolute"),
        ("//server/share", "absolute"),
        ("C:\\x", "absolute"),
        ("c:/x", "absolute"),
        ("C:", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("..", '".."'),
        ("../x", '".."'),
        ("a/../../x", '".."'),
        ("a/..", '".."'),
        ("./a", '"."'),
        ("a/./b", '"."'),
        ("a//b", "empty"),
        ("a/", "empty"),
        ("a\0b", "NUL"),
        ("\ud800", "Unicode"),
    ],
)
@pytest.mark.parametrize("system", [POSIX, WINDOWS])
def test_key_that_is_no_relative_path_is_refused(key: str, why: str, system: System) -> None:
    """A key that is absolute, leads upwards or is no path has no file, and the error says why."""
    with pytest.raises(ConfigurationError, match="cannot become a path") as caught:
        relative_parts(key, system)
    assert why in caught.value.why


@pytest.mark.parametrize(
    "key",
    [
        "a\\..\\..\\b",
        "a\\b",
        "a:stream",
        "CON",
        "con.txt",
        "a/NUL",
        "COM1",
        "lpt9.log",
        "a.",
        "a ",
        "x?",
        "a\nb",
    ],
)
def test_name_that_windows_reads_differently_is_refused_there(key: str) -> None:
    """What Windows takes for a separator, a device or another name is refused there and a plain name here."""
    assert relative_parts(key, POSIX) == tuple(key.split("/"))
    with pytest.raises(ConfigurationError, match="cannot become a path"):
        relative_parts(key, WINDOWS)


@pytest.mark.parametrize(
    "key", ["a", "a/b.txt", "...", "..a", "a..", "~", "~root/x", "-rf", "$HOME", "ü/日本"]
)
def test_ordinary_key_is_its_path(key: str) -> None:
    """A key that looks odd but is a relative path keeps its parts."""
    assert relative_parts(key, POSIX) == tuple(key.split("/"))


@given(KEYS)
def test_path_is_never_outside(key: str) -> None:
    """Whatever the key, the path lies below the folder, or there is none."""
    try:
        parts = relative_parts(key, POSIX)
    except ConfigurationError:
        return
    path = os.path.normpath(os.path.join("/folder", *parts))
    assert path.startswith("/folder/")
    assert path == "/folder/" + key


@given(KEYS)
def test_windows_path_is_never_outside(key: str) -> None:
    """Whatever the key, its path on Windows has no drive, no root, no way up and as many parts as the key."""
    try:
        parts = relative_parts(key, WINDOWS)
    except ConfigurationError:
        return
    path = PureWindowsPath(*parts)
    assert not path.drive
    assert not path.root
    assert ".." not in path.parts
    assert path.parts == parts


@given(KEYS, KEYS)
def test_two_keys_have_two_paths(one: str, other: str) -> None:
    """Different keys never have one path."""
    try:
        parts = relative_parts(one, POSIX), relative_parts(other, POSIX)
    except ConfigurationError:
        return
    assert (parts[0] == parts[1]) == (one == other)


def test_case_and_form_are_one_where_the_system_says_so() -> None:
    """Names that differ in case or Unicode form are one file on Windows and macOS, and two elsewhere."""
    one, other = ("A", "é"), ("a", "e\u0301")
    assert same_file(one, WINDOWS) == same_file(other, WINDOWS)
    assert same_file(one, POSIX) != same_file(other, POSIX)


def test_this_system_is_known() -> None:
    """The machine's own rules follow from its name."""
    assert System.this().windows == (os.name == "nt")


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    """The folder itself and those above the file are made, the file is not."""
    path = place(str(tmp_path / "new"), ("a", "b", "c.txt"))
    assert path == str(tmp_path / "new" / "a" / "b" / "c.txt")
    assert os.path.isdir(os.path.dirname(path))
    assert not os.path.exists(path)


@pytest.mark.parametrize("parts", [("link", "x"), ("link", "new", "x"), ("inner", "link", "x"), ("link",)])
def test_link_that_leads_out_is_refused(tmp_path: Path, parts: tuple[str, ...]) -> None:
    """A link inside the folder that points out of it is not followed, and nothing is made behind it."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (folder / "inner").mkdir(parents=True)
    for link in (folder / "link", folder / "inner" / "link"):
        link.symlink_to(outside)
    with pytest.raises(DestinationError, match="leads out of"):
        place(str(folder), parts)
    assert list(outside.iterdir()) == []


def test_broken_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    """A link to something outside that is not there yet is refused as well, and is not made there."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "later")
    with pytest.raises(DestinationError, match="leads out of"):
        place(str(folder), ("link", "x"))
    assert not (tmp_path / "later").exists()


def test_link_in_circles_is_refused(tmp_path: Path) -> None:
    """A link to itself ends in an error of ours."""
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(DestinationError):
        place(str(tmp_path), ("a", "x"))


def test_link_that_stays_inside_is_fine(tmp_path: Path) -> None:
    """A link from one place of the folder to another is followed."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert place(str(tmp_path), ("link", "x")) == str(tmp_path / "link" / "x")


def test_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    """The folder the caller names may be a link: it is the caller's choice."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert place(str(tmp_path / "link"), ("x",)) == str(tmp_path / "link" / "x")


def test_sibling_with_the_same_beginning_is_outside(tmp_path: Path) -> None:
    """A folder whose name begins with the folder's name is not inside it."""
    (tmp_path / "data-secret").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "data-secret")
    with pytest.raises(DestinationError):
        place(str(tmp_path / "data"), ("link", "x"))


def test_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """A file where a folder is needed stays as it is."""
    (tmp_path / "a").write_text("mine")
    with pytest.raises(DestinationError, match="cannot be made"):
        place(str(tmp_path), ("a", "b"))
    assert (tmp_path / "a").read_text() == "mine"
