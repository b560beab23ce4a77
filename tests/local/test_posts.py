"""Forms of browsers at the embedded endpoint: what becomes of those whose policy holds."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config

from secure_s3 import DsseKms, SseKms, SseS3
from secure_s3.local import LocalAws

from .support import BOUNDARY, BUCKET, FORM, SSE, Told, form, held, keys, part, post, send

# ------------------------------------------------------------------------------------------ what holds


@pytest.mark.parametrize(
    ("key", "given", "conditions"),
    [
        ("k", None, None),
        ("a b+c/ü=&?#~%2F.txt", None, None),
        ("/leading//slashes/", None, None),
        ("user/${filename}", None, None),
        ("k", {"acl": "bucket-owner-full-control"}, [{"acl": "bucket-owner-full-control"}]),
        ("k", {"Content-Type": "image/png"}, [["starts-with", "$Content-Type", "image/"]]),
        ("k", {"content-type": "a/b,a/c"}, [["starts-with", "$CONTENT-type", "a/"]]),
        ("k", None, [["content-length-range", 5, 5]]),
        ("k", None, [["content-length-range", "0", "9"], ["starts-with", "$key", ""]]),
        ("k", {"x-amz-meta-my_key": "v"}, [["eq", "$x-amz-meta-MY_KEY", "v"]]),
        ("k", {"x-ignore-me": "v"}, None),
        ("k", {"X-Amz-Storage-Class": "STANDARD_IA"}, [{"x-amz-storage-class": "STANDARD_IA"}]),
    ],
)
@pytest.mark.parametrize("config", [None, Config(signature_version="s3v4")])
def test_botocores_posts(
    local_aws: LocalAws, s3: Any, key: str, given: Any, conditions: Any, config: Config | None
) -> None:
    """What boto3 presigns is stored under its key, and answered with 204 and no body."""
    client = local_aws.session().client("s3", config=config)
    made = client.generate_presigned_post(BUCKET, key, given, conditions)
    client.close()
    told = send(local_aws, "POST", made["url"], form({**made["fields"], **(given or {})}), FORM)
    stored = key.replace("${filename}", "hello.txt")
    assert (told.status, told.body, told.headers["Content-Type"]) == (204, b"", None)
    assert told.headers["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert keys(s3) == [stored]
    assert s3.get_object(Bucket=BUCKET, Key=stored)["Body"].read() == b"hello"


@pytest.mark.parametrize("strategy", [SseS3, SseKms, DsseKms])
def test_posts_of_a_hardened_client(local_aws: LocalAws, s3: Any, strategy: Any) -> None:
    """A form that this package presigns stores as its strategy says, and not without or with another."""
    client = local_aws.client(strategy() if strategy is SseS3 else strategy(local_aws.kms_key_arn))
    fields = dict(client.generate_presigned_post(Bucket=BUCKET, Key="k")["fields"])
    encrypted = [name for name in fields if name.startswith(SSE)]
    for name in encrypted:
        without = {field: value for field, value in fields.items() if field != name}
        assert post(local_aws, without).refusal == (403, "AccessDenied")
        other = "AES256" if fields[name] != "AES256" else "aws:kms"
        failed = post(local_aws, {**fields, name: other})
        assert failed.refusal == (403, "AccessDenied")
        assert f'["eq", "${name}", "{fields[name]}"]' in str(failed.element("Message"))
    assert encrypted
    assert keys(s3) == []
    told = post(local_aws, fields)
    assert (told.status, told.headers[SSE]) == (204, fields[SSE])
    stored = s3.head_object(Bucket=BUCKET, Key="k")
    assert stored["ServerSideEncryption"] == fields[SSE]
    assert stored.get("SSEKMSKeyId") == fields.get(f"{SSE}-aws-kms-key-id")


def test_the_properties_of_the_object(local_aws: LocalAws, s3: Any) -> None:
    """Fields become what headers of a PutObject would; the type of the file's part is not looked at."""
    given = {
        "key": "k",
        "Content-Disposition": 'attachment; filename="ü.txt"',
        "Content-Encoding": "identity",
        "Cache-Control": "no-store",
        "Expires": "Thu, 01 Dec 2994 16:00:00 GMT",
        "x-amz-meta-Tag": "Ninja",
        "x-amz-meta-far": "\u00c4M\u00c4Z",
        "tagging": "<Tagging><TagSet><Tag><Key>a/b</Key><Value>c d</Value></Tag></TagSet></Tagging>",
        "acl": "public-read",
    }
    ownership = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=ownership)
    s3.delete_public_access_block(Bucket=BUCKET)
    told = post(local_aws, held([["starts-with", f"${name}", ""] for name in given], given))
    assert told.status == 204, told.body
    stored = s3.head_object(Bucket=BUCKET, Key="k")
    assert stored["ContentType"] == "binary/octet-stream"
    assert stored["CacheControl"] == "no-store"
    assert stored["ContentDisposition"].encode("latin-1").decode() == 'attachment; filename="ü.txt"'
    assert stored["Metadata"]["tag"] == "Ninja"
    assert stored["Metadata"]["far"].startswith("=?UTF-8?B?")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == [{"Key": "a/b", "Value": "c d"}]
    assert len(s3.get_object_acl(Bucket=BUCKET, Key="k")["Grants"]) == 2


