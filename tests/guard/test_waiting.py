"""Repeating what botocore does not repeat, without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from secure_s3 import errors
from secure_s3.guard import waiting


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    waiting.set_testing(True)
    yield
    waiting.set_testing(False)


def failing(times: int, error: BaseException) -> tuple[Callable[[], int], list[int]]:
    calls: list[int] = []

    def action() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return action, calls


@pytest.mark.parametrize("times", range(5))
def test_it_goes_on_until_it_works(times: int) -> None:
    """An action that fails a few times is repeated until it works."""
    action, calls = failing(times, errors.TransportError("broke"))
    assert waiting.attempt(action, on=(errors.TransportError,)) == times + 1
    assert len(calls) == times + 1


@pytest.mark.parametrize("attempts", [1, 2, 3, 5, 9])
def test_the_attempts_are_counted(attempts: int) -> None:
    """An action that always fails is tried as often as asked, and its last exception raised as it is."""
    error = errors.TransportError("broke")
    action, calls = failing(99, error)
    with pytest.raises(errors.TransportError) as caught:
        waiting.attempt(action, on=(errors.TransportError,), attempts=attempts)
    assert caught.value is error
    assert len(calls) == attempts


@pytest.mark.parametrize("attempts", [0, -1])
def test_at_least_once(attempts: int) -> None:
    """Even with no attempts left an action is tried once."""
    action, calls = failing(99, errors.TransportError("broke"))
    with pytest.raises(errors.TransportError):
        waiting.attempt(action, on=(errors.TransportError,), attempts=attempts)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "error", [errors.AccessDenied("no"), errors.TlsError("no"), ValueError("no"), KeyboardInterrupt()]
)
def test_the_rest_is_not_repeated(error: BaseException) -> None:
    """What is not listed, a refusal above all, is raised at once."""
    action, calls = failing(99, error)
    with pytest.raises(type(error)):
        waiting.attempt(action, on=(errors.SourceChanged, ConnectionError))
    assert len(calls) == 1


def test_another_error_ends_the_repeating() -> None:
    """A refusal after a listed error ends it."""
    calls: list[int] = []

    def action() -> None:
        calls.append(1)
        raise errors.TransportError("broke") if len(calls) == 1 else errors.AccessDenied("no")

    with pytest.raises(errors.AccessDenied):
        waiting.attempt(action, on=(errors.TransportError,))
    assert len(calls) == 2


def test_pauses_are_taken_unless_testing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside tests there are pauses between attempts, which grow and stay below the limit."""
    import tenacity

    waiting.set_testing(False)
    pauses: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", type("Clock", (), {"sleep": staticmethod(pauses.append)}))
    action, _ = failing(99, errors.TransportError("broke"))
    with pytest.raises(errors.TransportError):
        waiting.attempt(action, on=(errors.TransportError,), attempts=9)
    assert len(pauses) == 7
    assert all(0 <= pause <= 5 for pause in pauses)
    assert len(set(pauses)) > 1
