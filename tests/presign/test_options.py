"""Options: each stands where S3 reads it, and what could not arrive as it was signed is refused."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone
from email.message import Message
from typing import Any, get_type_hints
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from secure_s3 import SseC, SseS3
from secure_s3.errors import ConfigurationError, EncryptionConflict
from secure_s3.presign import options
from secure_s3.presign.options import PartOptions, ReadOptions, WriteOptions, attachment, part_of, read
from tests.presign.support import BUCKET, KEY, NOW, client

S3 = client(SseS3())
SHA256 = hashlib.sha256(b"x").digest()
BY_OPERATION = {
    "GetObject": ReadOptions,
    "HeadObject": ReadOptions,
    "PutObject": WriteOptions,
    "UploadPart": PartOptions,
}
EXPIRES = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=1)))
DATE = "Sun, 01 Mar 2026 00:00:00 GMT"
EVERY: list[tuple[str, str, Any, str, str, str]] = [
    ("GetObject", "version_id", "a+b/c", "query", "versionId", "a+b/c"),
    ("GetObject", "part_number", 10_000, "query", "partNumber", "10000"),
    ("GetObject", "response_cache_control", "no-store", "query", "response-cache-control", "no-store"),
    (
        "GetObject",
        "response_content_disposition",
        "inline",
        "query",
        "response-content-disposition",
        "inline",
    ),
    ("GetObject", "response_content_encoding", "gzip", "query", "response-content-encoding", "gzip"),
    ("GetObject", "response_content_language", "de", "query", "response-content-language", "de"),
    (
        "GetObject",
        "response_content_type",
        "text/plain; x=ü",
        "query",
        "response-content-type",
        "text/plain; x=ü",
    ),
    ("GetObject", "response_expires", EXPIRES, "query", "response-expires", DATE),
    ("GetObject", "range", "bytes=0-9", "header", "range", "bytes=0-9"),
    ("GetObject", "if_match", '"a"', "header", "if-match", '"a"'),
    ("GetObject", "if_none_match", "*", "header", "if-none-match", "*"),
    (
        "GetObject",
        "download_as",
        "a.pdf",
        "query",
        "response-content-disposition",
        'attachment; filename="a.pdf"',
    ),
    ("PutObject", "cache_control", "no-store", "header", "cache-control", "no-store"),
    ("PutObject", "content_disposition", "inline", "header", "content-disposition", "inline"),
    ("PutObject", "content_encoding", "gzip", "header", "content-encoding", "gzip"),
    ("PutObject", "content_language", "de", "header", "content-language", "de"),
    ("PutObject", "content_type", "text/plain", "header", "content-type", "text/plain"),
    ("PutObject", "expires", EXPIRES, "header", "expires", DATE),
    ("PutObject", "if_match", '"a"', "header", "if-match", '"a"'),
    ("PutObject", "if_none_match", "*", "header", "if-none-match", "*"),
    ("PutObject", "metadata", {"A-b": "c d"}, "header", "x-amz-meta-a-b", "c d"),
    ("PutObject", "storage_class", "GLACIER_IR", "header", "x-amz-storage-class", "GLACIER_IR"),
    ("PutObject", "tagging", {"a b": "ü&", "c": ""}, "header", "x-amz-tagging", "a+b=%C3%BC%26&c="),
    ("UploadPart", "content_length", 0, "header", "content-length", "0"),
    ("UploadPart", "content_md5", b"m" * 16, "header", "content-md5", "bW1tbW1tbW1tbW1tbW1tbQ=="),
    ("UploadPart", "checksum_crc32", bytearray(4), "header", "x-amz-checksum-crc32", "AAAAAA=="),
    ("UploadPart", "checksum_crc32c", "AAAAAA==", "header", "x-amz-checksum-crc32c", "AAAAAA=="),
    ("UploadPart", "checksum_crc64nvme", bytes(8), "header", "x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
    ("UploadPart", "checksum_sha1", bytes(20), "header", "x-amz-checksum-sha1", "A" * 27 + "="),
    (
        "UploadPart",
        "checksum_sha256",
        SHA256,
        "header",
        "x-amz-checksum-sha256",
        base64.b64encode(SHA256).decode(),
    ),
]


def refuse(operation: str, **given: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(operation, given)
    return str(caught.value)


# --- all of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operation", "name", "value", "place", "wire", "text"), EVERY)
def test_where_options_stand(operation: str, name: str, value: Any, place: str, wire: str, text: str) -> None:
    """Each option stands in the query or among the headers, under S3's name, signed either way."""
    found = read(operation, {name: value})
    assert (dict(found.query), dict(found.headers)) == (
        ({wire: text}, {}) if place == "query" else ({}, {wire: text})
    )
    presign = {"GetObject": S3.presign.get, "PutObject": S3.presign.put}.get(operation)
    made = (
        presign(BUCKET, KEY, at=NOW, **{name: value})
        if presign
        else S3.presign.upload_part(BUCKET, KEY, "u", 1, at=NOW, **{name: value})
    )
    query = parse_qs(urlsplit(made.url).query, keep_blank_values=True)
    if place == "query":
        assert query[wire] == [text]
    else:
        assert made.required_headers[wire] == text
        assert wire in query["X-Amz-SignedHeaders"][0].split(";")


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_every_option_is_tried(operation: str) -> None:
    """What the TypedDicts promise is what is known, and all of it is in the table of these tests."""
    promised = set(get_type_hints(BY_OPERATION[operation]))
    assert promised - {"download_as"} == set(options._KNOWN[operation])
    assert promised <= {name for _, name, *_ in EVERY}


