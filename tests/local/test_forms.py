"""The bodies of forms: what is well-formed, what counts, and what the parser does with the rest."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.local import LocalAws

from .support import (
    BOUNDARY,
    BUCKET,
    BY_HEADER,
    FORM,
    connected,
    form,
    held,
    keys,
    part,
    post,
    send,
    signed_url,
)

# ------------------------------------------------------------------------------------------- the form

END = f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"key=k&policy=p",
        END[:-4],
        part("key", b"k"),
        part("key", b"k") + part("file", b"hello", "a.txt"),
        f"--{BOUNDARY}\r\n\r\nvalue\r\n".encode() + END,
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n".encode() + END,
        f'--{BOUNDARY}\r\nContent-Disposition: file; name="file"\r\n\r\nvalue\r\n'.encode() + END,
        form({"key": "k"}).replace(b"\r\n", b"\n"),
    ],
)
def test_malformed_forms(local_aws: LocalAws, s3: Any, body: bytes) -> None:
    """A body that is no form, or breaks off, is refused."""
    told = send(local_aws, "POST", f"/{BUCKET}", body, FORM)
    assert told.status in (400, 403)
    assert told.element("Code") in ("MalformedPOSTRequest", "InvalidArgument", "AccessDenied")
    assert keys(s3) == []


def test_a_part_without_a_name(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A part that has no headers makes the form malformed, and does not hide behind the next part."""
    body = f"--{BOUNDARY}\r\n\r\nvalue\r\n".encode() + form(fields)
    told = send(local_aws, "POST", f"/{BUCKET}", body, FORM)
    assert told.refusal == (400, "MalformedPOSTRequest")
    assert keys(s3) == []


