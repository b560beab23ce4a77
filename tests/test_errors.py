"""One exception tree on one screen, which can be caught, shown, logged and pickled."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.denials import Denial

TREE = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]
DETAILS = {"operation": "PutObject", "bucket": "b", "key": "k", "code": "X", "status": 400, "request_id": "R"}


def drawn() -> dict[str, str]:
    """The tree as the module's docstring draws it: each name with its parent's."""
    parents: list[tuple[int, str]] = []
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^( {4}[│ ]*(?:[├└]── )?)([A-Z]\w+)", line)
        if match is None:
            continue
        depth = len(match[1])
        while parents and parents[-1][0] >= depth:
            parents.pop()
        found[match[2]] = parents[-1][1] if parents else "Exception"
        parents.append((depth, match[2]))
    return found


def test_the_drawing_is_the_tree() -> None:
    """The tree that the module's docstring draws is the tree there is."""
    assert drawn() == {cls.__name__: cls.__bases__[0].__name__ for cls in TREE}


def test_everything_is_exported() -> None:
    """Every class of the tree is exported, and nothing else."""
    assert sorted(errors.__all__) == sorted(cls.__name__ for cls in TREE)


@pytest.mark.parametrize("cls", TREE)
class TestEachClass:
    """What holds for every class."""

    def test_family(self, cls: type[errors.SecureS3Error]) -> None:
        """It is caught by the root, has a docstring, and is documented in a sentence."""
        assert issubclass(cls, errors.SecureS3Error)
        assert cls.__doc__
        assert cls.__doc__.strip().split("\n")[0].endswith((".", "that"))

    def test_text(self, cls: type[errors.SecureS3Error]) -> None:
        """Its text says what, why and how to mend it; without the last two it is one line."""
        error = cls("What happened", why="this is why", fix="do that", **DETAILS)
        assert str(error) == "What happened\n  why: this is why\n  fix: do that"
        assert str(cls("What happened")) == "What happened"
        assert repr(error) == f"{cls.__name__}('What happened')"
        assert error.args == (str(error),)

    def test_diagnostics(self, cls: type[errors.SecureS3Error]) -> None:
        """Its diagnostics are plain values, and hold what is known only."""
        error = cls("What", why="why", fix="fix", **DETAILS)
        assert error.diagnostics() == {
            "error": cls.__name__,
            "what": "What",
            "why": "why",
            "fix": "fix",
            **DETAILS,
        }
        assert cls("What").diagnostics() == {"error": cls.__name__, "what": "What", "why": "", "fix": ""}

    def test_pickle_and_copy(self, cls: type[errors.SecureS3Error]) -> None:
        """It survives pickling in every protocol and copying, with all it knows."""
        error = cls("What", why="why", fix="fix", **DETAILS)
        twins = [
            pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ]
        for twin in (*twins, copy.copy(error), copy.deepcopy(error)):
            assert type(twin) is cls
            assert twin.diagnostics() == error.diagnostics()
            assert str(twin) == str(error)
            assert twin.args == error.args

    def test_details_go_by_name(self, cls: type[errors.SecureS3Error]) -> None:
        """Only the first sentence goes by position, and unknown details are refused."""
        with pytest.raises(TypeError):
            cls("What", "why")  # type: ignore[misc]
        with pytest.raises(TypeError):
            cls("What", colour="blue")  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            cls()  # type: ignore[call-arg]


@pytest.mark.parametrize("cls", [cls for cls in TREE if issubclass(cls, errors.ServiceError)])
def test_service_errors_are_client_errors(cls: type[errors.ServiceError]) -> None:
    """What a service answered is a ClientError, with its response and operation."""
    response = {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    with pytest.raises(ClientError) as caught:
        raise cls("What", response=response, operation="PutObject")
    assert caught.value.response == response
    assert caught.value.operation_name == "PutObject"
    again: Any = pickle.loads(pickle.dumps(caught.value))
    assert again.response == response
    assert again.operation_name == "PutObject"
    assert cls("What").response == {}


@pytest.mark.parametrize("cls", [cls for cls in TREE if not issubclass(cls, errors.ServiceError)])
def test_the_others_are_not(cls: type[errors.SecureS3Error]) -> None:
    """What no service answered is no ClientError."""
    assert not issubclass(cls, ClientError)


def test_configuration_errors_are_value_errors() -> None:
    """What is wrong with an argument is a ValueError too, and nothing else is."""
    for cls in TREE:
        assert issubclass(cls, ValueError) is issubclass(cls, errors.ConfigurationError)


def test_extra_attributes_survive_pickling() -> None:
    """Attributes that some classes carry besides survive pickling."""
    error = errors.BatchFailed("Some failed")
    error.results = [1, 2]
    assert pickle.loads(pickle.dumps(error)).results == [1, 2]


def test_a_denial_is_told_and_travels() -> None:
    """What the denial says is among the diagnostics, as far as it says anything, and survives pickling."""
    error = errors.AccessDenied("What", code="AccessDenied")
    error.denial = Denial("bucket_policy", explicit=False, action="s3:GetObject", principal="anonymous")
    told = {"cause": "bucket_policy", "explicit": False, "action": "s3:GetObject", "principal": "anonymous"}
    assert error.diagnostics() == errors.AccessDenied("What", code="AccessDenied").diagnostics() | told
    again = pickle.loads(pickle.dumps(error))
    assert again.denial == error.denial
    assert again.diagnostics() == error.diagnostics()


def test_what_stands_for_another_has_its_denial() -> None:
    """An error that is made of another takes over its denial, and what else is kept with it; no more."""
    first, second = errors.AccessDenied("What"), errors.KeyAccessError("Where")
    first.denial, kept = Denial("kms_access"), object()
    first.__dict__[errors.REFUSED] = kept
    errors.hand_on(first, second)
    assert (vars(second)["denial"], vars(second)[errors.REFUSED]) == (first.denial, kept)
    assert second.what == "Where"
    errors.hand_on(ValueError("x"), second)
    assert vars(second)["denial"] is first.denial


@pytest.mark.parametrize("error", [errors.AccessDenied("x"), errors.NotFound("x"), errors.KeyDenied("x")])
def test_without_a_client_nothing_is_explained(error: errors.ServiceError) -> None:
    """An error that was made by hand knows no client, and says whom to ask."""
    assert error.denial is None
    with pytest.raises(errors.ConfigurationError, match=r"s3\.explain\(error\)"):
        error.explain()


@given(st.text(), st.text(), st.text())
def test_any_text(what: str, why: str, fix: str) -> None:
    """Any text survives, braces and percent signs included."""
    error = errors.AccessDenied(what, why=why, fix=fix)
    assert pickle.loads(pickle.dumps(error)).diagnostics() == error.diagnostics()
    assert what in str(error)
