"""``parse_denial`` over answers that services gave, and over variations of the sentence they are made of."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.denials import Denial, parse_denial
from secure_s3.denials.grammar import PUBLIC_ACCESS_SETTINGS

_LINES = (Path(__file__).parent / "samples.jsonl").read_text("utf-8").splitlines()
SAMPLES = [json.loads(line) for line in _LINES]
USER = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/a/b.csv"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = "arn:aws:iam::111122223333:policy/team/Limits_1.2=x,y@z"
BLOB = "GdIWPnptu6qC0xExampleExampleExampleExampleExample"

LAYERS = {
    "identity-based policy": "identity_policy",
    "permissions boundary": "permissions_boundary",
    "session policy": "session_policy",
    "sessions policy": "session_policy",
    "service control policy": "service_control_policy",
    "resource control policy": "resource_control_policy",
    "VPC endpoint policy": "endpoint_policy",
    "role trust policy": "trust_policy",
}
PRINCIPALS = [
    USER,
    "arn:aws:iam::111122223333:root",
    "arn:aws-cn:iam::111122223333:user/div/Mary.Major",
    "arn:aws-us-gov:sts::111122223333:assumed-role/r/user4611055=student@example.com",
    "arn:aws:sts::111122223333:assumed-role/r/a,b.c=d@e+f",
    "arn:aws:sts::111122223333:assumed-role/r/Mary Major of Sales",
    "arn:aws:sts::111122223333:federated-user/Bob",
    "AIDACKCEVSQ6C2EXAMPLE",
    "anonymous",
    "service: AWS",
]
RESOURCES = [
    OBJECT,
    "arn:aws-cn:s3:::amzn-s3-demo-bucket",
    "arn:aws:s3:us-east-2:111122223333:accesspoint/my-ap/object/x",
    "arn:aws:s3:::amzn-s3-demo-bucket/two  spaces, a comma. And a point.",
    'arn:aws:s3:::amzn-s3-demo-bucket/a"quoted"key',
    'arn:aws:s3:::amzn-s3-demo-bucket/x" with an explicit deny in a service control policy: arn:aws:x" y',
    "arn:aws:s3:::amzn-s3-demo-bucket/because no session policy allows the s3:GetObject action",
    "arn:aws:s3:::amzn-s3-demo-bucket/User: me is not authorized to perform: s3:PutObject on resource: x",
    "arn:aws:s3:::amzn-s3-demo-bucket/year=2026/warehouse/database/schema/table/longname/month=01",
    "arn:aws:s3:::amzn-s3-demo-bucket/Ünïcödé/日本語",
    "*",
]


def parsed(message: Any, **more: Any) -> Denial:
    """What a 403 AccessDenied with this message stands for."""
    return parse_denial(**{"status": 403, "code": "AccessDenied", "message": message, **more})


def told(denial: Denial) -> tuple[Any, ...]:
    """Everything that is read from the sentence."""
    return (
        denial.cause,
        denial.explicit,
        denial.principal,
        denial.action,
        denial.resource,
        denial.policy_arn,
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["id"])
def test_samples(sample: dict[str, Any]) -> None:
    """Each answer that was recorded, or that AWS documents, gives its cause and what it names."""
    given_ = {name: sample[name] for name in ("service", "operation", "status", "code", "message")}
    denial = parse_denial(**given_)
    assert {name: getattr(denial, name) for name in sample["expect"]} == sample["expect"]
    assert (denial.service, denial.operation, denial.status) == (
        sample["service"],
        sample["operation"],
        sample["status"],
    )


@pytest.mark.parametrize("kind", LAYERS)
def test_every_kind_of_policy(kind: str) -> None:
    """Explicit and implicit, with and without ARN and resource, in every wording of the articles."""
    layer = LAYERS[kind]
    for article, arn, resource in product(("a", "an", "the"), (None, POLICY), (None, OBJECT)):
        on = f' on resource: "{resource}"' if resource else ""
        named = f": {arn}" if arn else ""
        text = f"User: {USER} is not authorized to perform: s3:GetObject{on}"
        explicit = parsed(f"{text} with an explicit deny in {article} {kind}{named}")
        implicit = parsed(f"{text} because no {kind} allows the s3:GetObject action{named}")
        assert told(explicit) == (layer, True, USER, "s3:GetObject", resource, arn)
        assert told(implicit) == (layer, False, USER, "s3:GetObject", resource, arn)
        assert explicit.layer == implicit.layer == layer


def test_who_and_what_are_taken_as_they_stand() -> None:
    """Names with any characters that they may have, and keys with such sentences in them, come out whole."""
    for principal, resource in product(PRINCIPALS, RESOURCES):
        text = f'User: {principal} is not authorized to perform: s3:GetObject on resource: "{resource}"'
        for tail in ("", " with an explicit deny", ".", f". Encoded authorization failure message: {BLOB}"):
            if "explicit deny" in resource and not tail:
                continue  # the quotes of such a key close nowhere
            denial = parsed(text + tail)
            assert (denial.principal, denial.resource) == (principal, resource), tail
        denied = parsed(f"{text} with an explicit deny in a resource-based policy")
        assert told(denied) == ("bucket_policy", True, principal, "s3:GetObject", resource, None)
        left = parsed(f"{text} because no identity-based policy allows the s3:GetObject action: {POLICY}")
        assert told(left) == ("identity_policy", False, principal, "s3:GetObject", resource, POLICY)


@pytest.mark.parametrize(
    "appended",
    [
        ".",
        f". Encoded authorization failure message: {BLOB}",
        f".\nEncoded authorization failure message: {BLOB}.",
        " (Service: S3, Status Code: 403, Request ID: 7QF, Extended Request ID: a=) (SDK Attempt Count: 1)",
        "\n",
    ],
)
def test_what_follows_is_no_part_of_an_arn(appended: str) -> None:
    """A full stop, an encoded message and what SDKs append end the policy's ARN and an unquoted resource."""
    text = f"User: {USER} is not authorized to perform: ec2:RunInstances on resource: {KEY}"
    assert parsed(text + appended).resource == KEY
    denial = parsed(f"{text} with an explicit deny in a permissions boundary: {POLICY}{appended}")
    assert told(denial) == ("permissions_boundary", True, USER, "ec2:RunInstances", KEY, POLICY)