def test_a_form_that_breaks_off(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A file without its end is not stored, although the policy holds."""
    body = form(fields, b"x" * 100_000)
    for cut in (len(END), 50_000):
        told = send(local_aws, "POST", f"/{BUCKET}", body[:-cut], FORM)
        assert told.refusal == (400, "MalformedPOSTRequest")
    assert keys(s3) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("text/html", (412, "PreconditionFailed")),
        ("application/x-www-form-urlencoded", (412, "PreconditionFailed")),
        (None, (412, "PreconditionFailed")),
        ("multipart/form-data", (400, "MalformedPOSTRequest")),
        ("multipart/form-data; boundary=", (400, "MalformedPOSTRequest")),
        ("multipart/form-data; boundary=" + "b" * 71, (400, "MalformedPOSTRequest")),
        ("multipart/form-data; boundary=other", (400, "MalformedPOSTRequest")),
    ],
)
def test_bodies_of_other_types(
    local_aws: LocalAws, s3: Any, fields: dict[str, str], kind: str | None, expected: tuple[int, str]
) -> None:
    """A bucket takes forms only, with the boundary that their header names."""
    headers = {} if kind is None else {"Content-Type": kind}
    assert send(local_aws, "POST", f"/{BUCKET}", form(fields), headers).refusal == expected
    assert keys(s3) == []


@pytest.mark.parametrize("size", [20_001, 200_000])
@pytest.mark.parametrize("number", [1, 100])
def test_fields_that_are_too_large(
    local_aws: LocalAws, s3: Any, fields: dict[str, str], size: int, number: int
) -> None:
    """Fields before the file are limited together; the file itself is not."""
    padding = {f"x-ignore-{index}": "x" * (size // number) for index in range(number)}
    told = post(local_aws, {**padding, **fields})
    assert told.refusal == (400, "MaxPostPreDataLengthExceeded")
    assert keys(s3) == []
    assert post(local_aws, {"x-ignore-1": "x" * 15_000, **fields}, b"x" * 100_000).status == 204


def test_fields_of_one_name(local_aws: LocalAws, s3: Any) -> None:
    """Fields of one name are one to the policy and to the object, joined by commas."""
    base = held([{"key": "k"}, {"x-amz-meta-tag": "Ninja,Stallman"}], {"key": "k"})
    twice = [*base.items(), ("x-amz-meta-tag", "Ninja"), ("X-Amz-Meta-Tag", "Stallman")]
    assert post(local_aws, [*base.items(), ("x-amz-meta-tag", "Ninja")]).refusal == (403, "AccessDenied")
    assert post(local_aws, twice).status == 204
    assert s3.head_object(Bucket=BUCKET, Key="k")["Metadata"] == {"tag": "Ninja,Stallman"}
    assert post(local_aws, [*base.items(), ("key", "k")]).refusal == (403, "AccessDenied")


def test_a_bucket_among_the_fields(local_aws: LocalAws, s3: Any) -> None:
    """The bucket is that of the URL, whatever the form says."""
    local_aws.create_bucket("amzn-s3-demo-other")
    fields = held([{"key": "k"}], {"key": "k", "bucket": BUCKET})
    told = send(local_aws, "POST", "/amzn-s3-demo-other", form(fields), FORM)
    assert told.refusal == (403, "AccessDenied")
    assert post(local_aws, fields).status == 204
    missing = send(local_aws, "POST", "/amzn-s3-demo-none", form(fields), FORM)
    assert missing.refusal == (404, "NoSuchBucket")


@pytest.mark.parametrize(
    "query", ["?key=k", "?key=k&success_action_status=200", "?uploads", "?metadataTable"]
)
@pytest.mark.parametrize("headers", [{}, FORM, BY_HEADER])
def test_a_key_in_the_query(
    local_aws: LocalAws, s3: Any, fields: dict[str, str], query: str, headers: dict[str, str]
) -> None:
    """A POST to a bucket stores what a form asks for, and nothing that its query asks for."""
    unsigned = form({name: value for name, value in fields.items() if name == "key"})
    for body in (b"data", unsigned):
        assert send(local_aws, "POST", f"/{BUCKET}{query}", body, headers).status >= 400
    assert keys(s3) == []
    assert send(local_aws, "POST", f"/{BUCKET}{query}", form(fields), FORM).status == 204
    assert keys(s3) == ["k"]


def test_the_connection_lives_on(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """After a refused form, the same connection serves the next."""
    with connected(local_aws) as connection:
        wrong = form({**fields, "x-amz-signature": "0"}, b"x" * 700_000)
        told = send(local_aws, "POST", f"/{BUCKET}", wrong, FORM, connection)
        assert told.refusal == (403, "SignatureDoesNotMatch")
        socket = connection.sock
        assert send(local_aws, "POST", f"/{BUCKET}", form(fields), FORM, connection).status == 204
        assert connection.sock is socket


def test_other_posts_to_a_bucket(local_aws: LocalAws, s3: Any) -> None:
    """Deleting many objects is still a POST to the bucket, and presigned as well."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "k"}]})
    assert keys(s3) == []
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    headers = {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}
    url = signed_url(local_aws, "POST", "", query=[("delete", "")])
    assert send(local_aws, "POST", url.replace("delete=", "prefix="), body, headers).status == 403
    assert keys(s3) == ["k"]
    assert b"<Deleted>" in send(local_aws, "POST", url, body, headers).body
    assert keys(s3) == []


# -------------------------------------------------------------------------------- the parser by itself

NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, as a network may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, 7))


@given(st.lists(st.tuples(NAMES, st.text(max_size=40)), max_size=5), st.binary(max_size=200))
def test_the_parser_gives_back_what_was_put_in(pairs: list[tuple[str, str]], content: bytes) -> None:
    """Fields and file come out as they went in, however the body arrives."""
    from secure_s3.local.server.browsers.forms import FormReader

    pairs = [(f"x{name}", value.replace("\r", "").encode(errors="ignore").decode()) for name, value in pairs]
    reader = FormReader(Trickle(form(pairs, content)), FORM["Content-Type"])  # type: ignore[arg-type]
    found = reader.fields()
    joined: dict[str, list[str]] = {}
    for name, value in pairs:
        joined.setdefault(name.lower(), []).append(value)
    assert found.values == {name: ",".join(values) for name, values in joined.items()}
    assert (found.filename, reader.file()) == ("hello.txt", content)


@given(
    st.lists(st.sampled_from([b"--", BOUNDARY.encode(), b"\r\n", b"\n", part("a", b"b"), b"x: y", b'name="']))
)
def test_the_parser_refuses_in_one_way(pieces: list[bytes]) -> None:
    """Whatever the body holds, the parser answers with fields or with a refusal."""
    from secure_s3.local.server.browsers.forms import FormReader
    from secure_s3.local.server.faults import Refusal

    reader = FormReader(io.BytesIO(b"".join(pieces)), FORM["Content-Type"])  # type: ignore[arg-type]
    with pytest.raises(Refusal) as caught:
        reader.fields()
    assert caught.value.status == 400