@pytest.mark.parametrize(("operation", "name", "value", "place", "wire", "text"), EVERY)
def test_boto3s_spelling(operation: str, name: str, value: Any, place: str, wire: str, text: str) -> None:
    """boto3's name for an option is taken as well, and both together are refused."""
    if name == "download_as":
        return
    member = options._KNOWN[operation][name].member
    assert read(operation, {member: value}) == read(operation, {name: value})
    for both in ({name: value, member: value}, {member: value, name: value}):
        assert "given twice" in refuse(operation, **both)


def test_no_option_encrypts_grants_or_names_an_owner() -> None:
    """No option can write a header that the guard decides on: encryption, ACL, grants, owner, token."""
    wires = {option.wire.lower() for known in options._KNOWN.values() for option in known.values()}
    wires |= {name for name in read("PutObject", {"metadata": {"a": "b"}}).headers}
    allowed = re.compile(r"x-amz-(checksum-[a-z0-9]+|meta-.*|storage-class|tagging)")
    for wire in wires:
        assert not wire.startswith("x-amz-") or allowed.fullmatch(wire), wire
        assert not re.search("acl|grant|encryption|owner|token|copy|redirect|lock|host|authorization", wire)


@pytest.mark.parametrize(
    "name",
    [
        "server-side-encryption",
        "../x-amz-acl",
        "a: b",
        "a\r\nx-amz-acl",
        "",
        "ü",
        "a b",
        "a\n",
        None,
        7,
        b"a",
    ],
)
def test_metadata_cannot_become_another_header(name: Any) -> None:
    """A name of metadata is letters, digits, dots, hyphens and underscores, and stays behind its prefix."""
    if name == "server-side-encryption":
        found = read("PutObject", {"metadata": {name: "AES256"}})
        assert dict(found.headers) == {"x-amz-meta-server-side-encryption": "AES256"}
    else:
        assert "metadata=" in refuse("PutObject", metadata={name: "x"})


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("GetObject", "content_type"),
        ("GetObject", "metadata"),
        ("GetObject", "SSECustomerKey"),
        ("GetObject", "expected_bucket_owner"),
        ("HeadObject", "content_length"),
        ("PutObject", "download_as"),
        ("PutObject", "range"),
        ("PutObject", "ACL"),
        ("PutObject", "GrantRead"),
        ("PutObject", "ServerSideEncryption"),
        ("PutObject", "server_side_encryption"),
        ("PutObject", "Key"),
        ("PutObject", "contenttype"),
        ("PutObject", "ContentMd5"),
        ("PutObject", "content-type"),
        ("UploadPart", "content_type"),
        ("UploadPart", "UploadId"),
        ("UploadPart", "PartNumber"),
        ("CreateMultipartUpload", "content_length"),
        ("CreateMultipartUpload", "if_match"),
        ("CreateMultipartUpload", "checksum_sha256"),
    ],
)
def test_unknown_options(operation: str, name: str) -> None:
    """What is no option of an operation is refused by name, never ignored, and its value is not told."""
    told = refuse(operation, **{name: "S3CR3T"})
    assert f"{name} is no option" in told or f"there is no option {name} " in told
    assert "S3CR3T" not in told


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_none_is_nothing(operation: str) -> None:
    """An option that is None is as good as left out."""
    for name in options._KNOWN[operation]:
        found = read(operation, {name: None})
        assert (found.query, found.headers, found.members) == ((), {}, {})


