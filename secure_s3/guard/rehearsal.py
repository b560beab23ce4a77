"""A call taken as far as it goes without sending anything: the request as it would be sent.

botocore's own pipeline runs, on a face of the client that is made for the one call: handlers of the
application, the guard's checks and the strategy's members, the endpoint, the signature, the guard's last
look. There it ends. Handlers of ``before-send`` are not asked, because they may answer, or send, by
themselves. Credentials are refreshed where botocore would refresh them; nothing else leaves this machine, and
with ``placeholders`` not even that.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping
from typing import Any, NoReturn

from botocore import UNSIGNED
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ParamValidationError
from botocore.utils import determine_content_length

from ..encryption.strategy import SealedBody
from ..errors import ConfigurationError
from ..policy.wire import SentRequest
from .client import guard_of
from .faults import typed
from .names import STAND_INS, operation_name, require_parameters


def placeholders(client: Any) -> Credentials | None:
    """Made-up credentials to rehearse with; None where *client* can sign without asking anybody.

    They are of no account and good for nothing. They carry a token, so that nothing depends on whether the
    real ones would.
    """
    credentials = client._request_signer._credentials
    anonymous = client.meta.config.signature_version is UNSIGNED
    stale = isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed()
    if anonymous or not (credentials is None or stale):
        return None
    return Credentials("REHEARSAL", "rehearsal", "rehearsal", method="rehearsal")


def rehearse(
    client: Any, operation: str, parameters: Mapping[str, Any], *, credentials: Credentials | None = None
) -> SentRequest:
    """*operation* as the hardened *client* would send it; nothing reaches the network.

    A file is not read: something as long, and as able to be read twice, stands for it, so that only the
    checksum differs from the real one's. Without a body the request is that of empty bytes; a body that can
    be read once only has another ``x-amz-content-sha256``. Placeholders stand for an upload id and a part
    number that are left out.

    Args:
        client: A hardened S3 client.
        operation: In S3's name or boto3's.
        parameters: Of the operation.
        credentials: To sign with instead of the client's own; see ``placeholders``.

    Raises:
        ConfigurationError: An argument cannot be used, or the guard refuses the call: it would not be sent.
            Also: there are no credentials, a handler answers the call by itself, or the bucket is a directory
            bucket, whose requests need a session first.
    """
    name = operation_name(client, operation)
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    given = _with_stand_ins(client, name, parameters)
    face, told = _face(client, credentials)
    with typed(name, bucket if isinstance(bucket, str) else None, key if isinstance(key, str) else None):
        try:
            face._make_api_call(name, given)
        except _Curtain as end:
            return _observed(name, end.request, told, client)
        except ParamValidationError:
            # Handlers of the application may have put parameters in: only now is it certain.
            require_parameters(client, name, given)
            raise
    raise ConfigurationError(
        f"{name} would not be sent",
        why="an event handler on this client answers the call by itself, as Stubber and mock_aws do",
        fix="check with a client that sends its calls",
        operation=name,
    )


class _Curtain(BaseException):
    """The end: not an Exception, which botocore would take for a fault of the connection and try again."""

    def __init__(self, request: Any) -> None:
        super().__init__("the request would be sent now")
        self.request = request


class _Told:
    """What the call's events tell: the parameters as they are after everybody has had a go at them."""

    __slots__ = ("parameters",)

    def __init__(self) -> None:
        self.parameters: Mapping[str, Any] = {}


class _Events:
    """An event emitter that hands everything on to the client's own, except for the last event."""

    def __init__(
        self, events: Any, told: _Told, session: Any, credentials: Credentials | None = None
    ) -> None:
        self._below, self._told, self._session = events, told, session
        self._credentials = credentials

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        if event_name.startswith("before-send."):
            self._session.check(kwargs["request"])
            raise _Curtain(kwargs["request"])
        if event_name.startswith("request-created.") and self._credentials is not None:
            # Of this call alone; the client's signer, which other calls use as well, keeps its own.
            kwargs["request"].context.setdefault("signing", {})["request_credentials"] = self._credentials
        answers = self._below.emit(event_name, **kwargs)
        if event_name.startswith("before-parameter-build."):
            self._told.parameters = kwargs["params"]
        return answers

    def emit_until_response(self, event_name: str, **kwargs: Any) -> Any:
        if event_name.startswith("before-call."):
            _refuse_sessions(kwargs["context"])
        return self._below.emit_until_response(event_name, **kwargs)


