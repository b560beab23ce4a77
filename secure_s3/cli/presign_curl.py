"""Command lines for a POSIX shell that use what was presigned, ready to be pasted and run.

They work in sh, dash, bash and zsh with curl 7.55 or newer. A secret key is read from its file by the
command when it runs; it is an argument of no program, so that a list of processes does not show it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..presign.results import CUSTOMER_KEY
from .presign_values import usage

if TYPE_CHECKING:
    from ..presign.results import PresignedPost, PresignedUrl

_BY_CURL = frozenset({"host", "content-length"})
_PLAIN = re.compile(rb"[A-Za-z0-9_./:@,+ -]")


@dataclass(frozen=True, slots=True)
class Way:
    """How the commands get to S3, and what they need from this machine.

    Args:
        min_tls: ``1.2`` or ``1.3``.
        ca_bundle: A PEM file or a folder of them, if the machine's own trust store is not used.
        key_file: The file of 32 bytes that holds the SSE-C key, if there is one.
    """

    min_tls: str
    ca_bundle: str | None = None
    key_file: str | None = None

    def curl(self) -> list[str]:
        """The start of every command: nothing but TLS, and failures with an exit code."""
        words = ["curl", "--fail", "--show-error", "--globoff", "--proto", "=https", f"--tlsv{self.min_tls}"]
        if self.ca_bundle:
            path = os.path.join(os.getcwd(), self.ca_bundle)
            words += ["--capath" if os.path.isdir(path) else "--cacert", path]
        return words


def download(made: PresignedUrl, way: Way, name: str) -> str:
    """The command that stores the content under *name* in the current folder, where nothing has that name."""
    path = f"./{name}" if name.startswith("-") else name
    words = [*way.curl(), *_headers(made.required_headers), "--output", path, "--url", made.url]
    command = _with_key(words, made, way)
    there = quote(f"{name} exists already, nothing was downloaded")
    return f"if test -e {quote(path)}; then echo {there} >&2; false; else {command}; fi"


def upload(made: PresignedUrl, way: Way, path: str | None) -> str:
    """The command that sends the file at *path*, or what comes from standard input."""
    words = [*way.curl(), *_headers(made.required_headers)]
    if path is not None:
        return _with_key([*words, "--upload-file", path, "--url", made.url], made, way)
    # --upload-file - would be sent in chunks, which S3 refuses; --data-binary is sent with its length, and as
    # a form unless told otherwise.
    if "content-type" not in made.required_headers:
        words += ["--header", "Content-Type:"]
    words += ["--request", "PUT", "--data-binary", "@-", "--url", made.url]
    return _with_key(words, made, way, reads_input=True)


def form(made: PresignedPost, way: Way, *, path: str | None, name: str, extra: Mapping[str, str]) -> str:
    """The command that sends a form with the file at *path*, or standard input, called *name*."""
    words = way.curl()
    for field, value in {**made.fields, **extra}.items():
        words += ["--form-string", f"{field}={value}"]
    source = "-" if path is None else _in_quotes(path)
    words += ["--form", f"file=@{source};filename={_in_quotes(name)}", "--url", made.url]
    return _joined(words)


def quote(text: str) -> str:
    """*text* as one word of a shell, on one line and without anything that a terminal would obey.

    Raises:
        ConfigurationError: it ends in a line break, which command substitution drops, or holds a NUL.
    """
    if text.isprintable():
        # zsh would replace =https by the path of a program.
        return f"'{text}'" if text.startswith("=") and shlex.quote(text) == text else shlex.quote(text)
    if text.endswith("\n") or "\0" in text:
        raise usage(
            f"{text!r} cannot stand in a command line",
            "leave --curl out",
            "a shell drops line breaks at the end, and knows no NUL",
        )
    octal = (
        letter.decode() if _PLAIN.fullmatch(letter) else f"\\0{letter[0]:03o}"
        for letter in (bytes([byte]) for byte in text.encode("utf-8", "surrogateescape"))
    )
    return f"\"$(printf '%b' '{''.join(octal)}')\""


def _joined(words: list[str]) -> str:
    return " ".join(map(quote, words))


def _headers(headers: Mapping[str, str]) -> list[str]:
    """What is to be sent, without what curl adds itself and without the secret key."""
    words = []
    for name, value in headers.items():
        if name.lower() not in _BY_CURL and name.lower() != CUSTOMER_KEY:
            words += ["--header", f"{name}: {value}"]
    return words


def _with_key(words: list[str], made: PresignedUrl, way: Way, *, reads_input: bool = False) -> str:
    """The command of *words*; the header with an SSE-C key comes through a pipe."""
    if CUSTOMER_KEY not in made.required_headers:
        return _joined(words)
    if way.key_file is None:
        raise usage("--curl needs the SSE-C key in a file", "name it with --sse-c-key-file")
    file = quote(os.path.join(os.getcwd(), way.key_file))
    key = f"{{ printf '{CUSTOMER_KEY}: '; base64 < {file}; }}"
    if not reads_input:
        return f"{key} | {_joined([words[0], '--header', '@-', *words[1:]])}"
    # The pipe is curl's standard input; what was standard input before has waited under another number. The
    # outer braces are for a < FILE that is appended: it comes before what stands within them.
    command = _joined([words[0], "--header", "@/dev/fd/3", *words[1:]])
    return f"{{ {{ {key} | {command} 3<&0 <&4; }} 4<&0; }}"


def _in_quotes(text: str) -> str:
    """*text* as curl reads it within a form: commas and semicolons do not end it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
