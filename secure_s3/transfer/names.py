"""From keys to paths: whatever a key says, its file lies inside the folder that was asked for.

Keys are written by whoever may write to the bucket. ``relative_parts`` decides by the text alone;
``place`` looks at the disk as well, for a symbolic link inside the folder may lead out of it. Another
process that swaps folders for links while a batch runs is not defended against.
"""

from __future__ import annotations

import os
import platform
import re
import unicodedata
from dataclasses import dataclass

from ..errors import ConfigurationError, DestinationError

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|[A-Za-z]:\Z|\\\\")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]\Z')
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class System:
    """What matters of the system that the files are for.

    Args:
        windows: Names are Windows'.
        one_case: Upper and lower case, and the forms of Unicode, are one (Windows, macOS).
    """

    windows: bool = False
    one_case: bool = False

    @classmethod
    def this(cls) -> System:
        """This machine's."""
        windows = os.name == "nt"
        return cls(windows, windows or platform.system() == "Darwin")


def relative_parts(name: str, system: System) -> tuple[str, ...]:
    """The parts of the path for the key, or rest of a key, *name*.

    Raises:
        ConfigurationError: the path would be absolute, lead upwards, or be no path.
    """
    parts = tuple(name.split("/"))
    why = _complaint(name, parts, system.windows)
    if why:
        raise ConfigurationError(
            f"the key {name!r} cannot become a path below the folder",
            why=why,
            fix="download it by itself with download_file, to a path of your choice",
        )
    return parts


def _complaint(name: str, parts: tuple[str, ...], windows: bool) -> str:
    if not name or "\0" in name:
        return "it is empty" if not name else "it holds a NUL character"
    if name.startswith("/") or _DRIVE.match(name):
        return "it reads like an absolute path"
    if "" in parts:
        return "a part between its slashes is empty"
    if ".." in parts or "." in parts:
        return 'it holds the part ".." or "."'
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if windows:
        for part in parts:
            if _NOT_ON_WINDOWS.search(part) or _DEVICES.match(part):
                return f"Windows has no file of the name {part!r}"
    return ""


def same_file(parts: tuple[str, ...], system: System) -> tuple[str, ...]:
    """A form in which two paths are equal if they mean one file on *system*."""
    if not system.one_case:
        return parts
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)


def place(folder: str, parts: tuple[str, ...], *, is_folder: bool = False) -> str:
    """The path for *parts* below *folder*, with the folders above it made.

    Raises:
        DestinationError: a link leads out of the folder, or a folder cannot be made.
    """
    path = os.path.join(folder, *parts)
    root = os.path.realpath(folder)
    try:
        inside = os.path.commonpath([root, os.path.realpath(path)]) == root
    except (OSError, ValueError):  # a loop of links; another drive
        inside = False
    if not inside:
        raise DestinationError(
            f"{path!r} leads out of {folder!r}",
            why="a symbolic link on the way points elsewhere",
            fix="remove the link, or download to another folder",
        )
    try:
        os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise DestinationError(
            f"the folder for {path!r} cannot be made",
            why=error.strerror or str(error),
            fix="move the file that is in the way, or download to another folder",
        ) from error
    return path
