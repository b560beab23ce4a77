"""Names of operations and of their parameters, and what was meant by those that are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ConfigurationError
from ..policy.spelling import nearest
from .operations import members

STAND_INS: Mapping[str, object] = {"UploadId": "rehearsal", "PartNumber": 1}
"""What a rehearsal puts in place of what an upload that was begun would give; no policy looks at it."""
_MADE_OF = {"upload": "put_object", "download": "get_object"}
"""What boto3's managed transfers are in the end, by how their names begin."""


def operation_name(client: Any, name: str, besides: Iterable[str] = ()) -> str:
    """The operation's name in S3's model, from that or from boto3's: ``put_object`` is ``PutObject``.

    Args:
        client: An S3 client.
        name: Either name.
        besides: Other names that the error may suggest.

    Raises:
        ConfigurationError: S3 has no such operation.
    """
    known: Mapping[str, str] = client.meta.method_to_api_mapping
    if isinstance(name, str):
        if name in known:
            return known[name]
        if name in client.meta.service_model.operation_names:
            return name
    near = _meant(str(name), [*besides, *known, *known.values()])
    raise ConfigurationError(
        f"{name!r} is no operation of S3",
        why="only S3's own operations can be checked; upload_file and the like are made of several",
        fix=f"did you mean {near!r}?" if near else 'pass e.g. "put_object"',
    )


def _meant(name: str, known: Iterable[str]) -> str | None:
    of_transfers = (made for begins, made in _MADE_OF.items() if name.lower().startswith(begins))
    return nearest(name, known) or next(of_transfers, None)


def unknown_parameters(client: Any, operation: str, parameters: Iterable[str]) -> dict[str, str | None]:
    """Those of *parameters* that the operation has not, each with the one that may be meant."""
    known = members(client, operation_name(client, operation))
    return {name: nearest(name, known) for name in parameters if name not in known}


def missing_parameters(client: Any, operation: str, parameters: Iterable[str]) -> tuple[str, ...]:
    """What the operation cannot do without, no placeholder stands for, and is not among *parameters*."""
    shape = client.meta.service_model.operation_model(operation_name(client, operation)).input_shape
    present = {*parameters, *STAND_INS}
    return tuple(name for name in shape.required_members if name not in present) if shape else ()


def require_parameters(client: Any, operation: str, parameters: Iterable[str]) -> None:
    """Refuse what botocore would refuse, naming what is wrong.

    Raises:
        ConfigurationError: The operation has no such parameter, or needs another one.
    """
    names = list(parameters)
    for name, near in unknown_parameters(client, operation, names).items():
        raise ConfigurationError(
            f"{operation} has no parameter {name}",
            why="they are spelt as in S3's API, capital letters included",
            fix=f"did you mean {near}?" if near else "leave it out",
            operation=operation,
        )
    if missing := missing_parameters(client, operation, names):
        raise ConfigurationError(
            f"{operation} lacks {' and '.join(missing)}",
            why="S3 cannot be asked without",
            fix=f"pass {', '.join(f'{name}=…' for name in missing)}",
            operation=operation,
        )
