"""The guard's list of operations, held against the S3 model of the installed botocore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ServiceModel

from secure_s3.encryption.operations import COPIES, CUSTOMER_KEY, CUSTOMER_KEY_ECHOED, SESSIONS, WRITES
from secure_s3.guard import operations
from tests.guard.support import core_session

# Members that say how data is protected, or who else may reach it.
TELLING = re.compile(
    r"SSE|ServerSideEncryption|BucketKeyEnabled|Encryption|KmsKey|KMSKey|^ACL$|CannedACL|Grant|AccessControlPolicy"
)
# S3 Object Lambda answers: they are data on their way to a reader, not to a bucket.
ANSWERS = {"WriteGetObjectResponse"}
# Reads of settings whose nested members name keys.
READ_SETTINGS = re.compile(r"(Get|List)Bucket[A-Za-z]*")

ModelDict = dict[str, Any]


def model() -> ServiceModel:
    return core_session().get_service_model("s3")


def raw_model() -> ModelDict:
    core = core_session()
    return dict(core.get_component("data_loader").load_service_model("s3", "service-2"))


def members(shape: Any) -> set[str]:
    return set(shape.members) if shape is not None and shape.type_name == "structure" else set()


def nested(shape: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of all members at any depth."""
    if shape is None or shape.name in seen:
        return
    seen |= {shape.name}
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            yield name
            yield from nested(inner, seen)
    elif shape.type_name == "list":
        yield from nested(shape.member, seen)


def unknown_operations(service: ServiceModel) -> set[str]:
    """Operations that touch encryption or grants and that the guard has no opinion about."""
    found = set()
    for name in service.operation_names:
        operation = service.operation_model(name)
        telling = {member for member in nested(operation.input_shape) if TELLING.search(member)}
        telling |= {member for member in members(operation.output_shape) if TELLING.search(member)}
        if telling and name not in operations.KNOWN and not READ_SETTINGS.fullmatch(name):
            found.add(name)
    return found


def test_every_operation_is_known() -> None:
    """Every operation with a member of encryption, ACLs or grants, at any depth, is on the guard's list."""
    assert unknown_operations(model()) == set()


@pytest.mark.parametrize(
    "member", ["ServerSideEncryption", "SSECustomerKey", "ACL", "GrantRead", "NewSSEThing"]
)
@pytest.mark.parametrize("where", ["input", "output", "nested"])
def test_a_new_operation_is_noticed(member: str, where: str) -> None:
    """An operation that botocore gains tomorrow is noticed, wherever its telling member stands."""
    raw = raw_model()
    shapes = {
        **raw["shapes"],
        "Nobody": {"type": "structure", "members": {"Bucket": {"shape": "BucketName"}}},
        "Telling": {"type": "structure", "members": {member: {"shape": "ObjectKey"}}},
        "Deep": {"type": "structure", "members": {"Rules": {"shape": "DeepRules"}}},
        "DeepRules": {"type": "list", "member": {"shape": "Telling"}},
    }
    told = {"input": "Telling", "nested": "Deep"}.get(where, "Nobody")
    fake = {
        "name": "PutObjectSomehow",
        "http": {"method": "PUT", "requestUri": "/"},
        "input": {"shape": told},
        "output": {"shape": "Telling" if where == "output" else "Nobody"},
    }
    service = ServiceModel(
        {**raw, "operations": {**raw["operations"], "PutObjectSomehow": fake}, "shapes": shapes}
    )
    assert unknown_operations(service) == {"PutObjectSomehow"}


def test_a_harmless_new_operation_is_let_be() -> None:
    """An operation without such members needs no entry."""
    raw = raw_model()
    fake = {
        "name": "PutObjectMood",
        "http": {"method": "PUT", "requestUri": "/"},
        "input": {"shape": "PutObjectTaggingRequest"},
    }
    service = ServiceModel({**raw, "operations": {**raw["operations"], "PutObjectMood": fake}})
    assert unknown_operations(service) == set()


def test_nothing_is_known_that_does_not_exist() -> None:
    """The guard's lists name no operation that the model does not have."""
    names = set(model().operation_names)
    for listed in (
        operations.KNOWN,
        operations.WIRE_CHECKED,
        operations.NO_EXPECTED_OWNER,
        CUSTOMER_KEY,
        COPIES,
    ):
        assert set(listed) <= names


def inputs(service: ServiceModel) -> dict[str, set[str]]:
    return {name: members(service.operation_model(name).input_shape) for name in service.operation_names}


def outputs(service: ServiceModel) -> dict[str, set[str]]:
    return {name: members(service.operation_model(name).output_shape) for name in service.operation_names}


def test_what_takes_an_algorithm_is_a_write() -> None:
    """Operations that take ServerSideEncryption are exactly the writes and the sessions."""
    found = {name for name, taken in inputs(model()).items() if "ServerSideEncryption" in taken}
    assert found - ANSWERS == set(WRITES | SESSIONS)


def test_what_takes_a_customer_key_is_listed() -> None:
    """Operations that take SSECustomerKey are exactly those to which SSE-C gives it."""
    assert {name for name, taken in inputs(model()).items() if "SSECustomerKey" in taken} == set(CUSTOMER_KEY)


def test_what_echoes_a_customer_key_is_listed() -> None:
    """Operations whose answer can repeat the key's MD5 are exactly those from which it is demanded."""
    found = {name for name, told in outputs(model()).items() if "SSECustomerKeyMD5" in told}
    assert found == set(CUSTOMER_KEY_ECHOED)


def test_what_copies_is_listed() -> None:
    """Operations with a key for a copy's source are exactly the copies."""
    assert {name for name, taken in inputs(model()).items() if "CopySourceSSECustomerKey" in taken} == set(
        COPIES
    )


def test_what_takes_an_acl_is_checked_for_public_ones() -> None:
    """Operations that take an ACL, a grant or an access control policy are all checked for public ones."""
    found = {
        name
        for name, taken in inputs(model()).items()
        if any(
            member == "ACL" or member.startswith("Grant") or member == "AccessControlPolicy"
            for member in taken
        )
    }
    assert found <= WRITES | operations.ACLS


def test_nested_canned_acls_are_checked_too() -> None:
    """Operations that name an ACL deep in a document are checked for public ones."""
    service = model()
    found = {
        name
        for name in service.operation_names
        if {"CannedACL", "URI"} & set(nested(service.operation_model(name).input_shape))
    }
    assert found <= WRITES | operations.ACLS | operations.DELEGATES


def test_operations_without_an_expected_owner() -> None:
    """Exactly the listed operations take no ExpectedBucketOwner."""
    found = {name for name, taken in inputs(model()).items() if "ExpectedBucketOwner" not in taken}
    assert found == set(operations.NO_EXPECTED_OWNER)


def test_every_write_reports_its_encryption() -> None:
    """The answer of every write can prove the algorithm and the key."""
    for name in WRITES:
        assert {"ServerSideEncryption", "SSEKMSKeyId", "SSECustomerKeyMD5"} <= outputs(model())[name]


def test_every_write_and_part_is_checked_on_the_wire() -> None:
    """Writes, parts and completions are all checked on the wire."""
    assert WRITES < operations.WIRE_CHECKED
    assert {"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"} < operations.WIRE_CHECKED


def test_answers_of_continuing_operations_can_contradict() -> None:
    """Operations that continue a write report ServerSideEncryption, which the guard compares."""
    for name in operations.CONTINUES:
        assert "ServerSideEncryption" in outputs(model())[name], name
