"""What became of every file of a batch, and the list to resume from."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args, overload

from .. import errors
from ..errors import BatchFailed, ConfigurationError, DestinationError, SecureS3Error
from .receipts import Receipt

Status = Literal["done", "skipped", "failed", "not_started"]
Direction = Literal["upload", "download"]

_FORMAT = "secure-s3-batch/1"
_SHOWN = 3
_DETAILS = ("why", "fix", "operation", "bucket", "key", "code", "status", "request_id")


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Args:
        path: The file on this machine.
        bucket, key: The object.
        status: ``done``; ``skipped`` (already there with the same content, or a folder marker); ``failed``
            (see ``error``); ``not_started`` (the batch was interrupted first, or the file was taken back).
        receipt: What S3 reported, for ``done`` and ``skipped``.
        error: Why it failed.
    """

    path: str
    bucket: str
    key: str
    status: Status
    receipt: Receipt | None = None
    error: Exception | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the error as its diagnostics."""
        return {
            "path": self.path,
            "bucket": self.bucket,
            "key": self.key,
            "status": self.status,
            "receipt": self.receipt.to_dict() if self.receipt else None,
            "error": _told(self.error) if self.error else None,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> FileResult:
        """The entry that ``to_dict`` described; ValueError if it is none."""
        path, bucket, key, status = (fields[name] for name in ("path", "bucket", "key", "status"))
        if not all(isinstance(text, str) for text in (path, bucket, key)):
            raise ValueError("path, bucket and key are strings")
        if status not in get_args(Status):
            raise ValueError(f"there is no status {status!r}")
        shown, error = fields.get("receipt"), fields.get("error")
        return cls(
            path, bucket, key, status, Receipt(**shown) if shown else None, _retold(error) if error else None
        )


class BatchResult(Sequence[FileResult]):
    """One FileResult for every file, in the order of the input.

    Args:
        files: The entries.
        direction: ``upload`` or ``download``.
        seconds: Wall time of the batch.
    """

    __slots__ = ("_files", "direction", "seconds")

    def __init__(
        self, files: Iterable[FileResult], *, direction: Direction = "upload", seconds: float = 0.0
    ) -> None:
        self._files = tuple(files)
        self.direction: Direction = direction
        self.seconds = seconds

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> FileResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FileResult]: ...
    def __getitem__(self, index: int | slice) -> FileResult | Sequence[FileResult]:
        return self._files[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BatchResult):
            return NotImplemented
        return (self._files, self.direction) == (other._files, other.direction)

    __hash__ = None  # type: ignore[assignment]  # a list of what happened is no key

    def __repr__(self) -> str:
        return (
            f"<BatchResult {self.direction}: {len(self.done)} done, {len(self.skipped)} skipped, "
            f"{len(self.failed)} failed, {len(self.remaining) - len(self.failed)} not started>"
        )

    @property
    def done(self) -> tuple[FileResult, ...]:
        """The files that were transferred."""
        return self._with("done")

    @property
    def skipped(self) -> tuple[FileResult, ...]:
        """The files that were there already."""
        return self._with("skipped")

    @property
    def failed(self) -> tuple[FileResult, ...]:
        """The files that failed, each with its error."""
        return self._with("failed")

    @property
    def remaining(self) -> tuple[FileResult, ...]:
        """What is left to do: the failed files and those not started."""
        return self._with("failed", "not_started")

    @property
    def bytes(self) -> int:
        """How many bytes were transferred."""
        return sum(file.receipt.bytes for file in self.done if file.receipt)

    def raise_for_failures(self) -> None:
        """Raise BatchFailed unless every file is done or skipped."""
        left = self.remaining
        if not left:
            return
        failed = self.failed
        unstarted = len(left) - len(failed)
        parts = [f"{len(failed)} failed"] if failed else []
        parts += [f"{unstarted} not started"] if unstarted else []
        error = BatchFailed(
            f"{len(left)} of {len(self)} files were not {self.direction}ed ({', '.join(parts)})",
            why=_reasons(failed),
            fix=f"pass the results to {self.direction}_many again, which takes up only what is missing: "
            "they are error.results here, and results.save(path) keeps them for BatchResult.load(path)",
        )
        error.results = self
        raise error from (failed[0].error if failed else None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and ``--json``."""
        counts = {name: len(self._with(name)) for name in get_args(Status)}
        return {
            "format": _FORMAT,
            "direction": self.direction,
            "seconds": round(self.seconds, 3),
            "bytes": self.bytes,
            "counts": counts,
            "files": [file.to_dict() for file in self],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the list as JSON, all of it or nothing; ``load`` reads it.

        Raises:
            DestinationError: the file cannot be written.
        """
        target = os.fspath(path)
        temporary = f"{target}.{secrets.token_hex(8)}.part"
        try:
            # For this user only: names of files and keys tell a lot.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="ascii") as file:
                json.dump(self.to_dict(), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError as error:
            with suppress(OSError):
                os.unlink(temporary)
            raise DestinationError(
                f"the list {target!r} cannot be written",
                why=error.strerror or str(error),
                fix="name a file in a folder that exists and may be written",
            ) from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BatchResult:
        """The list that ``save`` wrote. It says which files to send where: load your own lists only.

        Raises:
            ConfigurationError: the file cannot be read, or is no such list.
        """
        name = os.fspath(path)
        try:
            with open(name, encoding="utf-8") as file:
                saved = json.load(file)
            if not isinstance(saved, dict) or saved.get("format") != _FORMAT:
                raise ValueError(f"it does not say {_FORMAT!r}")
            if saved["direction"] not in get_args(Direction):
                raise ValueError(f"there is no direction {saved['direction']!r}")
            files = [FileResult.from_dict(fields) for fields in saved["files"]]
            return cls(files, direction=saved["direction"], seconds=float(saved.get("seconds", 0)))
        except OSError as error:
            raise _no_list(name, error.strerror or str(error)) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _no_list(name, f"{type(error).__name__}: {error}") from error

    def _with(self, *statuses: str) -> tuple[FileResult, ...]:
        return tuple(file for file in self._files if file.status in statuses)


def _no_list(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name!r} is no list of a batch to resume from",
        why=why,
        fix="pass a file that BatchResult.save() or --resume wrote",
    )


def _reasons(failed: Sequence[FileResult]) -> str:
    texts = [f"{file.path}: {_one_line(file.error)}" for file in failed[:_SHOWN]]
    if len(failed) > _SHOWN:
        texts.append(f"and {len(failed) - _SHOWN} more")
    return "; ".join(texts)


def _one_line(error: Exception | None) -> str:
    if not isinstance(error, SecureS3Error):
        return repr(error)
    return f"{error.what} ({error.why})" if error.why else error.what


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, SecureS3Error):
        return error.diagnostics()
    return {"error": type(error).__name__, "what": str(error) or repr(error)}


def _retold(told: Mapping[str, Any]) -> Exception:
    """The error as it was told: its class if it is one of ours, its texts, and nothing else of it."""
    name, what = told.get("error"), str(told.get("what", ""))
    details = {detail: told[detail] for detail in _DETAILS if detail in told}
    if name not in errors.__all__:
        return errors.TransferError(f"{name}: {what}", **details)
    error: Exception = getattr(errors, name)(what, **details)
    return error
