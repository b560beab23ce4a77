"""The public face: the names that are there, what they carry, and what importing them costs."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from botocore.exceptions import ClientError

import secure_s3
from secure_s3 import errors

PUBLIC = {
    "SecureS3Client",
    "SseKms",
    "SseS3",
    "DsseKms",
    "SseC",
    "ClientSide",
    "KmsKeys",
    "RawAesKey",
    "SecurityProfile",
    "secure_session",
    "harden",
    "errors",
}
# Each costs time or is optional; it is imported when it is used. What boto3 itself imports is not counted.
IMPORTED_WHEN_USED = {
    "aws_encryption_sdk",
    "cryptography",
    "dask",
    "moto",
    "pandas",
    "pytest",
    "rich",
    "secure_s3.bucket",
    "secure_s3.denials.catalogue",
    "secure_s3.monitoring",
    "secure_s3.policy",
    "secure_s3.testing",
    "tenacity",
    "trustme",
    "werkzeug",
}
POLICY = {
    "Policy",
    "Statement",
    "AccessRequest",
    "evaluate",
    "Decision",
    "Reason",
    "lint",
    "Finding",
    "Severity",
    "lockout",
    "statements",
    "bundles",
    "suites",
    "canonical",
    "diff",
    "Difference",
    "merge",
    "apply_patch",
    "fixed",
    "Fixed",
    "UNKNOWN",
    "OneOf",
    "Between",
}
ERRORS = [getattr(errors, name) for name in errors.__all__]
DETAILS = {
    "why": "the bucket policy says so",
    "fix": "ask for another one",
    "operation": "PutObject",
    "bucket": "reports",
    "key": "2025/january.csv",
    "code": "AccessDenied",
    "status": 403,
    "request_id": "4442587FB7D0A2F9",
}
RESPONSE = {
    "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
    "ResponseMetadata": {"RetryAttempts": 0},
}


def full(cls: type[errors.SecureS3Error]) -> errors.SecureS3Error:
    """An error of this class that knows everything an error can know."""
    more = {"response": RESPONSE} if issubclass(cls, errors.ServiceError) else {}
    error = cls("The object was not written.", **DETAILS, **more)
    if cls is errors.BatchFailed:
        error.results = ["ok", "failed"]
    return error


def drawn_tree(drawing: str) -> dict[str, tuple[str, ...]]:
    """Each class of a drawing with its parents: the one it hangs under, then those in brackets."""
    line = re.compile(
        r"^(?P<indent>[ │]*)(?P<branch>[├└]── )?(?P<name>[A-Z]\w*)(?: \((?P<other>\w+)\))?(?:  .*)?$"
    )
    tree: dict[str, tuple[str, ...]] = {}
    above: list[tuple[int, str]] = []
    for match in filter(None, map(line.match, drawing.splitlines())):
        if not match["branch"] and above:
            continue  # prose after the drawing
        column = match.start("name")
        above = [(other, name) for other, name in above if other < column]
        parents = [above[-1][1]] if above else ["Exception"]
        tree[match["name"]] = (*parents, match["other"]) if match["other"] else tuple(parents)
        above.append((column, match["name"]))
    return tree


def declared_tree(module: ModuleType) -> dict[str, tuple[str, ...]]:
    """Each exception class that a module defines, with its parents."""
    return {
        name: tuple(parent.__name__ for parent in thing.__bases__)
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and issubclass(thing, BaseException) and thing.__module__ == module.__name__
    }


# --------------------------------------------------------------------------------- the package's names


def test_promised_names_are_exported() -> None:
    """Every name the design promises stands in __all__."""
    assert set(secure_s3.__all__) >= PUBLIC


def test_exports_are_listed_once() -> None:
    """__all__ names nothing twice."""
    assert len(secure_s3.__all__) == len(set(secure_s3.__all__))


@pytest.mark.parametrize("name", secure_s3.__all__)
def test_export_is_documented_and_found_where_it_says(name: str) -> None:
    """An exported class, function or module has a docstring and can be imported from its ``__module__``."""
    thing = getattr(secure_s3, name)
    if isinstance(thing, ModuleType):
        assert (thing.__doc__ or "").strip()
    elif inspect.isclass(thing) or callable(thing):
        assert (thing.__doc__ or "").strip()
        assert thing.__module__.partition(".")[0] == "secure_s3"
        assert getattr(sys.modules[thing.__module__], name) is thing


def test_the_policy_room_exports_what_is_promised() -> None:
    """The names of the policy language are there, listed once, and lead to something."""
    from secure_s3 import policy

    assert set(policy.__all__) == POLICY
    assert len(policy.__all__) == len(POLICY)
    assert all(getattr(policy, name) is not None for name in POLICY)


def test_unknown_name_is_refused() -> None:
    """A name that is not exported is an AttributeError, whatever lazy imports there are."""
    with pytest.raises(AttributeError, match="no_such_name"):
        secure_s3.no_such_name  # noqa: B018 - reading it is the test


@pytest.mark.parametrize("module", sorted(IMPORTED_WHEN_USED))
def test_import_leaves_costly_packages_alone(module: str, imported_modules: set[str]) -> None:
    """``import secure_s3`` does not import what only some of its features need."""
    assert module not in imported_modules


@pytest.fixture(scope="module")
def imported_modules() -> set[str]:
    """The packages that a fresh interpreter has after ``import secure_s3`` and not after ``import boto3``."""
    code = (
        "import sys, boto3.session, boto3.s3.transfer; before = set(sys.modules); import secure_s3;"
        "new = set(sys.modules) - before; print(*sorted(new | {name.partition('.')[0] for name in new}))"
    )
    folder = Path(secure_s3.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "secure_s3" in modules
    return modules


# ------------------------------------------------------------------------------------------ the errors


def test_all_errors_are_exported() -> None:
    """errors.__all__ holds every exception class of the module, and nothing else."""
    assert set(errors.__all__) == set(declared_tree(errors))
    assert len(errors.__all__) == len(set(errors.__all__))


def test_drawing_shows_the_tree() -> None:
    """The tree drawn in the docstring lists exactly the classes there are, under their parents."""
    assert drawn_tree(errors.__doc__ or "") == declared_tree(errors)


def test_drawing_is_read_as_drawn() -> None:
    """The reader of drawings tells siblings from children, and sees a second parent."""
    drawing = """Text.

    A
    ├── B (ValueError)   x
    │   └── C            y
    └── D
        └── E