def test_download_as_and_a_disposition() -> None:
    """A name to store under and a Content-Disposition of one's own are the same option, given twice."""
    assert "given twice" in refuse("GetObject", download_as="a", response_content_disposition="inline")
    assert "given twice" in refuse("GetObject", ResponseContentDisposition="inline", download_as="a")


# --- values ---------------------------------------------------------------------------------------------

HEADERS = [
    (operation, name)
    for operation, name, value, place, *_ in EVERY
    if place == "header" and value.__class__ is str
]
QUERIES = [
    (operation, name)
    for operation, name, value, place, *_ in EVERY
    if place == "query" and value.__class__ is str
]


@pytest.mark.parametrize(("operation", "name"), HEADERS)
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a\nb",
        "a\r\nx-amz-acl: public-read",
        "a\tb",
        "a\x00",
        "\x7f",
        "ü",
        "日本",
        " a",
        "a ",
        "a  b",
        "\u2028",
        b"a",
        7,
        True,
        ["a"],
        "\ud800",
    ],
)
def test_headers_that_would_not_arrive(operation: str, name: str, value: Any) -> None:
    """A header that clients would fold, encode or break off is refused before it is signed."""
    assert f"{name}=" in refuse(operation, **{name: value})


@pytest.mark.parametrize(("operation", "name"), QUERIES)
@pytest.mark.parametrize(
    "value", ["", "a\nb", "a\r\nSet-Cookie: b", "\x00", "\x7f", "\ud800", b"a", 7, True, ["a"]]
)
def test_parameters_that_would_not_arrive(operation: str, name: str, value: Any) -> None:
    """A parameter with control characters, which might get into an answer's headers, is refused."""
    assert "cannot be sent" in refuse(operation, **{name: value})


@pytest.mark.parametrize(
    "value", [-1, 5 * 1024**3 + 1, 10**30, True, False, 1.0, "1", b"1", [1], float("nan")]
)
def test_lengths(value: Any) -> None:
    """A length is a whole number of bytes from 0 to 5 GiB."""
    assert "content_length=" in refuse("PutObject", content_length=value)


@pytest.mark.parametrize("value", [0, -1, 10_001, True, "1", 1.0, 10**30])
def test_part_numbers(value: Any) -> None:
    """A part has a number from 1 to 10,000, wherever it is named."""
    assert "part_number=" in refuse("GetObject", part_number=value)
    with pytest.raises(ConfigurationError, match="part_number="):
        part_of("upload", value)


@pytest.mark.parametrize("value", ["", None, 7, b"u", "a\nb", "a\x00", "\ud800"])
def test_upload_ids(value: Any) -> None:
    """An upload id is printable text that is not empty."""
    with pytest.raises(ConfigurationError, match="upload_id="):
        part_of(value, 1)


