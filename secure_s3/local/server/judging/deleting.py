"""DeleteObjects: each entry is allowed or not by itself, and the answer says which were not.

Source: Amazon S3 API Reference, DeleteObjects.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from xml.etree import ElementTree

from werkzeug.datastructures import Headers

from ..call import Answer, Call
from ..documents import parsed, text_of
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
        if not call.denied:
            return self.store.s3(call.environ)
        answer = self._of_the_others(call)
        if answer.ok:
            text = b"".join(answer.body).decode()
            told = "".join(_error(*each) for each in call.denied)
            answer.body = [text.replace(_END, f"{told}{_END}").encode()]
            answer.headers["Content-Length"] = str(len(answer.body[0]))
        return answer

    def _of_the_others(self, call: Call) -> Answer:
        """What moto says to the entries that are allowed; it takes no request without any."""
        document = parsed(call.body, "Delete")
        denied = {(key, version) for key, version, _ in call.denied}
        for entry in document.findall("Object"):
            if (text_of(entry, "Key") or "", text_of(entry, "VersionId") or None) in denied:
                document.remove(entry)
        if document.find("Object") is None:
            body = f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="{_NAMESPACE}">{_END}'
            return Answer(200, Headers([("Content-Type", "application/xml")]), [body.encode()])
        call.body = ElementTree.tostring(document)
        call.environ["wsgi.input"], call.environ["CONTENT_LENGTH"] = (
            io.BytesIO(call.body),
            str(len(call.body)),
        )
        return self.store.s3(call.environ)


def _error(key: str, version: str | None, message: str) -> str:
    told = {
        "Key": key,
        **({"VersionId": version} if version else {}),
        "Code": "AccessDenied",
        "Message": message,
    }
    inner = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in told.items() if value)
    return f"<Error>{inner}</Error>"