class _Nowhere:
    """In place of the HTTP session: should a request get past the end, it still goes nowhere."""

    @staticmethod
    def send(request: Any) -> NoReturn:
        raise _Curtain(request)


def _face(client: Any, credentials: Credentials | None = None) -> tuple[Any, _Told]:
    """Another face of *client* that sends nothing; nothing is registered, so that no other call notices."""
    if guard_of(client) is None:
        raise ConfigurationError("rehearse() needs a hardened client", fix="call harden(client, …) first")
    told, endpoint = _Told(), copy.copy(client._endpoint)
    face = object.__new__(type(client))
    face.__dict__.update(client.__dict__)
    face.meta = copy.copy(client.meta)
    face.meta.events = _Events(client.meta.events, told, endpoint.http_session)
    endpoint._event_emitter = _Events(endpoint._event_emitter, told, endpoint.http_session, credentials)
    endpoint.http_session = _Nowhere()
    face.__dict__["_endpoint"] = endpoint
    return face, told


def _refuse_sessions(context: Mapping[str, Any]) -> None:
    if (context.get("endpoint_properties") or {}).get("backend") == "S3Express":
        raise ConfigurationError(
            "requests to directory buckets cannot be rehearsed",
            why="they are signed with a session that CreateSession has to give first",
            fix="what policies decide about there is s3express:CreateSession",
        )


def _observed(operation: str, request: Any, told: _Told, client: Any) -> SentRequest:
    guard, parameters = guard_of(client), told.parameters
    assert guard is not None
    return SentRequest.observed(
        operation,
        request.method,
        request.url,
        {str(name): _text(value) for name, value in request.headers.items()},
        bucket=parameters.get("Bucket"),
        key=parameters.get("Key"),
        content=parameters,
        min_tls=guard.profile.min_tls,
    )


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# -- bodies ---------------------------------------------------------------------------------------------


class _Unread:
    """A body that stands for another one without touching it."""

    bounded = True  # its length is no matter of the guard's
    _size: int | None
    _seekable: bool

    @classmethod
    def of(cls, body: Any) -> _Unread:
        """For *body*: as long, and as seekable."""
        self, seekable = cls(), getattr(body, "seekable", None)
        self._seekable = hasattr(body, "seek") and (seekable is None or bool(seekable()))
        self._size = determine_content_length(body)
        return self

    def __len__(self) -> int:
        if self._size is None:
            raise TypeError("the body's length is not known")
        return self._size

    def __bool__(self) -> bool:
        return True

    def seekable(self) -> bool:
        """As the real one."""
        return self._seekable

    def tell(self) -> int:
        """The start."""
        if not self._seekable:
            raise io.UnsupportedOperation("tell")
        return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Stays where it is."""
        return self.tell()

    def read(self, size: int | None = -1) -> bytes:
        """Nothing."""
        return b""


class _UnreadSealed(_Unread, SealedBody):
    """In place of a body that would be encrypted before it is sent."""


def _with_stand_ins(client: Any, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(parameters)
    shape = client.meta.service_model.operation_model(operation).input_shape
    if shape is None:
        return given
    for name in set(STAND_INS).intersection(shape.required_members):
        given.setdefault(name, STAND_INS[name])
    content = shape.serialization.get("payload")
    if content not in shape.members or shape.members[content].type_name != "blob":
        return given
    guard, body = guard_of(client), given.get(content, b"")
    if guard is not None and guard.strategy is not None and guard.strategy.client_side:
        given[content] = _UnreadSealed.of(io.BytesIO())
    elif hasattr(body, "read"):
        given[content] = _Unread.of(body)
    else:
        given[content] = body
    return given