def test_a_customers_key(local_aws: LocalAws, s3: Any) -> None:
    """A form with a customer's key stores what only that key reads."""
    key = bytes(range(32))
    given = {
        "key": "k",
        f"{SSE}-customer-algorithm": "AES256",
        f"{SSE}-customer-key": base64.b64encode(key).decode(),
        f"{SSE}-customer-key-MD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }
    fields = held([["starts-with", f"${name}", ""] for name in given], given)
    wrong = {**fields, f"{SSE}-customer-key-MD5": base64.b64encode(bytes(16)).decode()}
    assert post(local_aws, wrong).refusal == (400, "InvalidArgument")
    assert keys(s3) == []
    told = post(local_aws, fields)
    assert (told.status, told.headers[f"{SSE}-customer-algorithm"]) == (204, "AES256")
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket=BUCKET, Key="k")
    opened = s3.get_object(Bucket=BUCKET, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey=key)
    assert opened["Body"].read() == b"hello"


def test_encryption_is_judged_as_in_a_put(local_aws: LocalAws, s3: Any) -> None:
    """An algorithm that there is not, or a key that cannot be used, is refused in a form as well."""
    given = {"key": "k", SSE: "rot13"}
    bad = post(local_aws, held([{"key": "k"}, ["starts-with", f"${SSE}", ""]], given))
    assert bad.refusal == (400, "InvalidArgument")
    local_aws.disable_key(local_aws.kms_key_arn)
    kms = {"key": "k", SSE: "aws:kms", f"{SSE}-aws-kms-key-id": local_aws.kms_key_arn}
    disabled = post(local_aws, held([["starts-with", f"${name}", ""] for name in kms], kms))
    assert disabled.refusal == (400, "KMS.DisabledException")
    assert keys(s3) == []


# ----------------------------------------------------------------------------------------- the answer


def answered(aws: LocalAws, name: str, value: str, key: str = "a/b c&d.txt") -> Told:
    given = {"key": key, name: value}
    return post(aws, held([["starts-with", "$key", ""], ["starts-with", f"${name}", ""]], given))


@pytest.mark.parametrize(
    ("wanted", "status"), [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204), ("2e2", 204)]
)
def test_success_action_status(local_aws: LocalAws, s3: Any, wanted: str, status: int) -> None:
    """The form chooses among 200, 201 and 204; another wish is 204. Only 201 has a body."""
    told = answered(local_aws, "success_action_status", wanted)
    where = f"{local_aws.endpoint_url}/{BUCKET}/a%2Fb%20c%26d.txt"
    assert (told.status, told.headers["Location"]) == (status, where)
    if status == 201:
        assert told.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>')
        found = [told.element(name) for name in ("Location", "Bucket", "Key", "ETag")]
        etag = f'"{hashlib.md5(b"hello").hexdigest()}"'
        assert found == [where, BUCKET, "a/b c&d.txt", etag]
    else:
        assert told.body == b""


def test_success_action_redirect(local_aws: LocalAws, s3: Any) -> None:
    """The browser is sent on with bucket, key and etag behind the parameters that are there."""
    told = answered(local_aws, "success_action_redirect", "https://example.com/done?a=b")
    assert (told.status, told.body) == (303, b"")
    parts = urlsplit(told.headers["Location"])
    assert (parts.netloc, parts.path) == ("example.com", "/done")
    etag = f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert parse_qs(parts.query) == {"a": ["b"], "bucket": [BUCKET], "key": ["a/b c&d.txt"], "etag": [etag]}
    older = answered(local_aws, "redirect", "http://example.com/")
    assert older.headers["Location"].startswith(f"http://example.com/?bucket={BUCKET}&key=a%2Fb+c%26d.txt&")


@pytest.mark.parametrize(
    "url", ["/relative", "javascript:alert(1)", "https://e/\r\nSet-Cookie: a=b", "ftp://e/"]
)
def test_redirects_that_are_none(local_aws: LocalAws, s3: Any, url: str) -> None:
    """A redirect to what is no http URL is left out, and brings no header of its own."""
    told = answered(local_aws, "success_action_redirect", url)
    assert told.status == 204
    assert "Set-Cookie" not in told.headers


