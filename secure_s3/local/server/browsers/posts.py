"""POST object: a browser's form, held against its policy, becomes the PutObject that it stands for.

1. The fields before the file are read, and their variables filled in.
2. The signature of the policy, its life, and every condition are verified; a refusal leaves the file unread.
3. The file is read, and its size compared.
4. The request is written anew as a PutObject, whose encryption and checksums are then judged as any other's.
5. Its answer becomes the one that the form wants.

Source: Amazon S3 API Reference, "POST Object" and "Browser-Based Uploads Using POST"; codes and texts as
S3 has been seen to send them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.datastructures import Headers

from .... import limits
from ....errors import SignatureError
from ....sigv4 import verify_post
from ....sigv4.posts import SIGNING_FIELDS, post_scope
from ....sigv4.verifying import Scope
from ..call import Answer, Call
from ..callers.rewriting import authorize, put_header
from ..callers.signatures import UNSUPPORTED, Signatures, only_one_mechanism, refusal_of
from ..content.payload import take_body
from ..faults import Refusal, access_denied, invalid_argument, invalid_request, xml_text
from ..judging.operations import FORM
from ..store import SPELLED
from .fields import headers_of
from .forms import Fields, FormReader, is_form
from .post_policies import check_fields, check_size, read_conditions

__all__ = ["Posted", "Posts"]

_VARIABLE = "${filename}"
_SIGNING = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_REDIRECT = re.compile(r"https?://[^\x00-\x1f\x7f]+", re.IGNORECASE)
_STATUSES = ("200", "201")
_KEPT = ("etag", "x-amz-")


@dataclass(frozen=True)
class Posted:
    """A form that has become a PutObject, and the answer that it wants."""

    bucket: str
    key: str
    location: str
    status: str
    redirect: str | None

    def answered(self, answer: Answer) -> Answer:
        """The form's answer to what was answered to the PutObject."""
        if not answer.ok:
            return answer
        kept = [(name, value) for name, value in answer.headers if name.lower().startswith(_KEPT)]
        headers = Headers(kept)
        etag = headers.get("ETag", "")
        if self.redirect is not None:
            added = urlencode({"bucket": self.bucket, "key": self.key, "etag": etag})
            url = quote(self.redirect, safe="".join(map(chr, range(0x20, 0x7F))))
            headers["Location"] = f"{url}{'&' if '?' in url else '?'}{added}"
            return Answer(303, headers, [])
        headers["Location"] = self.location
        if self.status != "201":
            return Answer(int(self.status), headers, [])
        told = {"Location": self.location, "Bucket": self.bucket, "Key": self.key, "ETag": etag}
        inner = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in told.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{inner}</PostResponse>'
        headers["Content-Type"] = "application/xml"
        return Answer(201, headers, [body.encode()])


_NO_XML = "The XML you provided was not well-formed or did not validate against our published schema"


@dataclass(frozen=True)
class Posts:
    """Takes in forms."""

    signatures: Signatures

    def recognise(self, call: Call) -> None:
        """A form is one whatever stands in the query of its URL, but for DeleteObjects."""
        kind = str(call.environ.get("CONTENT_TYPE", ""))
        to_bucket = call.method == "POST" and not call.key and call.operation != "DeleteObjects"
        if to_bucket and is_form(kind):
            call.operation = FORM

    def take(self, call: Call) -> Posted | None:
        """Make a form's request the PutObject that it asks for; None if it is no form.

        Raises:
            Refusal: the form is malformed, not signed, expired, or does not keep to its policy.
        """
        kind = str(call.environ.get("CONTENT_TYPE", ""))
        if call.operation == "DeleteObjects" and is_form(kind):
            raise Refusal(400, "MalformedXML", _NO_XML)
        if call.operation != FORM:
            return None
        if call.query and not is_form(kind):
            raise NotImplementedError(f"{FORM}?{next(iter(call.query))}")  # moto would store something
        if not is_form(kind):
            condition = "Bucket POST must be of the enclosure-type multipart/form-data"
            message = "At least one of the pre-conditions you specified did not hold"
            raise Refusal(412, "PreconditionFailed", message, Condition=condition)
        if "authorization" in call.headers:
            raise only_one_mechanism(call)
        if self.signatures.store.bucket(call.bucket) is None:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=call.bucket)
        reader = FormReader(call.environ["wsgi.input"], kind)
        fields = reader.fields()
        _fill_in(fields)
        key = _key(fields.values)
        scope, conditions = self._verify(fields, call.bucket, call.point.named if call.point else call.bucket)
        content = reader.file()
        check_size(conditions, len(content))
        posted = _posted(call, key, fields.values)
        _become_put(call, key, fields.values, scope)
        call.scope, call.signed_by = scope, "form"
        take_body(call, content)
        return posted

    def _verify(self, fields: Fields, bucket: str, named: str) -> tuple[Scope, Any]:
        """Who signed the form, and the conditions of its policy, all of which hold for what the URL names."""
        values = fields.values
        _check_signed(values)
        try:
            scope = post_scope(values)
            if misplaced := self.signatures.misplaced(scope, bucket):
                told = {"ArgumentName": _SIGNING[1], "ArgumentValue": values["x-amz-credential"]}
                raise Refusal(400, "InvalidArgument", misplaced[0], **told, **misplaced[1])
            credentials = self.signatures.credentials(scope.access_key, values.get("x-amz-security-token"))
            policy = verify_post(values, credentials, at=self.signatures.clock.now())
        except SignatureError as error:
            raise refusal_of(error) from error
        conditions = read_conditions(policy)
        check_fields(conditions, fields, named)
        return scope, conditions


