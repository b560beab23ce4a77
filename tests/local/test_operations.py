"""Which operation a request is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StringShape, StructureShape
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.local.server.faults import Refusal
from secure_s3.local.server.judging.operations import check_operation, is_answered, operation_of

MODEL = ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")
OTHER_HOSTS = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
RENAMED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
"""Old names of requests that look the same."""
NAMES = sorted(set(MODEL.operation_names) - OTHER_HOSTS)


def value(shape: Any) -> Any:
    """Something of this shape, with what it must have."""
    if isinstance(shape, StructureShape):
        names = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
        return {name: value(shape.members[name]) for name in names}
    if isinstance(shape, StringShape):
        return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
    plain = {"integer": 1, "long": 1, "boolean": True, "timestamp": 0, "blob": b"", "map": {}}
    return [value(shape.member)] if shape.type_name == "list" else plain[shape.type_name]


def recognised(name: str, optional: frozenset[str] = frozenset()) -> tuple[str, str, str, dict[str, str]]:
    """What botocore serialises for an operation, read: the operation, the method, the key and the query."""
    operation = MODEL.operation_model(name)
    shape = operation.input_shape
    members = () if shape is None else (*shape.required_members, *sorted(optional & set(shape.members)))
    parameters = {} if shape is None else {member: value(shape.members[member]) for member in members}
    for member in ("Bucket", "Key"):
        if member in parameters:
            parameters[member] = {"Bucket": "amzn-s3-demo-bucket", "Key": "a/b?acl c"}[member]
    sent = create_serializer("rest-xml").serialize_to_request(parameters, operation)
    parts = urlsplit(sent["url_path"])
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query |= {key: str(text) for key, text in dict(sent["query_string"] or {}).items()}
    headers = {header.lower(): str(text) for header, text in sent["headers"].items()}
    found = operation_of(sent["method"], bucket, key, query, headers)
    return found, sent["method"], key, query


@pytest.mark.parametrize("name", NAMES)
def test_every_operation(name: str) -> None:
    """What botocore serialises for an operation is that operation, and one alone."""
    found, method, key, query = recognised(name)
    assert found == RENAMED.get(name, name)
    check_operation(found, method, key, query)


@given(st.data())
def test_with_optional_parameters(data: st.DataObject) -> None:
    """Whatever else may stand in the query or the headers does not make another operation of a request."""
    name = data.draw(st.sampled_from(NAMES))
    shape = MODEL.operation_model(name).input_shape
    simple = ("string", "integer", "boolean")
    members = sorted(
        member
        for member, each in (shape.members.items() if shape else ())
        if each.serialization.get("location") in ("querystring", "header") and each.type_name in simple
    )
    chosen = data.draw(st.sets(st.sampled_from(members), max_size=4)) if members else set()
    found, method, key, query = recognised(name, frozenset(chosen))
    assert found == RENAMED.get(name, name)
    check_operation(found, method, key, query)


@pytest.mark.parametrize(
    ("method", "key", "query", "code"),
    [
        ("GET", "", {"acl": "", "policy": ""}, "InvalidArgument"),
        ("GET", "k", {"uploadId": "1", "acl": ""}, "InvalidArgument"),
        ("PUT", "k", {"tagging": "", "retention": ""}, "InvalidArgument"),
        ("DELETE", "k", {"acl": ""}, "MethodNotAllowed"),
        ("GET", "k", {"uploads": ""}, "MethodNotAllowed"),
        ("PUT", "k", {"uploadId": "1"}, "MethodNotAllowed"),
        ("POST", "k", {}, "MethodNotAllowed"),
        ("PATCH", "", {}, "MethodNotAllowed"),
    ],
)
def test_no_operation(method: str, key: str, query: dict[str, str], code: str) -> None:
    """Two sub-resources, or one that the method does not work on, are refused, and not taken for another."""
    operation = operation_of(method, "amzn-s3-demo-bucket", key, query, {})
    with pytest.raises(Refusal) as caught:
        check_operation(operation, method, key, query)
    assert caught.value.code == code


@pytest.mark.parametrize("query", [{"analytics": ""}, {"metrics": "", "id": "1"}])
def test_not_implemented(query: dict[str, str], s3: Any, local_aws: Any) -> None:
    """What moto would take for ListObjects is not answered with a list of objects."""
    from .support import BUCKET, by_header, send

    target = f"/{BUCKET}?" + "&".join(f"{name}={text}" if text else name for name, text in query.items())
    told = send(local_aws, "GET", target, headers=by_header(local_aws, "GET", target))
    assert told.refusal == (501, "NotImplemented")


def test_the_owner_pays(s3: Any) -> None:
    """Who pays for requests is told: the owner, as by default."""
    from .support import BUCKET

    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "BucketOwner"


def test_answered() -> None:
    """Operations without a sub-resource that is missing are answered."""
    assert is_answered("GetObject", {"versionId": "1"})
    assert not is_answered("GetObjectTorrent", {"torrent": ""})
    assert not is_answered("UpdateObjectEncryption", {"encryption": ""})