def test_versions(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """In a bucket with versions the answer names the new one."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = post(local_aws, fields).headers["x-amz-version-id"]
    assert s3.head_object(Bucket=BUCKET, Key="k")["VersionId"] == version


# ------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("filename", "key"),
    [
        ("photo.jpg", "u/photo.jpg"),
        (r"C:\Program Files\photo.jpg", "u/photo.jpg"),
        ("../../other/photo.jpg", "u/photo.jpg"),
        ("${filename}", "u/${filename}"),
        ("", "u/"),
        (None, "u/${filename}"),
    ],
)
def test_the_name_of_the_file(local_aws: LocalAws, s3: Any, filename: str | None, key: str) -> None:
    """The variable becomes the last part of the file's name."""
    made = s3.generate_presigned_post(BUCKET, "u/${filename}")
    assert post(local_aws, made["fields"], filename=filename).status == 204
    assert keys(s3) == [key]


def test_conditions_are_of_the_key_that_is_stored(local_aws: LocalAws, s3: Any) -> None:
    """The variable is filled in before the policy is looked at, so that it cannot lead out of a prefix."""
    exact = held([{"key": "u/${filename}"}], {"key": "u/${filename}"})
    assert post(local_aws, exact).refusal == (403, "AccessDenied")
    prefix = held([["starts-with", "$key", "u/"]], {"key": "${filename}"})
    assert post(local_aws, prefix, filename="u/photo.jpg").refusal == (403, "AccessDenied")
    assert keys(s3) == []
    assert post(local_aws, held([{"key": "u/hello.txt"}], {"key": "u/${filename}"})).status == 204


def test_what_follows_the_file(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """Fields behind the file are ignored: they neither count nor disturb."""
    told = post(local_aws, fields, behind=part("key", b"other") + part("submit", b"Upload"))
    assert told.status == 204
    assert keys(s3) == ["k"]
    signature = fields.pop("x-amz-signature")
    late = post(local_aws, fields, behind=part("x-amz-signature", signature.encode()))
    assert (late.refusal, late.element("ArgumentName")) == ((400, "InvalidArgument"), "X-Amz-Signature")


@pytest.mark.parametrize(
    ("content", "behind", "number"), [(None, b"", "0"), (b"one", part("file", b"two", "b.txt"), "2")]
)
def test_exactly_one_file(
    local_aws: LocalAws,
    s3: Any,
    fields: dict[str, str],
    content: bytes | None,
    behind: bytes,
    number: str,
) -> None:
    """A form without a file, or with two, is refused."""
    told = post(local_aws, fields, content, behind=behind)
    assert told.refusal == (400, "InvalidArgument")
    assert told.element("Message") == "POST requires exactly one file upload per request."
    assert (told.element("ArgumentName"), told.element("ArgumentValue")) == ("file", number)
    assert keys(s3) == []


@pytest.mark.parametrize("content", [b"", b"\r\n", b"--", f"\r\n--{BOUNDARY}x".encode(), b"\0\xff" * 300_000])
def test_every_content(local_aws: LocalAws, s3: Any, fields: dict[str, str], content: bytes) -> None:
    """A file is stored byte by byte, whatever it holds."""
    assert post(local_aws, fields, content).status == 204
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == content


def test_a_chunked_form(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A form need not say how long it is."""
    body = form(fields)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    headers = {**FORM, "Transfer-Encoding": "chunked"}
    assert send(local_aws, "POST", f"/{BUCKET}", framed, headers).status == 204
    assert keys(s3) == ["k"]


@pytest.mark.parametrize(
    ("size", "code", "message", "limit"),
    [
        (4, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", "Min"),
        (11, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", "Max"),
    ],
)
def test_the_size_of_the_file(
    local_aws: LocalAws, s3: Any, size: int, code: str, message: str, limit: str
) -> None:
    """A file smaller or larger than the policy allows is refused; both ends are allowed."""
    fields = held([{"key": "k"}, ["content-length-range", 5, 10]], {"key": "k"})
    told = post(local_aws, fields, b"x" * size)
    assert (told.refusal, told.element("Message")) == ((400, code), message)
    assert told.element("ProposedSize") == str(size)
    assert told.element(f"{limit}SizeAllowed") == ("5" if limit == "Min" else "10")
    assert keys(s3) == []
    assert [post(local_aws, fields, b"x" * fitting).status for fitting in (5, 10)] == [204, 204]


@pytest.mark.parametrize("name", ["Content-MD5", "x-amz-checksum-crc32", "x-amz-checksum-sha256"])
def test_checksums(local_aws: LocalAws, s3: Any, name: str) -> None:
    """A checksum among the fields is compared with the file."""
    right = {
        "Content-MD5": hashlib.md5(b"hello").digest(),
        "x-amz-checksum-crc32": zlib.crc32(b"hello").to_bytes(4, "big"),
        "x-amz-checksum-sha256": hashlib.sha256(b"hello").digest(),
    }[name]
    given = {"key": "k", name: base64.b64encode(right).decode()}
    fields = held([{"key": "k"}, ["starts-with", f"${name}", ""]], given)
    assert post(local_aws, fields, b"other").refusal == (400, "BadDigest")
    assert keys(s3) == []
    told = post(local_aws, fields)
    assert (told.status, told.headers[name]) == (204, given[name] if "amz" in name else None)