@pytest.mark.parametrize("blank", ["  ", "\n", "\r\n", "\t", " \n  "])
def test_blanks(blank: str) -> None:
    """Line breaks and double spaces between the words change nothing."""
    words = (
        f'User: {USER} is not authorized to perform: s3:PutObject on resource: "{OBJECT}" with an explicit'
    )
    words += f" deny in a service control policy: {POLICY}"
    assert told(parsed(words.replace(" ", blank))) == told(parsed(words))
    assert told(parsed(words))[0] == "service_control_policy"


@pytest.mark.parametrize(
    "prefix",
    [
        "You are not authorized to perform this operation. ",
        "An error occurred (AccessDenied) when calling the PutObject operation: ",
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject "
        "operation (reached max retries: 4): ",
        "Access Denied: ",
    ],
)
def test_what_stands_before_it(prefix: str) -> None:
    """Sentences before the one that counts change nothing, and botocore's give the code and the operation."""
    text = (
        f"{prefix}User: {USER} is not authorized to perform: s3:PutObject because no session policy allows it"
    )
    denial = parse_denial(message=text)
    assert told(denial)[:4] == ("session_policy", False, USER, "s3:PutObject")
    assert (denial.code, denial.operation) == (
        ("AccessDenied", "PutObject") if "An error" in prefix else (None, None)
    )


@pytest.mark.parametrize(
    ("action", "cause", "layer"),
    [
        ("s3:PutObject", "bucket_policy", "resource_policy"),
        ("s3express:CreateSession", "bucket_policy", "resource_policy"),
        ("s3-object-lambda:GetObject", "bucket_policy", "resource_policy"),
        ("s3-outposts:GetObject", "bucket_policy", "resource_policy"),
        ("sts:AssumeRole", "trust_policy", "trust_policy"),
        ("sts:AssumeRoleWithWebIdentity", "trust_policy", "trust_policy"),
        ("kms:Decrypt", "kms_access", "resource_policy"),
        ("sqs:SendMessage", "other", "resource_policy"),
        ("secretsmanager:GetSecretValue", "other", "resource_policy"),
    ],
)
def test_resource_based_policies(action: str, cause: str, layer: str) -> None:
    """Whose policy a resource-based one is, the service of the action tells, not the one that answers."""
    text = f"User: {USER} is not authorized to perform: {action}"
    for tail in (
        f" because no resource-based policy allows the {action} action",
        " with an explicit deny in a",
    ):
        tail += " resource-based policy" if tail.endswith("in a") else ""
        denial = parsed(text + tail)
        assert (denial.cause, denial.layer, denial.action) == (cause, layer, action)