def _fill_in(fields: Fields) -> None:
    """Put the file's name where a field asks for it: S3 does so before it looks at the conditions.

    A file without a name leaves the variable as it is; one whose name is empty makes it empty.
    """
    if fields.filename is None:
        return
    name = re.split(r"[/\\]", fields.filename)[-1]
    for field, value in fields.values.items():
        if field not in SIGNING_FIELDS:
            fields.values[field] = value.replace(_VARIABLE, name)


def _key(values: dict[str, str]) -> str:
    if "key" not in values:
        raise _missing("key")
    key = values["key"]
    if not key:
        raise invalid_argument("User key must have a length greater than 0.", "key", "")
    size = len(key.encode())
    if size > limits.MAX_KEY_BYTES:
        told = {"Size": str(size), "MaxSizeAllowed": str(limits.MAX_KEY_BYTES)}
        raise Refusal(400, "KeyTooLongError", "Your key is too long", **told)
    return key


def _check_signed(values: dict[str, str]) -> None:
    """Nothing of a signature is a form of nobody's; a part of one is a mistake."""
    missing = [name for name in _SIGNING if name.lower() not in values]
    if len(missing) == len(_SIGNING):
        if "awsaccesskeyid" in values or "signature" in values:
            raise invalid_request(UNSUPPORTED)
        raise access_denied()
    if missing or "policy" not in values:
        raise _missing([*missing, "policy"][0])


def _missing(name: str) -> Refusal:
    message = f"Bucket POST must contain a field named '{name}'.  "
    return invalid_argument(f"{message}If it is specified, please check the order of the fields.", name, "")


def _posted(call: Call, key: str, values: dict[str, str]) -> Posted:
    redirect = values.get("success_action_redirect", values.get("redirect", ""))
    status = values.get("success_action_status", "")
    host = call.headers.get("host", "")
    return Posted(
        call.bucket,
        key,
        f"https://{host}/{call.bucket}/{quote(key, safe='')}",
        status if status in _STATUSES else "204",
        redirect if _REDIRECT.fullmatch(redirect) else None,
    )


def _become_put(call: Call, key: str, values: dict[str, str], scope: Scope) -> None:
    """Nothing of the request's own headers is left but the host: no policy has covered them."""
    environ = call.environ
    headers = headers_of(values)
    for name in [name for name in environ if name.startswith("HTTP_") and name != "HTTP_HOST"]:
        del environ[name]
    environ.pop(SPELLED, None)
    kind = headers.pop("content-type", "binary/octet-stream")
    for name, value in headers.items():
        put_header(environ, name, value)
    put_header(environ, "content-type", kind)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    environ["REQUEST_METHOD"], environ["QUERY_STRING"] = "PUT", ""
    environ["RAW_URI"] = environ["REQUEST_URI"] = f"/{quote(call.bucket)}/{quote(key)}"
    environ["PATH_INFO"] = f"/{call.bucket}/{key}".encode().decode("latin-1")
    authorize(environ, scope)
    call.read_again()
