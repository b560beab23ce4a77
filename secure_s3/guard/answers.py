"""What a service answered with an error, without the secrets that it repeats.

S3 tells whoever signed wrongly what was signed, the access key id and the signature, and what is in the way
may repeat any header. Parts of an answer that hold no secret stay the objects that botocore made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from ..denials.redaction import HIDDEN, redact
from ..values import printable_text

# Names of elements and headers, without case, hyphens, underlines, a number at the end, x-amz- at the start.
_SECRET = frozenset(
    {
        *("awsaccesskeyid", "accesskeyid", "secretaccesskey", "awssecretaccesskey", "secretkey"),
        *(
            "canonicalrequest",
            "canonicalrequestbytes",
            "canonicalstring",
            "stringtosign",
            "stringtosignbytes",
        ),
        *("signature", "signatureprovided", "credential", "authorization", "proxyauthorization", "plaintext"),
        *("token", "securitytoken", "sessiontoken", "s3sessiontoken", "webidentitytoken", "samlassertion"),
        *("serversideencryptioncustomerkey", "copysourceserversideencryptioncustomerkey"),
        *("ssecustomerkey", "copysourcessecustomerkey", "mfa", "cookie", "setcookie"),
    }
)
_NAME_CHARACTERS, _CODE_CHARACTERS = 64, 256
_DEPTH = 8
_PRINTED: Mapping[str, tuple[str, ...]] = {"Error": ("Code",), "ResponseMetadata": ("RequestId", "HostId")}


def one_line(text: str) -> str:
    """Somebody else's text without secrets, on one line, with nothing that steers a terminal."""
    return printable_text(redact(" ".join(text.split())))


def without_secrets(response: object) -> dict[str, Any]:
    """A copy of an error's response in which secrets are ``***``, and code and ids can be printed."""
    public: dict[str, Any] = dict(_public(response)) if isinstance(response, Mapping) else {}
    for part, names in _PRINTED.items():
        for name in names:
            given: Any = public.get(part)
            text = given.get(name) if isinstance(given, Mapping) else None
            if isinstance(text, str) and (len(text) > _CODE_CHARACTERS or not text.isprintable()):
                public[part] = {**dict(given), name: printable_text(text[:_CODE_CHARACTERS])}
    return public


def take_secrets_out(error: BaseException) -> None:
    """The same for the response and the text of *error* itself, which stays the error that it is."""
    if isinstance(error, ClientError) and isinstance(error.response, dict):
        response: dict[str, Any] = error.response  # type: ignore[assignment]
        response.update(_public(response))
    _reword(error, redact)


def make_printable(error: BaseException) -> None:
    """The text of *error* then looks like no line of another error, and steers no terminal."""
    _reword(error, printable_text)


def _reword(error: BaseException, by: Any) -> None:
    args = tuple(by(each) if type(each) is str else each for each in error.args)
    if args != error.args:
        error.args = args


def _public(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """*response*, or a copy if a secret is in it: nearly always one look at all its texts is enough."""
    texts: list[str] = []
    if _gather(response, texts, 0):
        together = "\n".join(texts)
        if redact(together) == together:
            return response
    hidden: Mapping[str, Any] = _hidden(response, 0)
    return hidden


def _gather(given: Any, texts: list[str], depth: int) -> bool:
    """All texts in *given*; False if a name tells that there is a secret, or if it is too deep."""
    if isinstance(given, str):
        texts.append(given)
    elif isinstance(given, Mapping):
        for name, each in given.items():
            if each and _is_secret(name, given):
                return False
            if type(each) is str:
                texts.append(each)
            elif type(each) is not int and not (depth < _DEPTH and _gather(each, texts, depth + 1)):
                return False
    elif isinstance(given, (list, tuple)):
        return depth < _DEPTH and all(_gather(each, texts, depth + 1) for each in given)
    return True


def _hidden(given: Any, depth: int) -> Any:
    if isinstance(given, str):
        return redact(given)
    if not isinstance(given, (Mapping, list, tuple)):
        return given
    if depth == _DEPTH:
        return HIDDEN
    if isinstance(given, Mapping):
        return {
            name: HIDDEN if each and _is_secret(name, given) else _hidden(each, depth + 1)
            for name, each in given.items()
        }
    return [_hidden(each, depth + 1) for each in given]


def _is_secret(name: object, beside: Mapping[str, Any]) -> bool:
    if name == "ArgumentValue":
        name = beside.get("ArgumentName")
    return isinstance(name, str) and len(name) <= _NAME_CHARACTERS and _is_secret_name(name)


@lru_cache(maxsize=512)
def _is_secret_name(name: str) -> bool:
    bare = name.lower().replace("-", "").replace("_", "").rstrip("0123456789")
    return bare in _SECRET or bare.removeprefix("xamz") in _SECRET
