"""Calls of botocore clients that end before the network, with an answer made here.

``BaseClient._make_api_call`` is replaced while at least one diversion is in force; all clients of the process
come through it. A call that is diverted runs as it would, handlers, guard, encryption and signature
included, up to where the request would be sent. Handlers of ``before-send``, which answer or send by
themselves, are not asked. All others run untouched.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient

from ..guard.rehearsal import placeholders

Answer = Callable[[Any], AWSResponse]
"""Makes the answer to a prepared request."""


class Diversion(Protocol):
    """Decides which calls do not reach the network."""

    def begin(self, client: Any, operation: str, parameters: Mapping[str, Any]) -> Answer | None:
        """How the call is answered; None if it is none of this diversion's business."""

    def end(self, answer: Answer) -> None:
        """The call that ``begin`` gave *answer* for is over."""


_CLIENT: Any = BaseClient
_lock = threading.Lock()
_in_force: tuple[Diversion, ...] = ()
_original: Any = None
_installed = False


def start(diversion: Diversion) -> None:
    """Put it in force; among several, the one that came last is asked first."""
    global _in_force, _installed, _original
    with _lock:
        # Ours may be there already, underneath what another has put on top of it meanwhile.
        if not _installed or _CLIENT._make_api_call is _original:
            _original, _installed = _CLIENT._make_api_call, True
            _CLIENT._make_api_call = _make_api_call
        _in_force = (diversion, *_in_force)


def stop(diversion: Diversion) -> None:
    """End it; with the last one botocore is as it was.

    Should another have replaced the same function meanwhile, ours stays underneath, and hands every call on.
    """
    global _in_force, _installed
    with _lock:
        _in_force = tuple(each for each in _in_force if each is not diversion)
        if not _in_force and _CLIENT._make_api_call is _make_api_call:
            _CLIENT._make_api_call, _installed = _original, False


def _make_api_call(self: Any, operation_name: str, api_params: Any) -> Any:
    for diversion in _in_force:
        answer = diversion.begin(self, operation_name, api_params or {})
        if answer is not None:
            try:
                return _original(_face(self, answer), operation_name, api_params)
            finally:
                diversion.end(answer)
    return _original(self, operation_name, api_params)


def _face(client: Any, answer: Answer) -> Any:
    """Another face of *client* for one call; the client itself, which other threads use, is not touched."""
    endpoint = copy.copy(client._endpoint)
    endpoint._event_emitter = _Events(endpoint._event_emitter, placeholders(client))
    endpoint.http_session = _Here(endpoint.http_session, answer)
    face = object.__new__(type(client))
    face.__dict__.update(client.__dict__)
    face.__dict__["_endpoint"] = endpoint
    return face


class _Events:
    """An event emitter that hands everything on, but for the event whose handlers answer or send."""

    def __init__(self, below: Any, credentials: Any) -> None:
        self._below, self._credentials = below, credentials

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        if event_name.startswith("before-send."):
            return []
        if event_name.startswith("request-created.") and self._credentials is not None:
            kwargs["request"].context.setdefault("signing", {})["request_credentials"] = self._credentials
        return self._below.emit(event_name, **kwargs)


class _Here:
    """In place of the HTTP session: what the real one would look at, it looks at; nothing is sent."""

    def __init__(self, session: Any, answer: Answer) -> None:
        self._session, self._answer = session, answer

    def send(self, request: Any) -> AWSResponse:
        """The answer that is made here."""
        ready = getattr(self._session, "ready", None)
        if ready is not None:
            ready(request)
        return self._answer(request)