Prose.
"""
    assert drawn_tree(drawing) == {
        "A": ("Exception",),
        "B": ("A", "ValueError"),
        "C": ("B",),
        "D": ("A",),
        "E": ("D",),
    }


def test_drawing_that_lies_is_noticed() -> None:
    """A class drawn under another parent, left out, or invented makes the trees differ."""
    drawing = errors.__doc__ or ""
    for wrong in (
        drawing.replace("│   └── TlsError", "├── TlsError"),
        re.sub(r".*── NotFound .*\n", "", drawing),
        drawing.replace("── NotFound ", "── Invented "),
        drawing.replace("ConfigurationError (ValueError)", "ConfigurationError"),
    ):
        assert wrong != drawing
        assert drawn_tree(wrong) != declared_tree(errors)


@pytest.mark.parametrize("cls", ERRORS)
def test_error_is_one_of_ours(cls: type[BaseException]) -> None:
    """Every error is a SecureS3Error and has a docstring of its own."""
    assert issubclass(cls, errors.SecureS3Error)
    assert (cls.__dict__.get("__doc__") or "").strip()


@pytest.mark.parametrize("cls", ERRORS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_error_survives_pickling(cls: type[errors.SecureS3Error], protocol: int) -> None:
    """A pickled error comes back as the same class with every attribute."""
    error = full(cls)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert_same(again, error)


@pytest.mark.parametrize("cls", ERRORS)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_error_survives_copying(cls: type[errors.SecureS3Error], copied: object) -> None:
    """A copied error is the same class with every attribute."""
    error = full(cls)
    assert_same(copied(error), error)  # type: ignore[operator]


def assert_same(again: errors.SecureS3Error, error: errors.SecureS3Error) -> None:
    assert type(again) is type(error)
    assert again is not error
    assert vars(again) == vars(error)
    assert again.args == error.args
    assert str(again) == str(error)
    assert again.diagnostics() == error.diagnostics()
    assert {name: getattr(again, name) for name in DETAILS} == DETAILS


@pytest.mark.parametrize("cls", [cls for cls in ERRORS if issubclass(cls, errors.ServiceError)])
def test_service_error_is_caught_as_client_error(cls: type[errors.ServiceError]) -> None:
    """``except ClientError`` catches it, with botocore's .response and .operation_name."""
    with pytest.raises(ClientError) as caught:
        raise full(cls)
    assert caught.value.response == RESPONSE
    assert caught.value.operation_name == "PutObject"


@pytest.mark.parametrize("cls", [cls for cls in ERRORS if not issubclass(cls, errors.ServiceError)])
def test_local_error_is_no_client_error(cls: type[errors.SecureS3Error]) -> None:
    """What no service said is not caught by ``except ClientError``."""
    assert not issubclass(cls, ClientError)


@pytest.mark.parametrize("cls", ERRORS)
def test_text_says_what_why_and_fix(cls: type[errors.SecureS3Error]) -> None:
    """str() says what happened, why, and how to mend it."""
    text = str(full(cls))
    assert all(part in text for part in ("The object was not written.", DETAILS["why"], DETAILS["fix"]))


@pytest.mark.parametrize("cls", ERRORS)
def test_text_without_reason_has_no_empty_lines(cls: type[errors.SecureS3Error]) -> None:
    """An error that knows neither why nor fix says only what happened."""
    assert str(cls("The object was not written.")) == "The object was not written."


@pytest.mark.parametrize("cls", ERRORS)
def test_repr_is_one_short_line(cls: type[errors.SecureS3Error]) -> None:
    """repr() names the class and what happened, and leaves out the reason."""
    text = repr(full(cls))
    assert text.startswith(cls.__name__)
    assert DETAILS["why"] not in text
    assert "\n" not in text


@pytest.mark.parametrize("cls", ERRORS)
def test_diagnostics_name_the_class(cls: type[errors.SecureS3Error]) -> None:
    """diagnostics() holds every detail under its own name, and the name of the class."""
    diagnostics = full(cls).diagnostics()
    assert (
        diagnostics.items()
        >= {**DETAILS, "error": cls.__name__, "what": "The object was not written."}.items()
    )
