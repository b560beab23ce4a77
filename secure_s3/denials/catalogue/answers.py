"""Causes known by what an answer lacks, and what is no denial: no reason, no answer, another error.

Source: Amazon S3 API Reference, "Error responses"; Amazon S3 User Guide, "Troubleshoot access denied (403
Forbidden) errors in Amazon S3" and "Verifying bucket ownership with bucket owner condition".
"""

from __future__ import annotations

from typing import Final

from .entry import ERRORS, REFUSED, S3_GUIDE, Cause, Wording

ANSWERS: Final = (
    Cause(
        "transport",
        "connection",
        "The request did not arrive whole, or its answer did not: a connection broke, or was too slow. "
        "Nobody refused it.",
        "try again; if it stays so, look at the network, the region and the endpoint",
        "caller",
        (ERRORS,),
        (
            Wording(
                "Your socket connection to the server was not read from or written to within the timeout "
                "period. Idle connections will be closed.",
                "RequestTimeout",
                400,
            ),
            Wording(
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
                "IncompleteBody",
                400,
            ),
            Wording(
                'Could not connect to the endpoint URL: "https://s3.eu-west-1.amazonaws.com/"',
                "EndpointConnectionError",
                0,
            ),
        ),
        again=True,
    ),
    Cause(
        "bucket_owner",
        "expected bucket owner",
        "The call names the account that has to own the bucket, and it is malformed, or not the owner. The "
        "latter reads as a bare Access Denied.",
        "check ExpectedBucketOwner: the 12 digits of the account that owns the bucket",
        "caller",
        (f"{S3_GUIDE}bucket-owner-condition.html",),
        (
            Wording(
                "The value of the expected bucket owner parameter must be an AWS Account ID... [1234]",
                "InvalidBucketOwnerAWSAccountID",
                400,
            ),
        ),
    ),
    Cause(
        "opaque",
        "something that the answer does not name",
        "It was refused, and the answer does not say by what. AWS gives reasons only to callers of the "
        "owner's account or organization. A bare Access Denied also comes from directory buckets, for "
        "anonymous callers, for an expected bucket owner that is not the owner, for Requester Pays, and "
        "for a missing key if the caller lacks s3:ListBucket. HEAD has no body: behind its 400 and 403 may "
        "be anything, the wrong SSE-C key included.",
        "check, in this order: the identity's policy, the bucket's policy, the KMS key's policy; "
        "s3.explain(error) looks at all of them",
        "whoever turns out to have refused it",
        (REFUSED, ERRORS),
        (
            Wording("Access Denied"),
            Wording("Forbidden", "403", operation="HeadObject"),
            Wording("Bad Request", "400", 400, operation="HeadObject"),
            Wording(
                "User: {principal} is not authorized to perform: {action}{on} with an explicit deny",
                explicit=True,
            ),
            Wording(
                "You are not authorized to perform this operation.", "UnauthorizedOperation", service="ec2"
            ),
        ),
        {
            "403": "check, in this order: the identity's policy, the bucket's policy, the KMS key's "
            "policy; HEAD answers carry no reason, GET does: s3.explain(error, probe=True)",
            "400": "HEAD answers carry no reason, GET does: s3.explain(error, probe=True); look at "
            "the SSE-C key, the region and the session token",
        },
    ),
    Cause(
        "other",
        "something else",
        "It is not a denial, or nothing in it is known.",
        "look the code up in the list of S3's error responses",
        "caller",
        (ERRORS,),
        (
            Wording("The requested range is not satisfiable", "InvalidRange", 416),
            Wording("Please reduce your request rate.", "SlowDown", 503),
        ),
        {
            "InvalidRange": "the object has fewer bytes: look at ContentLength of head_object",
            "SlowDown": "send fewer requests at a time, or spread them over more prefixes",
            "InternalError": "try again: the service failed, not the request",
            "ServiceUnavailable": "try again, with fewer requests at a time",
            "IncorrectKeyException": "the object was encrypted with another key than its header says",
            "InvalidCiphertextException": "the encrypted data key or the encryption context was changed",
            "BadDigest": "the bytes changed on the way; send them again",
            "BucketAlreadyOwnedByYou": "use the bucket: it is there already, and yours",
            "BucketAlreadyExists": "choose another name: somebody has this one",
            "BucketNotEmpty": "delete the objects first, all versions of them",
            "layer": "have the owner of {resource} allow {action} to {who} in its policy",
        },
    ),
)
