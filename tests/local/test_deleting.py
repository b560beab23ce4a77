"""DeleteObjects: what names no object, and keys that XML readers read differently."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.local import LocalAws

from .support import BUCKET, Told, by_header, keys, send


def delete(aws: LocalAws, inner: str) -> Told:
    """Send this between <Delete> and </Delete>."""
    body, target = f"<Delete>{inner}</Delete>".encode(), f"/{BUCKET}?delete"
    return send(aws, "POST", target, body, by_header(aws, "POST", target, body))


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<Object/>",
        "<Object><Key/></Object>",
        "<Object><Key><Key>a</Key></Key></Object>",
        "<Object><Key>a</Key><Key>b</Key></Object>",
        "<Object><Key>a</Key></Object><Object><VersionId>1</VersionId></Object>",
        "<Object><Key>a</Key><VersionId>1</VersionId><VersionId>2</VersionId></Object>",
        "<Object><Key>a</Key><VersionId><a/></VersionId></Object>",
        "<Object><Key>a</Key></Object>" * 1001,
    ],
)
def test_malformed(inner: str, local_aws: LocalAws, s3: Any) -> None:
    """An entry names one object and one version at most, a request a thousand; else nothing is deleted."""
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    assert delete(local_aws, inner).refusal == (400, "MalformedXML")
    assert keys(s3) == ["a"]


@pytest.mark.parametrize(
    ("inner", "gone"),
    [
        ("<Object><Key x='y'>a</Key></Object>", "a"),
        ("<Object><Key><![CDATA[a<&]]></Key></Object>", "a<&"),
        ("<Object><Key>a<!-- b --></Key></Object>", "a"),
        ("<Object><Key>a&#13;b</Key></Object>", "a\rb"),
        ("<n:Object xmlns:n='n'><n:Key> a </n:Key></n:Object>", " a "),
    ],
)
def test_what_was_judged_is_deleted(inner: str, gone: str, local_aws: LocalAws, s3: Any) -> None:
    """The key that is deleted is the one that was read when it was judged, however it was written."""
    for key in {"a", "a\nb", gone}:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert delete(local_aws, inner).status == 200
    assert sorted(keys(s3)) == sorted({"a", "a\nb"} - {gone})
