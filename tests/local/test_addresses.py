"""What a request is judged for, and what it is done to: the same bucket and key, whatever else it names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.local import LocalAws
from secure_s3.local.server.call import place_of
from secure_s3.local.server.plain import plain_s3
from secure_s3.sigv4 import Credentials

from . import people
from .people import allow
from .support import BUCKET, FORM, OWN, Told, by_header, connected, form, held, keys, send, signed_url

OTHER = "amzn-s3-demo-other"
SECRET = b"of the other bucket"
HOSTS = (
    f"{OTHER}.s3.amazonaws.com",
    f"{OTHER}.s3.eu-west-1.amazonaws.com:443",
    f"{OTHER}.s3-website-eu-west-1.amazonaws.com",
    f"{OTHER}.s3-accesspoint.eu-west-1.amazonaws.com",
    f"www.{OTHER}.s3.amazonaws.com",
    f"{OTHER}.localhost",
    f"{OTHER}.127.0.0.1",
    "111122223333.s3-control.eu-west-1.amazonaws.com",
    "s3.us-gov-west-1.amazonaws.com",
)
GRANT = {"x-amz-acl": "public-read-write"}
ON_OTHER: tuple[
    tuple[str, str, bytes, dict[str, str]], ...
] = (  # as the owner of the host's bucket would ask; the first part of the path is no bucket
    ("GET", "/dir/k", b"", {}),
    ("HEAD", "/dir/k", b"", {}),
    ("GET", "/none?list-type=2", b"", {}),
    ("PUT", "/dir/new", b"x", {}),
    ("DELETE", "/dir/k", b"", {}),
    ("PUT", "/none?acl", b"", GRANT),
    (
        "PUT",
        "/none?versioning",
        b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        {},
    ),
    ("DELETE", "/none?publicAccessBlock", b"", {}),
    ("DELETE", "/none", b"", {}),
    ("POST", "/none?delete", b"<Delete><Object><Key>dir/k</Key></Object></Delete>", {}),
    ("PUT", f"/{BUCKET}/copy", b"", {"x-amz-copy-source": f"{OTHER}/dir/k"}),
)


@pytest.fixture
def other(s3: Any, local_aws: LocalAws) -> Any:
    """A client, and a second bucket that the user of ``alice`` has no rights to."""
    local_aws.create_bucket(OTHER)
    s3.put_object(Bucket=OTHER, Key="dir/k", Body=SECRET)
    return s3


@pytest.fixture
def alice(local_aws: LocalAws, other: Any) -> Credentials:
    """The keys of a user who may do everything with the first bucket."""
    mine = allow("s3:*") | {"Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}
    made = people.user(local_aws, mine)
    return Credentials(made["aws_access_key_id"], made["aws_secret_access_key"])


def state(s3: Any) -> tuple[Any, ...]:
    """Everything that the requests would change."""
    return (
        [each["Key"] for each in s3.list_objects_v2(Bucket=OTHER)["Contents"]],
        s3.get_object(Bucket=OTHER, Key="dir/k")["Body"].read(),
        s3.get_bucket_acl(Bucket=OTHER)["Grants"],
        s3.get_bucket_versioning(Bucket=OTHER).get("Status"),
        s3.get_public_access_block(Bucket=OTHER)["PublicAccessBlockConfiguration"],
    )


# -- the host -------------------------------------------------------------------------------------------


def test_the_host_names_no_bucket(local_aws: LocalAws, other: Any, alice: Credentials) -> None:
    """Nothing happens to the bucket that a host names, signed or not, and nothing of it is told."""
    before = state(other)
    with connected(local_aws) as connection:
        for host, (method, target, body, headers) in product(HOSTS, ON_OTHER):
            sent = {**headers, "Host": host}
            signed = by_header(local_aws, method, target, body, sent, credentials=alice)
            for pairs in (sent, signed):
                told = send(local_aws, method, target, body, pairs, connection)
                assert told.status in (403, 404), (host, method, target)
                assert SECRET not in told.body
                assert b"dir/k</Key>" not in told.body
    assert state(other) == before


def test_the_path_does(local_aws: LocalAws, other: Any, alice: Credentials) -> None:
    """What is done is done to the bucket of the path: by header and by form; a URL is of one host."""
    fields = form(held([["eq", "$key", "f"]], {"key": "f"}))
    url = signed_url(local_aws, "PUT", "u", credentials=alice)
    for number, host in enumerate(HOSTS):
        target = f"/{BUCKET}/{number}"
        signed = by_header(local_aws, "PUT", target, b"x", {"Host": host}, credentials=alice)
        assert send(local_aws, "PUT", target, b"x", signed).status == 200
        assert send(local_aws, "PUT", url, b"x", {"Host": host}).refusal == (403, "SignatureDoesNotMatch")
        assert send(local_aws, "POST", f"/{BUCKET}", fields, {**FORM, "Host": host}).status == 204
    assert keys(other) == [*map(str, range(len(HOSTS))), "f"]
    assert state(other)[:2] == (["dir/k"], SECRET)


def test_other_names_of_the_host(local_aws: LocalAws, other: Any, alice: Credentials) -> None:
    """Headers of proxies say nothing, a second Host and a whole URL as target are refused."""
    host = HOSTS[0]
    forwarded = {"X-Forwarded-Host": host, "X-Forwarded-Server": host, "Forwarded": f"host={host}"}
    signed = by_header(local_aws, "GET", "/dir/k", b"", forwarded, credentials=alice)
    assert send(local_aws, "GET", "/dir/k", b"", signed).refusal == (404, "NoSuchBucket")
    two = [("Host", "127.0.0.1"), ("Host", host)]
    assert send(local_aws, "GET", "/dir/k", b"", two).refusal == (400, "BadRequest")
    whole = f"https://{host}/dir/k"
    assert send(local_aws, "GET", whole, b"", {"Host": "127.0.0.1"}).refusal == (400, "BadRequest")


def test_a_bucket_that_does_not_exist(local_aws: LocalAws, s3: Any) -> None:
    """Whatever is asked of a bucket that does not exist, S3 says so, and names it; HEAD has no body."""
    for method, target, body, headers in ON_OTHER[:-1]:
        told = send(local_aws, method, target, body, headers)
        bucket = target.partition("?")[0].split("/")[1]
        assert told.status == 404
        if method == "HEAD":
            assert told.body == b""
        else:
            assert (told.element("Code"), told.element("BucketName")) == ("NoSuchBucket", bucket)


# -- one reading ----------------------------------------------------------------------------------------

_PATHS = st.text(st.sampled_from("ab/%?#;+&=.\\: ä\r25fF"), max_size=20).map(lambda text: f"/{text}")


@given(_PATHS, st.sampled_from([*HOSTS, "a.b", "", "[::1]", "a,b"]), st.booleans())
def test_moto_reads_the_same(path: str, host: str, encoded: bool) -> None:
    """Bucket and key that were judged are those that moto finds, for any path and any host."""
    from moto.core.request import Request
    from moto.s3.responses import S3Response

    target = quote(path, safe="/%?;") if encoded else path.encode().decode("latin-1")  # as WSGI has it
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "https",
        "SERVER_PORT": "1",
        "QUERY_STRING": target.partition("?")[2],
        **dict.fromkeys(("RAW_URI", "REQUEST_URI", "PATH_INFO"), target),
        **dict.fromkeys(("HTTP_HOST", "SERVER_NAME", "HTTP_X_FORWARDED_HOST"), host),
    }
    bucket, key = place_of(environ)
    request = Request(plain_s3(environ))
    response = S3Response()
    response.setup_class(request)
    found = response.parse_bucket_name_from_url(request, request.raw_url)
    assert (found or "", response.parse_key_name()) == (quote(bucket, safe=""), key)


def test_the_first_of_two_values(local_aws: LocalAws, other: Any) -> None:
    """Of a parameter that is given twice policies and moto see the first, and a plus is a space to both."""
    other.put_object(Bucket=BUCKET, Key="a b", Body=b"x")
    listing = allow("s3:ListBucket", Principal="*") | {"Resource": f"arn:aws:s3:::{BUCKET}"}
    listing["Condition"] = {"StringEquals": {"s3:prefix": "a "}}
    other.delete_public_access_block(Bucket=BUCKET)
    other.put_bucket_policy(Bucket=BUCKET, Policy=people.document(listing))
    assert send(local_aws, "GET", f"/{BUCKET}?list-type=2&prefix=c&prefix=a%20").status == 403
    for query in ("prefix=a+&prefix=c", "prefix=a%20"):
        told = send(local_aws, "GET", f"/{BUCKET}?list-type=2&{query}")
        assert (told.status, told.element("Prefix"), told.element("KeyCount")) == (200, "a ", "1")


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; a=b"]
)
def test_a_body_gives_no_parameters(kind: str, local_aws: LocalAws, s3: Any) -> None:
    """A body that is a form names no version: it is not what was judged, and a lock would not be seen."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key="k", Body=b"key=1&file=2", ContentType=kind)["VersionId"]
    found = s3.get_object(Bucket=BUCKET, Key="k")
    assert (found["Body"].read(), found["ContentType"]) == (b"key=1&file=2", kind)
    body, target = f"versionId={version}".encode(), f"/{BUCKET}/k"
    headers = by_header(local_aws, "DELETE", target, body, {"Content-Type": kind})
    assert send(local_aws, "DELETE", target, body, headers).headers["x-amz-delete-marker"] == "true"
    assert [each["VersionId"] for each in s3.list_object_versions(Bucket=BUCKET)["Versions"]] == [version]


