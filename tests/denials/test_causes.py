"""The catalogue of causes: complete, in words that AWS uses, and of help to whoever gets the denial."""

from __future__ import annotations

import dataclasses
import string
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials import Denial, parse_denial
from secure_s3.denials.catalogue import CATALOGUE, Cause, Wording
from secure_s3.denials.catalogue.entry import CALLER
from secure_s3.denials.causes import (
    Example,
    documentation,
    example,
    fix_for,
    is_policy,
    retryable,
    title,
    worded,
)
from secure_s3.denials.codes import BY_CODE
from secure_s3.denials.denial import CAUSES
from secure_s3.denials.texts import TEXTS
from secure_s3.errors import ConfigurationError

POLICY = "arn:aws:iam::111122223333:policy/Limits"
EVERY = [(cause, wording) for cause in CATALOGUE.values() for wording in cause.wordings]
each_wording = pytest.mark.parametrize(
    ("cause", "wording"), EVERY, ids=[f"{cause.name}-{number}" for number, (cause, _) in enumerate(EVERY)]
)
NAMES = {"action", "resource", "who", "policy", "region", "headers"}


def parsed(answer: Example) -> Denial:
    """What the parser makes of an example."""
    return parse_denial(**{field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)})


def test_every_cause_is_in_it() -> None:
    """Every cause has a title, a meaning, a fix, somebody who can do it, a page of AWS's and an answer."""
    assert tuple(CATALOGUE) == CAUSES
    for name, cause in CATALOGUE.items():
        assert cause.name == name
        assert all((cause.title, cause.meaning, cause.fix, cause.fixed_by, cause.pages, cause.wordings))
        assert all(page.startswith("https://docs.aws.amazon.com/") for page in cause.pages)
        assert title(name) == cause.title
    assert len({cause.title for cause in CATALOGUE.values()}) == len(CATALOGUE)


@each_wording
def test_a_wording_means_its_cause(cause: Cause, wording: Wording) -> None:
    """The parser finds in every wording of the catalogue what the catalogue says it means."""
    for resource, arn in product((cause.resource, None), (None, POLICY)):
        denial = parsed(worded(wording, cause.action, resource, CALLER, arn))
        assert (denial.cause, denial.detail, denial.explicit) == (
            cause.name,
            wording.detail,
            wording.explicit,
        )
        assert wording.layer is None or denial.layer == wording.layer
        if "{on}" in wording.message:
            assert (denial.resource, denial.principal, denial.action) == (resource, CALLER, cause.action)
        if "{named}" in wording.message:
            assert denial.policy_arn == arn
        assert denial.fields == dict(wording.fields)


@each_wording
def test_a_wording_is_fixed(cause: Cause, wording: Wording) -> None:
    """Each wording has a fix in one line, with nothing left to be filled in."""
    denial = parsed(worded(wording, cause.action, cause.resource, CALLER))
    fix = fix_for(denial)
    assert fix
    assert "\n" not in fix
    assert not {f"{{{name}}}" for name in NAMES} & set(fix.split())
    assert documentation(denial) == cause.pages[0]


@pytest.mark.parametrize("cause", CATALOGUE.values(), ids=lambda cause: cause.name)
def test_every_fix_can_be_reached(cause: Cause) -> None:
    """No fix waits for what no answer has, and each names only what can be filled in."""
    known = {code for code, name in BY_CODE.items() if name == cause.name}
    known |= {detail for _, name, detail in TEXTS if name == cause.name}
    known |= {wording.detail for wording in cause.wordings} | {wording.code for wording in cause.wordings}
    known |= {wording.layer or "" for wording in cause.wordings} | {"explicit", "implicit", "quarantine"}
    known |= {f"{wording.layer} explicit" for wording in cause.wordings}
    if cause.name in ("other", "not_found", "block_public_access", "kms_key_state", "credentials"):
        known |= set(cause.fixes)  # by codes and settings that the parser takes as they come
    assert set(cause.fixes) <= known
    for text in (cause.fix, *cause.fixes.values()):
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= NAMES


