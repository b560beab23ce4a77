"""The layers of the house, read from the source without importing it.

The tables below are the design: which rooms there are, on which floor, which third party comes in through
which door, and how long a module or a function may be. ``violations`` checks any tree against them, so
that the tests at the end can show, with small made-up trees, that every rule does catch its offender.

An import counts wherever it stands: at the top, in a function, under ``TYPE_CHECKING``, or as
``import_module("…")``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "secure_s3"
ROOT = Path(__file__).resolve().parents[1]

# ------------------------------------------------------------------------------------------ the tables

# Bottom-up. A room imports itself and the floors below; its neighbours only where NEIGHBOURS says so.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("_version", "errors", "values", "limits", "profile"),
    ("encryption", "envelope", "policy", "denials", "sigv4"),
    ("guard",),
    ("transfer", "presign", "bucket", "monitoring"),
    ("client",),
    ("local", "testing"),
    ("__init__",),  # the public face gathers everything below it; only the command line stands above
    ("cli", "__main__", "policy_pytest"),
)
# (who, whom): why two rooms of one floor may know each other. On the ground floor the order of FLOORS holds.
NEIGHBOURS: dict[tuple[str, str], str] = {
    ("encryption", "envelope"): "the client-side strategy seals with the envelope's writer",
    ("denials", "policy"): "an explanation is proved with the evaluator",
    ("local", "testing"): "its pytest plugin has the fixture denied",
    ("__main__", "cli"): "python -m secure_s3 is the command line",
    ("policy_pytest", "cli"): "policy tests are read from disk in the same way",
}
GROUND = FLOORS[0]
PURE = frozenset(FLOORS[1])

# Nothing that waits, listens, or differs from run to run: time, randomness and network are arguments.
IMPURE_MODULES = frozenset(
    {"asyncio", "http", "multiprocessing", "select", "socket", "ssl", "subprocess", "threading", "time"}
)
IMPURE_NAMES = frozenset(
    {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
    | {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")}
    | {"datetime.date.today", "urllib.request", "concurrent.futures"}
)
# (module, name): why this pure module may use it all the same.
PURITY_EXCEPTIONS: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Door:
    """One way in for a third party: what, where, why."""

    what: str  # a package, or with exact=True the one name that may be imported
    where: str  # a room ("guard") or a module ("guard/waiting")
    why: str
    exact: bool = False
    types_only: bool = False

    def admits(self, imported: Import) -> bool:
        """True if this import comes through this door."""
        name_fits = imported.target == self.what or (
            not self.exact and imported.target.startswith(f"{self.what}.")
        )
        path = imported.module.replace(".", "/")
        place_fits = self.where == "*" or path == self.where or path.startswith(f"{self.where}/")
        return name_fits and place_fits and (imported.types_only or not self.types_only)


DOORS: tuple[Door, ...] = (
    Door("boto3", "guard", "the only door to boto3"),
    Door("botocore", "guard", "the only door to boto3"),
    Door("urllib3", "guard", "botocore's connections, whose TLS context the guard sets"),
    Door("botocore.exceptions.ClientError", "errors", "ServiceError is a ClientError too", exact=True),
    Door("boto3.s3.transfer.TransferConfig", "transfer", "callers pass it as Config=", exact=True),
    Door("boto3", "client", "annotations of session= and .boto3", types_only=True),
    Door("botocore", "client", "the annotation of config=", types_only=True),
    Door("mypy_boto3_s3", "*", "annotations; the stubs are not installed with the package", types_only=True),
    Door("mypy_boto3_kms", "*", "annotations; the stubs are not installed with the package", types_only=True),
    Door(
        "typing_extensions.Unpack",
        "presign/options",
        "annotations of keyword options, which typing has from Python 3.11 on",
        exact=True,
        types_only=True,
    ),
    Door("boto3", "local", "aws.session() is a plain boto3 session"),
    Door("botocore", "local", "the embedded endpoint reads botocore's service models"),
    Door("botocore", "testing", "refusals end calls of botocore before the network"),
    Door("s3transfer", "guard", "its threads run under the guard as well"),
    Door("s3transfer", "transfer", "the engine under transfers"),
    Door("aws_encryption_sdk", "envelope", "master key providers of others"),
    Door("tenacity", "guard/waiting", "the one module that waits"),
    Door("moto", "local", "what the embedded endpoint stands on"),
    Door("trustme", "local", "certificates of the embedded endpoint"),
    Door("werkzeug", "local", "the server under moto"),
    Door("pytest", "local/pytest_plugin", "the fixtures local_aws and denied"),
    Door("pytest", "policy_pytest", "collects policy tests"),
    Door("yaml", "policy/suite_text", "policy tests may be YAML"),
    Door("tomli", "policy/suite_text", "policy tests may be TOML, which Python reads from 3.11 on"),
    Door("rich", "cli", "tables and bars on a terminal"),
    Door("rich", "transfer/progress", "the bars themselves"),
    Door("cryptography", "envelope", "AES-GCM and key wrapping"),
    Door("cryptography", "encryption", "customer keys"),
    Door("cryptography", "local", "certificates and keys of the embedded endpoint"),
    Door("awscrt", "local/server/content/checksums", "CRC32C, CRC64NVME, with botocore[crt] installed"),
    Door("cryptography", "guard/probe", "what a certificate says"),
)

MODULE_LINES = 400  # every line of the file counts
FUNCTION_LINES = 40  # from `def` to the end, nested functions included, without decorators and docstring


# -------------------------------------------------------------------------------------- reading a tree


@dataclass(frozen=True)
class Import:
    """One imported name; ``module`` and ``target`` are relative to the package where they are ours."""

    module: str  # "guard.tls"; a package's own file is "guard.__init__", the root's "__init__"
    target: str  # "errors.TlsError" if it is ours, else "boto3.s3.transfer.TransferConfig"
    ours: bool
    line: int
    types_only: bool

    @property
    def here(self) -> str:
        """Where it stands, for a message."""
        return f"{self.module.replace('.', '/')}.py:{self.line}"


Tree = Mapping[str, str]  # path relative to the package ("guard/tls.py") to source


def read_tree(folder: Path) -> dict[str, str]:
    """The package's source files."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.py")}


