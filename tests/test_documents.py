"""The documents under test: their Python runs, their links lead somewhere, the names they mention exist.

For authors: the ```` ```python ```` blocks of a document run in order, in one namespace, in an empty folder.
Predefined are ``aws`` (a running ``LocalAws``), ``bucket`` (the name of an empty bucket) and ``tmp_path``
(that folder). The environment points at the embedded endpoint (region, credentials, endpoint, CA bundle and
SECURE_S3_KMS_KEY_ARN), so that ``SecureS3Client.from_env()`` works as it would on AWS. A block under the
comment ``<!-- no-run: the reason -->`` is only compiled.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
README_LINES = 130
TEST_COMMAND = "pip install '.[test]' && pytest"  # .ci/run reads it from the README and runs it
GUIDES = [README, *sorted((ROOT / "docs").rglob("*.md"))]  # these run
DOCUMENTS = [*GUIDES, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md"]

each_guide = pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


# ---------------------------------------------------------------------------------- reading a document


@dataclass(frozen=True)
class Block:
    """A fenced block; ``no_run`` says why it is not run, "" if it is run, None if no reason is given."""

    language: str
    text: str
    line: int  # of its first line of text
    no_run: str | None = ""


_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w+-]*)(?P<rest>.*)$")
_NO_RUN = re.compile(r"^\s*<!-- no-run:?(?P<reason>.*?)-->\s*$")


def parse(text: str) -> tuple[list[Block], str]:
    """The blocks of a document, and its prose with an empty line for each line of a block."""
    blocks: list[Block] = []
    prose: list[str] = []
    opened: re.Match[str] | None = None
    body: list[str] = []
    no_run: str | None = ""
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.match(line)
        if opened is None and match:
            opened, body = match, []
        elif (
            opened is not None
            and match
            and not match["language"]
            and match["fence"].startswith(opened["fence"])
        ):
            blocks.append(Block(opened["language"], "\n".join(body) + "\n", number - len(body), no_run))
            opened, no_run = None, ""
        elif opened is not None:
            body.append(line.removeprefix(opened["indent"]))
        else:
            if comment := _NO_RUN.match(line):
                no_run = comment["reason"].strip() or None
            elif line.strip():
                no_run = ""
            prose.append(line)
            continue
        prose.append("")
    if opened is not None:
        raise ValueError(f"a block is opened and never closed: {opened.group().strip()}")
    return blocks, "\n".join([*prose, ""])


def code_of(path: Path, block: Block) -> types.CodeType:
    """The block compiled so that a traceback points into the document."""
    return compile("\n" * (block.line - 1) + block.text, str(path), "exec", dont_inherit=True)


def code_spans(prose: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return [
        " ".join(span.split())
        for _, span in re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", prose, re.DOTALL)
    ]


def links(prose: str) -> list[str]:
    """Targets of inline links, images and reference definitions."""
    without_code = re.sub(r"(`+).+?\1", "", prose)
    inline = re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)", without_code)
    return [*inline, *re.findall(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)", without_code, re.MULTILINE)]


def broken_links(path: Path, prose: str) -> list[str]:
    """The relative links that lead to no file of this repository."""
    broken = []
    for link in links(prose):
        target = link.partition("#")[0]
        if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # a place in this document, or another site
        there = (path.parent / target).resolve()
        if not there.exists() or not there.is_relative_to(ROOT):
            broken.append(link)
    return broken


# ---------------------------------------------------------------------------------- names and commands


def names(spans: list[str]) -> list[str]:
    """The dotted names of ours among the code spans; ``errors.X`` stands for ``secure_s3.errors.X``."""
    found = []
    for span in spans:
        found += re.findall(r"(?<![\w./-])secure_s3(?:\.[A-Za-z_]\w*)+(?![\w/])", span)
        found += [
            f"secure_s3.{name}"
            for name in re.findall(r"(?<![\w./-])errors(?:\.[A-Za-z_]\w*)+(?![\w/])", span)
        ]
    return [name for name in found if not name.endswith((".py", ".md"))]


def exists(name: str) -> bool:
    """True if a dotted name leads to a module or to something in one, annotated attributes included."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            thing: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
            continue
        return _has(thing, parts[length:])
    return False


def _has(thing: Any, attributes: list[str]) -> bool:
    for position, attribute in enumerate(attributes):
        if not hasattr(thing, attribute):
            annotated = {
                name for cls in getattr(thing, "__mro__", ()) for name in vars(cls).get("__annotations__", {})
            }
            return attribute in annotated and position == len(attributes) - 1
        thing = getattr(thing, attribute)
    return True


