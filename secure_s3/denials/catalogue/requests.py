"""Causes that lie in the request: its signature, its date, its credentials, its place, the form it came with.

Source: Amazon S3 API Reference, "Error responses", "Authenticating Requests: Using Query Parameters" and
"POST Object"; IAM User Guide, "Troubleshoot Signature Version 4 signing"; answers recorded from S3.
"""

from __future__ import annotations

from typing import Final

from .entry import ERRORS, IAM_GUIDE, S3_API, S3_GUIDE, Cause, Wording

_SIGNING = f"{IAM_GUIDE}reference_sigv-troubleshooting.html"
_PRESIGNED = f"{S3_GUIDE}using-presigned-url.html"
_NOW = "2026-03-01T12:00:00Z"

REQUESTS: Final = (
    Cause(
        "presign",
        "presigned URL",
        "The URL was not, or is no longer, what it was signed as: it has expired, or the request carries "
        "headers that were not signed, or parts of the signature are missing. A URL signed with temporary "
        "credentials dies with them, however late it expires.",
        "make a new URL, and use it exactly as it is",
        "whoever makes the URL; whoever uses it",
        (_PRESIGNED, f"{S3_API}sigv4-query-string-auth.html", ERRORS),
        (
            Wording(
                "Request has expired",
                detail="expired",
                fields={"X-Amz-Expires": "900", "Expires": "2026-03-01T11:30:00Z", "ServerTime": _NOW},
            ),
            Wording(
                "There were headers present in the request which were not signed",
                detail="unsigned headers",
                fields={"HeadersNotSigned": "x-amz-meta-owner"},
            ),
            Wording(
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
                detail="malformed",
            ),
            Wording(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                "AuthorizationQueryParametersError",
                400,
                "malformed",
            ),
            Wording(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
                "must be less than 604800 seconds",
                "AuthorizationQueryParametersError",
                400,
                "malformed",
            ),
            Wording("Request is not yet valid", detail="not yet valid"),
            Wording(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
                "query string parameter or the Authorization header should be specified",
                "InvalidArgument",
                400,
                "two signatures",
            ),
        ),
        {
            "expired": "make a new URL: this one is over; sign it with credentials that live as long as it",
            "unsigned headers": "send only headers that were signed; not {headers}, or sign them with the "
            "URL",
            "malformed": "use the URL exactly as it was made, with everything after the question mark",
            "not yet valid": "set the clock of the machine that makes the URL",
            "two signatures": "send the URL without an Authorization header: it is signed already",
        },
    ),
    Cause(
        "post_policy",
        "POST policy of an upload form",
        "The form does not keep to the policy that it was signed with: a field differs or was added, the "
        "file is larger or smaller than it may be, or the form has expired.",
        "make a new form, and send its fields as they are, the file last",
        "whoever makes the form; whoever sends it",
        (f"{S3_API}sigv4-HTTPPOSTConstructPolicy.html", f"{S3_API}RESTObjectPOST.html"),
        (
            Wording(
                'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "uploads/"]',
                detail="condition",
            ),
            Wording("Invalid according to Policy: Policy expired.", detail="expired"),
            Wording("Invalid according to Policy: Extra input fields: acl", detail="extra fields"),
            Wording("Invalid Policy: Invalid JSON.", "InvalidPolicyDocument", 400),
            Wording(
                "Your proposed upload exceeds the maximum allowed size",
                "EntityTooLarge",
                400,
                "size",
                fields={"ProposedSize": "20971520", "MaxSizeAllowed": "10485760"},
            ),
            Wording(
                "Bucket POST must contain a field named 'key'.  If it is specified, please check the order "
                "of the fields.",
                "InvalidArgument",
                400,
                "field missing",
            ),
        ),
        {
            "expired": "make a new form: this one is over",
            "size": "send a file of a size that the form allows, or make the form with another range",
            "extra fields": "send only the fields of the form, or allow more of them when it is made",
        },
        action="s3:PutObject",
    ),
    Cause(
        "signature",
        "signature",
        "The signature does not fit what arrived. The secret key is wrong, or something changed on the "
        "way: a proxy that rewrites headers or paths, a URL that was encoded again, a method other than "
        "the signed one.",
        "check the secret key; then look what changes the request on its way, e.g. a proxy",
        "caller",
        (_SIGNING, ERRORS),
        (
            Wording(
                "The request signature we calculated does not match the signature you provided. Check your "
                "key and signing method.",
                "SignatureDoesNotMatch",
            ),
            Wording(
                "The authorization mechanism you have provided is not supported. Please use "
                "AWS4-HMAC-SHA256.",
                "InvalidRequest",
                400,
                "signature version 4",
            ),
            Wording(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                "XAmzContentSHA256Mismatch",
                400,
            ),
            Wording("AWS authentication requires a valid Date or x-amz-date header", detail="date"),
        ),
        {
            "signature version 4": "sign with Signature Version 4: Config(signature_version='s3v4')",
            "XAmzContentSHA256Mismatch": "send the body that was hashed: it changed after it was signed",
        },
    ),
    Cause(
        "clock",
        "clock",
        "The machine's clock and that of AWS are more than 15 minutes apart; a signature is good for no "
        "longer.",
        "set the machine's clock",
        "caller",
        (_SIGNING, ERRORS),
        (
            Wording(
                "The difference between the request time and the current time is too large.",
                "RequestTimeTooSkewed",
                fields={
                    "RequestTime": "20260301T100000Z",
                    "ServerTime": _NOW,
                    "MaxAllowedSkewMilliseconds": "900000",
                },
            ),
            Wording(
                "Signature expired: 20260301T100000Z is now earlier than 20260301T114500Z "
                "(20260301T120000Z - 15 min.)",
                "SignatureDoesNotMatch",
                service="sts",
            ),
        ),
    ),
    Cause(
        "credentials",
        "credentials",
        "AWS does not know the access key, or the token that belongs to it has expired or is not the one "
        "that came with the key. Nothing was decided about permissions yet.",
        "check which credentials are in use: aws sts get-caller-identity",
        "caller",
        (f"{IAM_GUIDE}security-creds-programmatic-access.html", ERRORS),
        (
            Wording("The provided token has expired.", "ExpiredToken", 400, "expired"),
            Wording(
                "The security token included in the request is expired",
                "ExpiredToken",
                403,
                "expired",
                service="sts",
            ),
            Wording(
                "The AWS Access Key Id you provided does not exist in our records.",
                "InvalidAccessKeyId",
                detail="unknown key",
            ),
            Wording(
                "The security token included in the request is invalid.",
                "InvalidClientTokenId",
                detail="unknown key",
                service="sts",
            ),
            Wording(
                "The security token included in the request is invalid.",
                "UnrecognizedClientException",
                400,
                "unknown key",
                service="kms",
            ),
            Wording("The provided token is malformed or otherwise invalid.", "InvalidToken", 400, "token"),
            Wording(
                "Anonymous users cannot initiate multipart uploads.  Please authenticate.", detail="none"
            ),
            Wording(
                "Missing Authentication Token", "MissingAuthenticationToken", detail="none", service="sts"
            ),
            Wording(
                "Your account is not signed up for the S3 service. You must sign up before you can use S3.",
                "NotSignedUp",
            ),
        ),
        {
            "expired": "get new temporary credentials, e.g. aws sso login",
            "unknown key": "check which access key is in use, and that it is active: aws sts "
            "get-caller-identity",
            "token": "set the session token that was issued together with the access key",
            "none": "give the session credentials: the request was not signed",
            "disabled": "ask AWS Support: access to this was disabled for the whole account",
            "NotSignedUp": "sign the account up for S3, or ask AWS Support",
        },
    ),
    Cause(
        "region",
        "region",
        "The bucket lives in another region than the one the request was signed for or sent to. HEAD says "
        "only 400 or 301; the header x-amz-bucket-region names the right one.",
        "set region_name to {region}",
        "caller",
        (f"{S3_GUIDE}VirtualHosting.html", ERRORS),
        (
            Wording(
                "The authorization header is malformed; the region 'us-east-1' is wrong; expecting "
                "'eu-west-1'",
                "AuthorizationHeaderMalformed",
                400,
                "signed for another region",
                fields={"Region": "eu-west-1"},
            ),
            Wording(
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint.",
                "PermanentRedirect",
                301,
                fields={
                    "Endpoint": "amzn-s3-demo-bucket.s3.eu-west-1.amazonaws.com",
                    "BucketName": "amzn-s3-demo-bucket",
                },
            ),
            Wording(
                "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting "
                "'eu-west-1'",
                "AuthorizationQueryParametersError",
                400,
                "signed for another region",
                fields={"Region": "eu-west-1"},
            ),
            Wording(
                "The unspecified location constraint is incompatible for the region specific endpoint this "
                "request was sent to.",
                "IllegalLocationConstraintException",
                400,
                "location constraint",
            ),
        ),
        {
            "location constraint": "create it with CreateBucketConfiguration={{'LocationConstraint': …}}, "
            "the client's own region",
        },
    ),
)
