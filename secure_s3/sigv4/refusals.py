"""The refusals that URLs and forms share, with S3's own codes."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import SignatureError
from ..values import printable_text


def unknown_key(access_key: str) -> SignatureError:
    """It was signed with an access key that nobody here has."""
    return SignatureError(
        f"it was signed with the access key {printable_text(access_key)}",
        why="The AWS Access Key Id you provided does not exist in our records.",
        fix="verify it with the credentials that it was signed with",
        code="InvalidAccessKeyId",
        status=403,
        fields={"AWSAccessKeyId": access_key},
    )


def mismatch(
    access_key: str, signature: str, string_to_sign: str, canonical: str = "", missing: Sequence[str] = ()
) -> SignatureError:
    """The signature is another than the one computed."""
    fields = {
        "AWSAccessKeyId": access_key,
        "StringToSign": string_to_sign,
        "SignatureProvided": signature,
        "CanonicalRequest": canonical,
    }
    return SignatureError(
        f"the signature does not match{'; not sent: ' + ', '.join(missing) if missing else ''}",
        why="The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        fix="use it exactly as it was signed: method, path, query and every signed header; "
        "verify() takes method= and headers=",
        code="SignatureDoesNotMatch",
        status=403,
        fields={name: value for name, value in fields.items() if value},
    )