@pytest.mark.parametrize("name", ["expires", "response_expires"])
@pytest.mark.parametrize(
    "value", [datetime(2026, 3, 1), "2026-03-01", DATE, 1_800_000_000, timedelta(1), NOW.date()]
)
def test_dates(name: str, value: Any) -> None:
    """A date is a datetime that knows its time zone."""
    refuse("PutObject" if name == "expires" else "GetObject", **{name: value})


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("content_md5", 16),
        ("checksum_crc32", 4),
        ("checksum_crc32c", 4),
        ("checksum_crc64nvme", 8),
        ("checksum_sha1", 20),
        ("checksum_sha256", 32),
    ],
)
def test_digests(name: str, size: int) -> None:
    """A digest is its bytes or their Base64: hexadecimal, other lengths and other texts are refused."""
    digest = bytes(range(200, 200 + size))
    text = base64.b64encode(digest).decode()
    assert read("PutObject", {name: digest}).headers == read("PutObject", {name: text}).headers
    wrong: list[Any] = [
        digest.hex(),
        digest.hex().upper(),
        digest[1:],
        digest + b"x",
        b"",
        "",
        text[:-1],
        text + "==",
    ]
    wrong += [
        text + "\n",
        f" {text}",
        text.replace("=", ""),
        int.from_bytes(digest, "big"),
        True,
        list(digest),
        text.encode(),
    ]
    wrong += ["ü" * size, "\ud800", base64.b64encode(digest + b"xyz").decode()]
    for value in wrong:
        assert f"{name}=" in refuse("PutObject", **{name: value})


@pytest.mark.parametrize(
    "value", [{}, {"": "a"}, {"a": None}, {"a": 7}, {7: "a"}, {"a\n": "b"}, {"a": "b\n"}, {"a": "\ud800"}]
)
def test_tags(value: Any) -> None:
    """Tags are pairs of printable texts; None is no text."""
    refuse("PutObject", tagging=value)


@given(
    st.dictionaries(
        st.text(min_size=1).filter(str.isprintable), st.text().filter(str.isprintable), min_size=1
    )
)
def test_tags_come_back(tags: dict[str, str]) -> None:
    """Tags are written as a query that reads back to the same."""
    text = read("PutObject", {"tagging": tags}).headers["x-amz-tagging"]
    assert {name: value for name, [value] in parse_qs(text, keep_blank_values=True).items()} == tags


@pytest.mark.parametrize(
    "value",
    [
        "a=b",
        [("a", "b")],
        7,
        {"a": 7},
        {"a": ""},
        {"a": "ü"},
        {"a": "b\nc"},
        {"a": " b"},
        {"a": None},
        {"a": "1", "A": "2"},
    ],
)
def test_metadata(value: Any) -> None:
    """Metadata are pairs of ASCII texts whose names differ in more than their case."""
    refuse("PutObject", metadata=value)


# --- download_as ----------------------------------------------------------------------------------------


def name_in(disposition: str) -> str:
    """The file's name as another parser reads it, which prefers the extended one as browsers do."""
    kind, parameters = parse_options_header(disposition)
    assert (kind, set(parameters)) == ("attachment", {"filename"})
    return parameters["filename"]


def old_name_in(disposition: str) -> str | None:
    """The same for what does not know extended names."""
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()


PRINTABLE = st.text(min_size=1, max_size=60).filter(
    lambda name: name.isprintable() and " ".join(name.split()) == name and name not in (".", "..")
)