def module_name(path: str) -> str:
    """``guard/tls.py`` is ``guard.tls``."""
    return path.removesuffix(".py").replace("/", ".")


def room_of(module: str) -> str:
    """``guard.tls`` lies in ``guard``."""
    return module.partition(".")[0]


def _is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in {getattr(test, "id", None), getattr(test, "attr", None)}


def _import_nodes(node: ast.AST, types_only: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every import statement and every call of import_module, with whether it is for annotations only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            body = ast.Module(body=child.body, type_ignores=[])
            otherwise = ast.Module(body=child.orelse, type_ignores=[])
            yield from _import_nodes(body, True)
            yield from _import_nodes(otherwise, types_only)
            continue
        if isinstance(child, ast.Import | ast.ImportFrom) or _is_dynamic(child):
            yield child, types_only
        yield from _import_nodes(child, types_only)


def _is_dynamic(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    return name in {"import_module", "__import__"}


def _written(node: ast.AST, package: str) -> list[str]:
    """The absolute dotted names that a statement imports; "" for one that cannot be read."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            above = package.split(".")
            above = above[: len(above) - node.level + 1]
            source = ".".join([*above, source] if source else above)
        return [f"{source}.{alias.name}" for alias in node.names]
    assert isinstance(node, ast.Call)
    first = node.args[0] if node.args else None
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return [""]
    name = first.value
    if name.startswith("."):
        depth = len(name) - len(name.lstrip("."))
        above = package.split(".")
        name = ".".join([*above[: len(above) - depth + 1], name.lstrip(".")])
    return [name]


def imports_of(path: str, source: str) -> list[Import]:
    """All imports of one module."""
    module = module_name(path)
    package = ".".join([PACKAGE, *module.split(".")[:-1]])
    found = []
    for node, types_only in _import_nodes(ast.parse(source, path)):
        for name in _written(node, package):
            head, _, rest = name.partition(".")
            ours = head == PACKAGE
            found.append(Import(module, rest if ours else name, ours, node.lineno, types_only))
    return found


def rooms_known() -> dict[str, int]:
    """Every room with its floor."""
    return {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def target_room(imported: Import) -> str:
    """The room an import of ours leads to; a name of the package itself leads to its public face."""
    room = room_of(imported.target)
    return room if room in rooms_known() else "__init__"


def target_module(imported: Import, modules: set[str]) -> str:
    """The module an import of ours leads to: the longest part of its name that is one."""
    parts = imported.target.split(".") if imported.target else []
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in modules:
            return name
        if f"{name}.__init__" in modules:
            return f"{name}.__init__"
    return "__init__"


# ------------------------------------------------------------------------------------------- the rules


def check_rooms(tree: Tree) -> Iterator[str]:
    """Every file belongs to a room of the design."""
    for path in tree:
        if room_of(module_name(path)) not in rooms_known():
            yield f"{path}: no room of the design; say in FLOORS where it stands"


def check_layers(tree: Tree) -> Iterator[str]:
    """Imports run strictly downward."""
    floors = rooms_known()
    for imported in all_imports(tree):
        mine = room_of(imported.module)
        if not imported.ours or mine not in floors:
            continue
        other = target_room(imported)
        if other == mine or floors[other] < floors[mine] or (mine, other) in NEIGHBOURS:
            continue
        if floors[other] > floors[mine]:
            yield f"{imported.here}: {mine} imports {other}, which stands above it"
        elif mine not in GROUND:
            yield f"{imported.here}: {mine} imports {other}, its neighbour"
        elif GROUND.index(other) > GROUND.index(mine):
            yield f"{imported.here}: {mine} imports {other}, which comes after it on the ground floor"


def check_cycles(tree: Tree) -> Iterator[str]:
    """No module reaches itself."""
    modules = {module_name(path) for path in tree}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for imported in all_imports(tree):
        if imported.ours:
            graph[imported.module].add(target_module(imported, modules))
    for cycle in _cycles(graph):
        yield f"{' -> '.join([*cycle, cycle[0]])}: a cycle"


def _cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """One cycle for each module that is the first, by name, of those it can reach and come back from."""
    found = []
    for start in sorted(graph):
        trails, seen = [[start]], {start}
        while trails:
            trail = trails.pop()
            following = graph.get(trail[-1], set())
            if start in following:
                found.append(trail)
                break
            for module in sorted(following - seen):
                if module > start:
                    seen.add(module)
                    trails.append([*trail, module])
    return found


def check_doors(tree: Tree) -> Iterator[str]:
    """Every third party comes in through a door that says why."""
    for imported in all_imports(tree):
        if imported.ours:
            continue
        package = room_of(imported.target)
        if not package:
            if imported.module != "__init__":
                yield f"{imported.here}: imports a computed name, which no test can read"
        elif package not in sys.stdlib_module_names and not any(door.admits(imported) for door in DOORS):
            yield f"{imported.here}: imports {imported.target}, and there is no door for it here"


def check_purity(tree: Tree) -> Iterator[str]:
    """The pure rooms have no clock, no environment, no network."""
    for path, source in tree.items():
        module = module_name(path)
        if room_of(module) not in PURE:
            continue
        for name, line in sorted(_impurities(path, source)):
            if (module, name) not in PURITY_EXCEPTIONS:
                yield f"{path}:{line}: {name} in a pure room; make it an argument"


def _impurities(path: str, source: str) -> set[tuple[str, int]]:
    found = set()
    for imported in imports_of(path, source):
        if not imported.ours and room_of(imported.target) in IMPURE_MODULES:
            found.add((room_of(imported.target), imported.line))
        elif any(f"{imported.target}.".startswith(f"{name}.") for name in IMPURE_NAMES):
            found.add((imported.target, imported.line))
    tree = ast.parse(source, path)
    meaning = _bindings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _spelled_out(node, meaning)) in IMPURE_NAMES:
            found.add((name, node.lineno))
    return found


def _bindings(tree: ast.AST) -> dict[str, str]:
    """What the imported names of a module stand for."""
    meaning = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else room_of(alias.name)
                meaning[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return meaning


def _spelled_out(node: ast.expr, meaning: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_spelled_out(node.value, meaning)}.{node.attr}"
    return meaning.get(node.id, "") if isinstance(node, ast.Name) else ""


def check_sizes(tree: Tree) -> Iterator[str]:
    """Modules and functions stay small enough to be read at once."""
    for path, source in tree.items():
        lines = len(source.splitlines())
        if lines > MODULE_LINES:
            yield f"{path}: {lines} lines, more than {MODULE_LINES}"
        for node in ast.walk(ast.parse(source, path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = function_lines(node)
                if length > FUNCTION_LINES:
                    yield f"{path}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}"


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The length of a function without its decorators and its docstring."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return length


def all_imports(tree: Tree) -> Iterator[Import]:
    """All imports of all modules."""
    for path, source in sorted(tree.items()):
        yield from imports_of(path, source)


RULES = {
    "rooms": check_rooms,
    "layers": check_layers,
    "cycles": check_cycles,
    "doors": check_doors,
    "purity": check_purity,
    "sizes": check_sizes,
}


def violations(tree: Tree) -> list[str]:
    """What the rules have to say about a tree, each entry opened by the name of its rule."""
    return [f"{rule}: {message}" for rule, check in RULES.items() for message in check(tree)]


# -------------------------------------------------------------------------------------- the real house


@pytest.fixture(scope="module")
def house() -> dict[str, str]:
    return read_tree(ROOT / PACKAGE)


@pytest.mark.parametrize("rule", RULES)
def test_house_keeps_the_rule(rule: str, house: dict[str, str]) -> None:
    """The package itself breaks none of the rules."""
    found = list(RULES[rule](house))
    assert not found, "\n".join(["", *found])


def test_house_is_really_read(house: dict[str, str]) -> None:
    """The reader finds the package's modules and, in errors.py, the one import of botocore."""
    assert {"__init__.py", "errors.py", "_version.py"} <= set(house)
    assert "botocore.exceptions.ClientError" in {
        i.target for i in imports_of("errors.py", house["errors.py"])
    }


def test_every_exception_has_a_reason() -> None:
    """No entry of a table of exceptions stands without its reason."""
    reasons = [*NEIGHBOURS.values(), *PURITY_EXCEPTIONS.values(), *(door.why for door in DOORS)]
    assert all(reason.strip() for reason in reasons)


# --------------------------------------------------------------------- the rules catch their offenders

SOUND = {
    "__init__.py": "from secure_s3 import errors\nfrom secure_s3.client import SecureS3Client",
    "__main__.py": "from secure_s3.cli.main import main",
    "errors.py": "from botocore.exceptions import ClientError",
    "values.py": "from secure_s3.errors import ConfigurationError",
    "limits.py": "from secure_s3 import values",
    "profile.py": "import os\nfrom secure_s3 import limits, values\nos.environ",
    "encryption/__init__.py": "from .client_side import ClientSide",
    "encryption/client_side.py": "from secure_s3.envelope import writer\nfrom ..values import Arn",
    "envelope/__init__.py": "",
    "envelope/writer.py": "from cryptography.hazmat.primitives.ciphers import aead",
    "policy/matching.py": "import datetime\ndef after(when: datetime.datetime): return when.date()",
    "guard/__init__.py": "from secure_s3.guard.session import guarded",
    "guard/session.py": "import boto3\nfrom secure_s3.encryption import ClientSide\nfrom . import waiting",
    "guard/waiting.py": "import tenacity, time",
    "transfer/upload.py": "from boto3.s3.transfer import TransferConfig\nimport s3transfer.manager",
    "client.py": "import typing as t\nif t.TYPE_CHECKING:\n    import boto3\nfrom secure_s3 import guard",
    "local/__init__.py": "def start():\n    import moto.server\n    from secure_s3 import client",
    "cli/main.py": "import secure_s3\nfrom secure_s3 import SecureS3Client\nfrom rich import progress",
}

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
OFFENDERS = [
    # rooms
    ("utils.py", "", "rooms: utils.py"),
    ("storage/x.py", "", "rooms: storage/x.py"),
    # layers: upward
    ("errors.py", "from secure_s3.guard import session", "layers: errors.py:1: errors imports guard"),
    ("guard/x.py", "import secure_s3.transfer.upload", "layers: guard/x.py:1: guard imports transfer"),
    ("guard/x.py", "from ..client import SecureS3Client", "layers: guard/x.py:1: guard imports client"),
    (
        "guard/x.py",
        "def f():\n    from secure_s3 import client",
        "layers: guard/x.py:2: guard imports client",
    ),
    ("client.py", "from secure_s3.local import LocalAws", "layers: client.py:1: client imports local"),
    ("client.py", "import importlib\nimportlib.import_module('secure_s3.local')", "client imports local"),
    (
        "client.py",
        "from importlib import import_module as i\n__import__('secure_s3.cli')",
        "client imports cli",
    ),
    (
        "guard/x.py",
        "import importlib\nimportlib.import_module('..client', __package__)",
        "guard imports client",
    ),
    ("local/x.py", "from ..cli import main", "layers: local/x.py:1: local imports cli"),
    ("policy/x.py", "from secure_s3 import guard", "layers: policy/x.py:1: policy imports guard"),
    (
        "policy/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from secure_s3.guard import x",
        "layers: policy/x.py:3: policy imports guard",
    ),
    ("guard/x.py", "from secure_s3 import SecureS3Client", "layers: guard/x.py:1: guard imports __init__"),
    ("guard/x.py", "import secure_s3", "layers: guard/x.py:1: guard imports __init__"),
    ("guard/x.py", "from .. import *", "layers: guard/x.py:1: guard imports __init__"),
    # layers: sideways
    ("denials/x.py", "from secure_s3.encryption import SseC", "denials imports encryption, its neighbour"),
    ("envelope/x.py", "from secure_s3.encryption import SseC", "envelope imports encryption, its neighbour"),
    ("sigv4.py", "from . import policy", "layers: sigv4.py:1: sigv4 imports policy, its neighbour"),
    ("transfer/x.py", "from secure_s3 import presign", "transfer imports presign, its neighbour"),
    ("bucket/x.py", "from ..monitoring.trail import T", "bucket imports monitoring, its neighbour"),
    ("cli/x.py", "from secure_s3 import __main__", "layers: cli/x.py:1: cli imports __main__, its neighbour"),
    # layers: the order on the ground floor
    ("errors.py", "from secure_s3.values import Arn", "errors imports values, which comes after it"),
    ("values.py", "from secure_s3 import limits", "values imports limits, which comes after it"),
    ("limits.py", "from . import profile", "limits imports profile, which comes after it"),
    # cycles
    ("guard/session.py", "from secure_s3.guard import guarded", "cycles: guard.__init__ -> guard.session"),
    (
        "guard/waiting.py",
        "def f():\n    from .session import guarded",
        "cycles: guard.session -> guard.waiting",
    ),
    ("guard/waiting.py", "from . import waiting", "cycles: guard.waiting -> guard.waiting"),
    # doors
    ("client.py", "import boto3", "doors: client.py:1: imports boto3"),
    ("cli/main.py", "import boto3", "doors: cli/main.py:1: imports boto3"),
    ("errors.py", "import botocore", "doors: errors.py:1: imports botocore"),
    (
        "errors.py",
        "from botocore.exceptions import NoRegionError",
        "imports botocore.exceptions.NoRegionError",
    ),
    ("encryption/x.py", "from botocore.client import Config", "doors: encryption/x.py:1"),
    ("transfer/x.py", "from boto3.s3.transfer import S3Transfer", "imports boto3.s3.transfer.S3Transfer"),
    ("transfer/x.py", "import boto3", "doors: transfer/x.py:1: imports boto3"),
    ("transfer/x.py", "def f():\n    import boto3.session", "doors: transfer/x.py:2: imports boto3.session"),
    ("bucket/x.py", "import s3transfer", "doors: bucket/x.py:1: imports s3transfer"),
    ("encryption/x.py", "import aws_encryption_sdk", "doors: encryption/x.py:1: imports aws_encryption_sdk"),
    ("guard/session.py", "import tenacity", "doors: guard/session.py:1: imports tenacity"),
    ("cli/main.py", "from moto.server import ThreadedMotoServer", "doors: cli/main.py:1: imports moto"),
    ("guard/x.py", "import trustme", "doors: guard/x.py:1: imports trustme"),
    ("guard/x.py", "import werkzeug", "doors: guard/x.py:1: imports werkzeug"),
    ("transfer/upload.py", "import rich", "doors: transfer/upload.py:1: imports rich"),
    ("guard/session.py", "import cryptography", "doors: guard/session.py:1: imports cryptography"),
    ("guard/x.py", "import mypy_boto3_s3", "doors: guard/x.py:1: imports mypy_boto3_s3"),
    ("guard/x.py", "import requests", "doors: guard/x.py:1: imports requests"),
    (
        "guard/x.py",
        "import importlib\nimportlib.import_module(f())",
        "doors: guard/x.py:2: imports a computed",
    ),
    (
        "client.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import boto3",
        "doors: client.py:5: imports boto3",
    ),
    # purity
    *(
        (f"{room}/x.py", "import socket", f"purity: {room}/x.py:1: socket")
        for room in sorted(PURE - {"sigv4"})
    ),
    ("sigv4.py", "import time", "purity: sigv4.py:1: time in a pure room"),
    (
        "sigv4.py",
        "from datetime import datetime\ndatetime.now()",
        "purity: sigv4.py:2: datetime.datetime.now",
    ),
    (
        "sigv4.py",
        "import datetime as d\nf = d.datetime.utcnow",
        "purity: sigv4.py:2: datetime.datetime.utcnow",
    ),
    ("sigv4.py", "from datetime import date as day\nday.today()", "purity: sigv4.py:2: datetime.date.today"),
    ("policy/x.py", "import ssl", "purity: policy/x.py:1: ssl"),
    ("policy/x.py", "def f():\n    import subprocess", "purity: policy/x.py:2: subprocess"),
    ("policy/x.py", "from threading import Lock", "purity: policy/x.py:1: threading"),
    ("policy/x.py", "from time import sleep", "purity: policy/x.py:1: time"),
    ("policy/x.py", "import os\nos.environ['HOME']", "purity: policy/x.py:2: os.environ"),
    ("policy/x.py", "import os as o\no.getenv('HOME')", "purity: policy/x.py:2: os.getenv"),
    ("policy/x.py", "from os import environ", "purity: policy/x.py:1: os.environ"),
    ("policy/x.py", "import urllib.request", "purity: policy/x.py:1: urllib.request"),
    # sizes
    ("guard/x.py", "x = 1\n" * (MODULE_LINES + 1), f"sizes: guard/x.py: {MODULE_LINES + 1} lines"),
    ("guard/x.py", LONG_FUNCTION, f"sizes: guard/x.py:1: f has {FUNCTION_LINES + 1} lines"),
    ("guard/x.py", "async " + LONG_FUNCTION, f"sizes: guard/x.py:1: f has {FUNCTION_LINES + 1} lines"),
]


def test_sound_tree_passes() -> None:
    """A small tree that uses every permitted way in breaks no rule."""
    assert violations(SOUND) == []


@pytest.mark.parametrize(
    ("path", "source", "expected"), OFFENDERS, ids=[f"{n}-{case[0]}" for n, case in enumerate(OFFENDERS)]
)
def test_offender_is_caught(path: str, source: str, expected: str) -> None:
    """One offending file in the sound tree is reported, by the rule it breaks."""
    assert any(expected in message for message in violations({**SOUND, path: source}))


def test_every_rule_has_an_offender() -> None:
    """There is no rule that has not been seen to fail."""
    caught = {
        line.partition(":")[0]
        for path, source, _ in OFFENDERS
        for line in violations({**SOUND, path: source})
    }
    assert caught == set(RULES)


def test_long_cycle_is_reported_once() -> None:
    """A cycle through three modules is one finding, not three."""
    tree = {"guard/a.py": "from . import b", "guard/b.py": "from . import c", "guard/c.py": "from . import a"}
    assert list(check_cycles(tree)) == ["guard.a -> guard.b -> guard.c -> guard.a: a cycle"]


def test_docstring_and_decorators_are_not_counted() -> None:
    """A function of the greatest permitted length may have any docstring and decorators on top."""
    docstring = '    """' + "text\n" * 30 + '    """\n'
    source = "@cached\n" + LONG_FUNCTION.replace("    x = 1\n", docstring, 1)
    assert list(check_sizes({"guard/x.py": source})) == []