def commands(texts: list[str]) -> list[list[str]]:
    """The arguments of every ``secure-s3 …`` and ``python -m secure_s3 …`` in code spans and blocks."""
    found = []
    for text in texts:
        for line in text.replace("\\\n", " ").splitlines():
            if "pip install" in line.partition("&&")[0]:
                line = line.partition("&&")[2]
            for match in re.finditer(
                r"(?:(?<![\w./'\"-])secure-s3|-m secure_s3)(?= |$)([^#;&>|]*(?:\|\w[^#;&>|]*)*)", line
            ):
                found.append(match[1].split())
    return found


def unknown_command(parser: argparse.ArgumentParser, words: list[str]) -> str | None:
    """The first word that should be a command and is none; ``get|put`` stands for either."""
    below = next((a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)
    word = next((word for word in words if not word.startswith("-")), None)
    if below is None or word is None or not re.match(r"[A-Za-z]", word):
        return None  # options only, or a placeholder such as <command>
    for choice in word.split("|"):
        if choice not in below.choices:
            return choice
    return unknown_command(below.choices[word.split("|")[0]], words[words.index(word) + 1 :])


# ---------------------------------------------------------------------------------- the real documents


@each_guide
def test_python_blocks_run(path: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every Python block of a document runs, after those before it, against the embedded endpoint."""
    blocks = [block for block in parse(path.read_text("utf-8"))[0] if block.language in {"python", "py"}]
    assert all(block.no_run is not None for block in blocks), "a no-run comment gives no reason"
    compiled = [(block, code_of(path, block)) for block in blocks]
    runnable = [code for block, code in compiled if not block.no_run]
    if runnable:
        patch = request.getfixturevalue("monkeypatch")
        aws = request.getfixturevalue("local_aws")
        namespace = _prepare(patch, aws, path, tmp_path)
        for code in runnable:
            exec(code, namespace)


def _prepare(patch: pytest.MonkeyPatch, aws: Any, path: Path, folder: Path) -> dict[str, Any]:
    session = aws.session()
    credentials = session.get_credentials().get_frozen_credentials()
    environment: Mapping[str, str | None] = {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_CA_BUNDLE": str(aws.ca_bundle),
        "AWS_DEFAULT_REGION": session.region_name,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
        "SECURE_S3_KMS_KEY_ARN": aws.kms_key_arn,
    }
    for name, value in environment.items():
        if value:
            patch.setenv(name, value)
    patch.chdir(folder)
    bucket = "document-" + re.sub(
        r"[^a-z0-9]+", "-", path.relative_to(ROOT).with_suffix("").as_posix().lower()
    )
    aws.create_bucket(bucket)
    module = types.ModuleType("document")  # a real module, so that dataclasses and pickles of a block work
    patch.setitem(sys.modules, "document", module)
    vars(module).update(aws=aws, bucket=bucket, tmp_path=folder)
    return vars(module)


@each_document
def test_relative_links_lead_to_files(path: Path) -> None:
    """Every relative link of a document points to a file of this repository."""
    assert broken_links(path, parse(path.read_text("utf-8"))[1]) == []


@each_document
def test_names_exist(path: Path) -> None:
    """Every ``secure_s3.…`` and ``errors.…`` in backticks is a name that can be imported."""
    missing = [name for name in names(code_spans(parse(path.read_text("utf-8"))[1])) if not exists(name)]
    assert missing == []


@each_document
def test_commands_exist(path: Path) -> None:
    """Every ``secure-s3 <command>`` in a document is one that the command line has."""
    parser = importlib.import_module("secure_s3.cli.main").build_parser()
    blocks, prose = parse(path.read_text("utf-8"))
    found = commands([*code_spans(prose), *(block.text for block in blocks)])
    assert [word for words in found if (word := unknown_command(parser, words))] == []


def test_readme_is_short() -> None:
    """The README can be read in one go."""
    assert len(README.read_text("utf-8").splitlines()) <= README_LINES


def test_readme_says_how_to_test() -> None:
    """The README holds the one command that the continuous integration reads from it and runs."""
    assert TEST_COMMAND in README.read_text("utf-8")


# ---------------------------------------------------------------------- the checks catch what is wrong

DOCUMENT = """\
Prose with `secure_s3.errors.NotFound` and ``errors.AccessDenied``, [a link](README.md#top "Read").

```python
x = 1
```

<!-- no-run: needs an account -->

```python
y = 2
```

1. A list:
   ```python
   z = 3
   ```

````markdown
```python
not a block of its own
```
````
"""


def test_blocks_are_found() -> None:
    """Blocks are found with their line, their indentation removed, and the reason not to run them."""
    blocks, prose = parse(DOCUMENT)
    assert blocks[:3] == [
        Block("python", "x = 1\n", 4),
        Block("python", "y = 2\n", 10, "needs an account"),
        Block("python", "z = 3\n", 15),
    ]
    assert [block.language for block in blocks[3:]] == ["markdown"]
    assert len(prose.splitlines()) == len(DOCUMENT.splitlines())
    assert "x = 1" not in prose


def test_no_run_needs_a_reason() -> None:
    """A comment without a reason is told from one that has one."""
    assert parse("<!-- no-run: -->\n```python\n```\n")[0][0].no_run is None


def test_no_run_holds_for_the_next_block_only() -> None:
    """Prose or another block between the comment and a block ends what the comment says."""
    assert parse("<!-- no-run: x -->\nprose\n```python\n```\n")[0][0].no_run == ""
    assert [b.no_run for b in parse("<!-- no-run: x -->\n```python\n```\n```python\n```\n")[0]] == ["x", ""]


def test_unclosed_block_is_an_error() -> None:
    """A document whose last block is never closed is refused."""
    with pytest.raises(ValueError, match="never closed"):
        parse("```python\nx = 1\n")


def test_failing_block_points_into_the_document() -> None:
    """The error of a block carries the document's path and line."""
    block = parse("\n\n```python\n1 / 0\n```\n")[0][0]
    with pytest.raises(ZeroDivisionError) as caught:
        exec(code_of(Path("guide.md"), block), {})
    assert (str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1) == ("guide.md", 4)


def test_block_that_does_not_compile_is_an_error() -> None:
    """A block that is not Python is refused even if it is not run."""
    with pytest.raises(SyntaxError):
        code_of(Path("guide.md"), Block("python", ">>> x\n", 1, "a session"))


@pytest.mark.parametrize(
    ("prose", "broken"),
    [
        ("[x](tests/test_documents.py)", []),
        ("[x](no/such/file.md)", ["no/such/file.md"]),
        ("![x](<no-such.png> 'title')", ["no-such.png"]),
        ("[x](no-such.md#part)", ["no-such.md#part"]),
        ("[x][y]\n\n[y]: no-such.md", ["no-such.md"]),
        ("[x](../outside.md)", ["../outside.md"]),
        ("[x](#part) [y](https://example.com/z) [z](mailto:a@example.com) `[code](no-such.md)`", []),
    ],
)
def test_broken_link_is_caught(prose: str, broken: list[str]) -> None:
    """A relative link to nothing is reported; other sites, places and code are not."""
    assert broken_links(README, prose) == broken


@pytest.mark.parametrize(
    ("prose", "missing"),
    [
        ("`secure_s3.errors.NotFound` and `errors.NotFound.diagnostics`", []),
        ("`errors.SecureS3Error.request_id` is annotated only", []),
        ("`raise errors.NotThere(…)`", ["secure_s3.errors.NotThere"]),
        ("``secure_s3.no_such_room``", ["secure_s3.no_such_room"]),
        ("`secure_s3.errors.NotFound.nothing`", ["secure_s3.errors.NotFound.nothing"]),
        ("`errors.py`, `secure_s3/errors.py`, `botocore.errors.X` and prose about secure_s3.nothing", []),
    ],
)
def test_missing_name_is_caught(prose: str, missing: list[str]) -> None:
    """A name in backticks that leads nowhere is reported; files and other packages are not."""
    assert [name for name in names(code_spans(prose)) if not exists(name)] == missing


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("secure-s3 demo", []),
        ("secure-s3 --json demo --fast && secure-s3 nothing", ["nothing"]),
        ("python -m secure_s3 nothing", ["nothing"]),
        ("$ pip install '.[local]' && secure-s3 demo", []),
        ("pip install secure-s3 boto3", []),
        ("pip install '.[local]' && secure-s3 nothing", ["nothing"]),
        ("secure-s3 presign get|put", []),
        ("secure-s3 presign get|delete", ["delete"]),
        ("secure-s3 presign nothing s3://b/k", ["nothing"]),
        ("secure-s3 --help; secure-s3 <command>; secure-s3 demo # secure-s3", []),
        ("secure-s3 demo | secure-s3 nothing", ["nothing"]),
        ("the secure-s3", []),
    ],
)
def test_missing_command_is_caught(text: str, unknown: list[str]) -> None:
    """A command, or a command below one, that the parser does not have is reported."""
    parser = argparse.ArgumentParser()
    below = parser.add_subparsers()
    below.add_parser("demo")
    presign = below.add_parser("presign").add_subparsers()
    presign.add_parser("get")
    presign.add_parser("put")
    assert [word for words in commands([text]) if (word := unknown_command(parser, words))] == unknown