@pytest.mark.parametrize(
    ("denial", "fix"),
    [
        (
            Denial("identity_policy", False, "s3:GetObject", "R", "U"),
            "allow s3:GetObject on R in a policy of U",
        ),
        (Denial("identity_policy"), "look at the policies of the caller"),
        (
            Denial("identity_policy", True, "s3:X", policy_arn=f"{POLICY}AWSCompromisedKeyQuarantineV3"),
            "leaked",
        ),
        (Denial("service_control_policy", True, policy_arn=POLICY), POLICY),
        (
            Denial("kms_access", False, "kms:Decrypt", layer="resource_policy"),
            "in the key's policy, or by a grant",
        ),
        (
            Denial("kms_access", True, "kms:Decrypt", layer="identity_policy"),
            "that denies kms:Decrypt on the key",
        ),
        (Denial("region", fields={"Region": "eu-west-1"}), "set region_name to eu-west-1"),
        (Denial("region", message="wrong; expecting 'eu-west-2'"), "set region_name to eu-west-2"),
        (Denial("region"), "set region_name to the bucket's region"),
        (Denial("presign", detail="unsigned headers", fields={"HeadersNotSigned": "x-amz-acl"}), "x-amz-acl"),
        (Denial("block_public_access", detail="BlockPublicAcls"), "ACL=public-read"),
        (
            Denial("not_found", code="NoSuchKey"),
            "without s3:ListBucket a missing key is reported as AccessDenied",
        ),
        (Denial("opaque", code="403"), "HEAD answers carry no reason, GET does"),
        (Denial("other", code="InvalidRange"), "ContentLength"),
        (Denial("other", False, "sqs:SendMessage", layer="resource_policy"), "allow sqs:SendMessage"),
        (Denial("identity_policy", False, "{action}", "{0.__class__}", "a\nb\x1b[31m"), r"a\nb\x1b"),
    ],
)
def test_fixes(denial: Denial, fix: str) -> None:
    """A fix names what the denial names, and nothing in a name can break it."""
    assert fix in fix_for(denial)


@given(st.sampled_from(CAUSES), st.text(), st.text(), st.sampled_from([True, False, None]), st.text())
def test_a_fix_for_anything(cause: str, code: str, detail: str, explicit: bool | None, name: str) -> None:
    """Whatever a denial holds, there is a fix in one line, a page, and a yes or no to trying again."""
    denial = Denial(cause, explicit, name, name, name, name, code=code, detail=detail, layer=detail)
    assert fix_for(denial).isprintable()
    assert documentation(denial).startswith("https://")
    assert retryable(denial) in (True, False)


@pytest.mark.parametrize(
    ("denial", "again"),
    [
        (Denial("transport", code="RequestTimeout"), True),
        (Denial("other", code="SlowDown"), True),
        (Denial("precondition", code="ConditionalRequestConflict"), True),
        (Denial("precondition", code="PreconditionFailed"), False),
        (Denial("bucket_policy", code="AccessDenied"), False),
        (Denial("credentials", code="ExpiredToken"), False),
    ],
)
def test_retryable(denial: Denial, again: bool) -> None:
    """What the service failed at may succeed later; what it refused does not, with nothing changed."""
    assert retryable(denial) is again


@pytest.mark.parametrize("cause", CAUSES)
def test_examples(cause: str) -> None:
    """The example of every cause means this cause, with and without a resource, for any action."""
    for action, resource, explicit in product((None, "s3:PutObject"), ("default", None), (None, True, False)):
        given_: dict[str, Any] = {} if resource == "default" else {"resource": resource}
        denial = parsed(example(cause, action=action, explicit=explicit, principal=CALLER, **given_))
        assert denial.cause == cause
        if is_policy(cause) and explicit is not None:
            assert denial.explicit is explicit


def test_examples_name_what_they_are_given() -> None:
    """Action, resource, principal, ARN and detail stand in the message as they were given."""
    answer = example(
        "permissions_boundary",
        action="s3:PutObject",
        resource="arn:aws:s3:::b/k",
        principal="P",
        policy_arn=POLICY,
        explicit=True,
    )
    assert answer.message == (
        'User: P is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit '
        f"deny in a permissions boundary: {POLICY}"
    )
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert parsed(example("block_public_access", detail="BlockPublicAcls")).detail == "BlockPublicAcls"
    assert parsed(example("kms_access", action="s3:PutObject")).action == "kms:GenerateDataKey"
    assert (
        parsed(example("kms_access", action="kms:Encrypt", resource="arn:aws:s3:::b/k")).action
        == "kms:Encrypt"
    )
    assert parsed(example("trust_policy", action="s3:PutObject")).action == "sts:AssumeRole"
    assert POLICY not in example("bucket_policy", explicit=False).message


@pytest.mark.parametrize("call", [title, is_policy, example])
@pytest.mark.parametrize("cause", ["", "bucket", "Bucket_Policy", None, []])
def test_no_cause(call: object, cause: object) -> None:
    """What is no cause is refused with the list of those that are."""
    with pytest.raises(ConfigurationError, match="is no cause of a denial") as caught:
        call(cause)  # type: ignore[operator]
    assert "bucket_policy" in caught.value.fix