@pytest.mark.parametrize(
    ("tail", "cause", "explicit", "layer"),
    [
        (
            "because no identity-based policy allows the action",
            "kms_access",
            False,
            "identity_policy",
        ),
        ("with an explicit deny in an identity-based policy", "kms_access", True, "identity_policy"),
        ("with an explicit deny", "kms_access", True, None),
        ("", "kms_access", None, None),
        ("with an explicit deny in a service control policy", "service_control_policy", True, None),
        ("with an explicit deny in a resource control policy", "resource_control_policy", True, None),
        (
            "because no permissions boundary allows the kms:Decrypt action",
            "permissions_boundary",
            False,
            None,
        ),
        ("because no session policy allows the kms:Decrypt action", "session_policy", False, None),
        ("with an explicit deny in a VPC endpoint policy", "endpoint_policy", True, None),
        (
            "because the resource does not exist in this Region, no resource-based policies allow access, or "
            "a resource-based policy explicitly denies access",
            "kms_access",
            None,
            None,
        ),
    ],
)
def test_kms(tail: str, cause: str, explicit: bool | None, layer: str | None) -> None:
    """A key refused by its own or the caller's policy is ``kms_access``; other policies keep their names."""
    on_key, on_text = f"on resource: {KEY} ", "on the resource associated with this ciphertext "
    for on, resource in ((on_key, KEY), (on_text, None)):
        denial = parsed(f"User: {USER} is not authorized to perform: kms:Decrypt {on}{tail}")
        assert told(denial) == (cause, explicit, USER, "kms:Decrypt", resource, None)
        assert denial.layer == (layer if cause == "kms_access" else cause)


U = "User: U is not authorized to perform"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{U}: s3:GetObject", ("opaque", None, "U", "s3:GetObject", None)),
        (f"{U} s3:GetObject on resource R", ("opaque", None, "U", "s3:GetObject", "R")),
        (f"{U}: s3:X with an explicit deny", ("opaque", True, "U", "s3:X", None)),
        (f"{U}: sts:AssumeRole on resource: R", ("trust_policy", None, "U", "sts:AssumeRole", "R")),
        (f"{U}: sts:AssumeRole", ("trust_policy", None, "U", "sts:AssumeRole", None)),
        (f"{U}: iam:GetRole on resource: role NAME.", ("opaque", None, "U", "iam:GetRole", "role NAME")),
        (f"{U}: s3:ListAllMyBuckets on resource: *", ("opaque", None, "U", "s3:ListAllMyBuckets", "*")),
        (f"{U}: s3:X because no known reason", ("opaque", False, "U", "s3:X", None)),
        (f"{U} this operation", ("opaque", None, "U", None, None)),
        ("User: is not authorized to perform: s3:X on resource:", ("opaque", None, None, "s3:X", None)),
        ("is not authorized to perform: ", ("opaque", None, None, None, None)),
        ("Anonymous users cannot invoke this API.", ("credentials", None, "anonymous", None, None)),
    ],
)
def test_where_parts_are_missing(text: str, expected: tuple[Any, ...]) -> None:
    """What the sentence lacks is None, and where it gives no reason the denial is opaque."""
    assert told(parsed(text))[:5] == expected


@pytest.mark.parametrize("setting", PUBLIC_ACCESS_SETTINGS)
@pytest.mark.parametrize(
    "tail",
    [
        "because public things are prevented by the {} setting in S3 Block Public Access.",
        "because public things are blocked by the {} block public access setting.",
        "because it's blocked by the {} block public access setting",
    ],
)
def test_block_public_access(setting: str, tail: str) -> None:
    """Both wordings of S3 Block Public Access, with the setting as the detail."""
    text = f'User: {USER} is not authorized to perform: s3:PutBucketAcl on resource: "{OBJECT}" '
    denial = parsed(text + tail.format(setting))
    assert told(denial) == ("block_public_access", None, USER, "s3:PutBucketAcl", OBJECT, None)
    assert (denial.detail, denial.layer) == (setting, None)


def test_transitively() -> None:
    """A VPC endpoint's policy that denies through a service control policy is the endpoint's, and says so."""
    tail = "with an explicit deny in a VPC endpoint policy transitively through a service control policy"
    denial = parsed(f'User: {USER} is not authorized to perform: s3:GetObject on resource: "{OBJECT}" {tail}')
    assert told(denial) == ("endpoint_policy", True, USER, "s3:GetObject", OBJECT, None)
    assert denial.detail == "transitively through a service control policy"


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=40)


@given(names, names, st.sampled_from(sorted(LAYERS)), st.booleans(), st.sampled_from([None, POLICY]))
@settings(max_examples=150)
def test_round_trip(session: str, key: str, kind: str, explicit: bool, arn: str | None) -> None:
    """A sentence made of any names gives these names back."""
    principal, resource = f"arn:aws:sts::1:assumed-role/r/{session}", f"arn:aws:s3:::b/{key}"
    reason = (
        f"with an explicit deny in a {kind}" if explicit else f"because no {kind} allows the s3:Get action"
    )
    text = f'User: {principal} is not authorized to perform: s3:Get on resource: "{resource}" {reason}'
    denial = parsed(f"{text}: {arn}" if arn else text)
    if denial.message.startswith(text):  # a name that looks like a secret is taken out
        assert told(denial) == (LAYERS[kind], explicit, principal.rstrip("\"'`,"), "s3:Get", resource, arn)
