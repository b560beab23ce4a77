"""DeleteObjects: each entry is allowed or not by itself, and the answer says which were not.

Source: Amazon S3 API Reference, DeleteObjects.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from werkzeug.datastructures import Headers

from ..call import Answer, Call
from ..documents import entries_of, parsed, text_of
from ..faults import xml_text
from ..store import Store

__all__ = ["Deleter"]

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_END = "</DeleteResult>"


@dataclass(frozen=True, slots=True)
class Deleter:
    """Answers DeleteObjects."""

    store: Store

    def delete(self, call: Call) -> Answer:
        """Delete what may be deleted, and tell of each entry what came of it."""
        answer = self._of_the_others(call)
        if answer.ok and call.denied:
            text = b"".join(answer.body).decode()
            told = "".join(_error(*each) for each in call.denied)
            answer.body = [text.replace(_END, f"{told}{_END}").encode()]
            answer.headers["Content-Length"] = str(len(answer.body[0]))
        return answer

    def _of_the_others(self, call: Call) -> Answer:
        """What moto says to the entries that are allowed; it takes no request without any.

        They are written anew, as they were read when they were judged: moto reads XML in another way.
        """
        denied = {(key, version) for key, version, _ in call.denied}
        allowed = [entry for entry in entries_of(call.body) if entry not in denied]
        if not allowed:
            body = f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="{_NAMESPACE}">{_END}'
            return Answer(200, Headers([("Content-Type", "application/xml")]), [body.encode()])
        quiet = _element("Quiet", text_of(parsed(call.body, "Delete"), "Quiet"))
        call.body = f"<Delete>{quiet}{''.join(_entry(*each) for each in allowed)}</Delete>".encode()
        call.environ["wsgi.input"], call.environ["CONTENT_LENGTH"] = (
            io.BytesIO(call.body),
            str(len(call.body)),
        )
        return self.store.s3(call.environ)


def _entry(key: str, version: str | None) -> str:
    return f"<Object>{_element('Key', key)}{_element('VersionId', version)}</Object>"


def _element(name: str, text: str | None) -> str:
    """An element that is read as it was; a bare carriage return would be read as a line feed."""
    return f"<{name}>{xml_text(text).replace(chr(13), '&#13;')}</{name}>" if text else ""


def _error(key: str, version: str | None, message: str) -> str:
    told = {
        "Key": key,
        **({"VersionId": version} if version else {}),
        "Code": "AccessDenied",
        "Message": message,
    }
    inner = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in told.items() if value)
    return f"<Error>{inner}</Error>"