def test_the_source_of_a_copy(local_aws: LocalAws, other: Any, alice: Credentials) -> None:
    """A source that could be read in two ways copies nothing of another bucket."""
    target = f"/{BUCKET}/copy"
    prefixes = (f"//{BUCKET}/", f"https://{BUCKET}/", "https:/", f"https://{BUCKET}@", f"{BUCKET};/")
    for prefix, whose in product((*prefixes, f"arn://{BUCKET}/", "arn:/"), (alice, OWN)):
        source = {"x-amz-copy-source": f"{prefix}{OTHER}/dir/k"}
        headers = by_header(local_aws, "PUT", target, b"", source, credentials=whose)
        assert send(local_aws, "PUT", target, b"", headers).status in (400, 403, 404, 501)
    assert keys(other) == []


def test_the_version_of_a_source(local_aws: LocalAws, s3: Any) -> None:
    """The version of a copy's source is found behind other parameters too, and judged."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"y")
    old = people.deny("s3:GetObjectVersion", Principal="*") | {"Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=people.document(old))
    source = {"x-amz-copy-source": f"{BUCKET}/k?a=b&versionId={version}"}
    headers = by_header(local_aws, "PUT", f"/{BUCKET}/copy", b"", source)
    assert send(local_aws, "PUT", f"/{BUCKET}/copy", b"", headers).refusal == (403, "AccessDenied")


# -- other services -------------------------------------------------------------------------------------


def ask(
    aws: LocalAws, credentials: Credentials, scope: tuple[str, str], method: str, target: str, **headers: str
) -> Told:
    """A request that is signed for a service in a region."""
    theirs = BotocoreCredentials(credentials.access_key, credentials.secret_key)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, aws.endpoint_url + target, given, b"")
    SigV4Auth(theirs, *scope).add_auth(request)
    return send(aws, method, target, b"", dict(request.headers.items()))


def test_no_other_service_leads_to_s3(local_aws: LocalAws, alice: Credentials) -> None:
    """moto makes a host of service and region; no name of either leads past the judge."""
    unsigned = {"x_amz_content_sha256": "UNSIGNED-PAYLOAD"}
    for service, region in (
        ("sqs", "s3"),
        ("sqs", "s3-x"),
        ("s3x", "x"),
        ("none", "x"),
        ("sts", "s3"),
        ("s3", "s3"),
    ):
        told = ask(local_aws, alice, (service, region), "GET", f"/{OTHER}/dir/k", **unsigned)
        assert told.status in (400, 403), service
        assert SECRET not in told.body


def test_nothing_of_motos_own(local_aws: LocalAws, other: Any, alice: Credentials) -> None:
    """moto's own paths are not served, whatever the request says it is for."""
    for path in ("/moto-api/reset", "/%6doto-api/reset", "/latest/meta-data/", "//moto-api/reset"):
        assert ask(local_aws, alice, ("sts", "us-east-1"), "POST", path).status in (400, 403, 404, 405)
        told = send(local_aws, "POST", f"{path}?Action=AssumeRoleWithSAML", b"", {"X-Amz-Target": "x.y"})
        assert told.status in (400, 403, 404, 405)
    assert state(other)[1] == SECRET


@pytest.fixture
def kms(local_aws: LocalAws) -> Iterator[Any]:
    """A client of KMS that says another region in its user agent."""
    from botocore.config import Config

    config = Config(user_agent_extra="region/us-east-1")
    client = local_aws.session().client("kms", config=config)
    yield client
    client.close()


def test_the_region_is_the_signatures(kms: Any, local_aws: LocalAws) -> None:
    """A user agent does not choose the region whose keys are used."""
    assert f":{local_aws.region}:" in kms.create_key()["KeyMetadata"]["Arn"]