@given(PRINTABLE.filter(lambda name: "/" not in name and "\\" not in name))
def test_names_come_back(name: str) -> None:
    """Other parsers read the very name out of the Content-Disposition, whatever characters it has."""
    disposition = attachment(name)
    assert disposition.isascii()
    assert disposition.startswith("attachment; ")
    assert ("filename*" in disposition) == (not name.isascii() or bool(set(name) & set('"%')))
    assert name_in(disposition) == name
    assert re.fullmatch(r"[ -~]+", str(old_name_in(disposition)))
    assert len(str(old_name_in(disposition))) == len(name)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\a\\b.txt", "b.txt"),
        ("/etc/passwd", "passwd"),
        ('a"; filename="b.exe', 'a"; filename="b.exe'),
        ("a'b''c.pdf", "a'b''c.pdf"),
        ("100%.pdf", "100%.pdf"),
        ("a%2Fb.pdf", "a%2Fb.pdf"),
        ("...", "..."),
        (".hidden", ".hidden"),
        ("Ärger 2026.pdf", "Ärger 2026.pdf"),
        ("日本語.pdf", "日本語.pdf"),
        ("😀.pdf", "😀.pdf"),
        ("a;b=c,d.pdf", "a;b=c,d.pdf"),
    ],
)
def test_names_are_the_last_part_alone(given: str, stored: str) -> None:
    """Folders are left out, and quotes and semicolons stay part of the name."""
    disposition = attachment(given)
    assert name_in(disposition) == stored
    assert not {"/", "\\"} & set(disposition)
    assert disposition.count('"') == 2
    assert "%" not in disposition.partition("filename*")[0]  # some browsers decode it there


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "a/..",
        "a\\.",
        "a/",
        "/",
        "\\",
        "a\nb",
        "a\r\nSet-Cookie: b",
        "\x00",
        "\u202egpj.exe",
        "a  b",
        " a",
        "\ud800",
        None,
        7,
        b"a",
    ],
)
def test_no_names(name: Any) -> None:
    """A name that is empty, a folder, or would steer a terminal or an answer's headers is refused."""
    if name is not None:
        refuse("GetObject", download_as=name)
    with pytest.raises(ConfigurationError):
        attachment(name)


def test_options_of_an_sse_c_client() -> None:
    """Options stand beside the strategy's headers, and take none of their places."""
    made = client(SseC(bytes(32))).presign.put(BUCKET, KEY, at=NOW, metadata={"a": "b"}, content_length=3)
    assert {"x-amz-meta-a", "content-length"} < set(made.required_headers)
    assert sum("customer" in name for name in made.required_headers) == 3


@pytest.mark.parametrize(
    ("operation", "name", "hint"),
    [
        ("GetObject", "ExpiresIn", "did you mean expires_in?"),
        ("GetObject", "expires", "did you mean expires_in?"),
        ("GetObject", "content_type", "did you mean response_content_type?"),
        ("GetObject", "download", "did you mean download_as?"),
        ("GetObject", "download_ass", "did you mean download_as?"),
        ("PutObject", "content_length_range", "presign.post"),
        ("PutObject", "contentlength", "did you mean content_length?"),
        ("PutObject", "ACL", "not by ACLs"),
        ("PutObject", "ExpectedBucketOwner", "SecurityProfile(expected_bucket_owner="),
        ("UploadPart", "zzz", "it takes checksum_crc32"),
    ],
)
def test_hints(operation: str, name: str, hint: str) -> None:
    """An option that another call or another library has is answered with the one that was meant."""
    with pytest.raises(ConfigurationError) as refused:
        read(operation, {name: "value"})
    assert hint in refused.value.fix


@pytest.mark.parametrize(
    "name", ["ServerSideEncryption", "SSEKMSKeyId", "sse_customer_key", "BucketKeyEnabled"]
)
def test_encryption_is_no_option(name: str) -> None:
    """Encryption is the strategy's: an argument for it is refused as such."""
    with pytest.raises(EncryptionConflict, match="no option"):
        read("PutObject", {name: "AES256"})


@pytest.mark.parametrize(
    "value",
    [
        "0-9",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=9-3",
        "bytes=0-1,5-6",
        "bytes= 0-9",
        "items=0-9",
        "bytes=a-b",
    ],
)
def test_ranges_that_s3_would_ignore(value: str) -> None:
    """A range that S3 answers with the whole object is refused."""
    with pytest.raises(ConfigurationError, match="whole object"):
        read("GetObject", {"range": value})


@pytest.mark.parametrize("value", ["日本.txt", "attachment; filename=😀"])
def test_answers_carry_iso_8859_1(value: str) -> None:
    """An override that S3 could not repeat in a header is refused, with the way that can."""
    with pytest.raises(ConfigurationError, match="download_as"):
        read("GetObject", {"response_content_disposition": value})
