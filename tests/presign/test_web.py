"""Uploads of a web application: what hostile pages and signed-in strangers get out of the routes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import DsseKms, SseKms, SseS3
from secure_s3.errors import ConfigurationError, UploadRefused
from secure_s3.presign import UploadRule, WebUploads, inspect
from secure_s3.presign.multipart import BrowserUpload
from tests.presign.support import BUCKET, KEY_ARN, client

GIB = 1024**3
SECRET = bytes(range(32))
S3 = client(SseKms(KEY_ARN))
RULES = {
    "files": UploadRule(
        bucket=BUCKET, prefix="files/", content_types=("image/*", "application/pdf"), max_bytes=20 * GIB
    ),
    "staff": UploadRule(
        bucket=BUCKET,
        prefix="staff/",
        content_types=("text/csv",),
        max_bytes=100,
        min_bytes=0,
        groups=("staff",),
        expires_in=60,
        download_expires_in=30,
        shared=True,
        encryption=DsseKms(KEY_ARN),
    ),
}


class Presigner:
    """The real one, but that uploads in parts begin without S3."""

    def __init__(self) -> None:
        self.begun: list[tuple[Any, ...]] = []
        self.resumed: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(S3.presign, name)

    def begin_upload(self, *where: Any, **options: Any) -> BrowserUpload:
        self.begun.append((*where, options))
        return S3.presign.resume_upload(where[0], where[1], "upload-id", where[2])

    def resume_upload(self, *where: Any, **options: Any) -> BrowserUpload:
        self.resumed.append((*where, options))
        return S3.presign.resume_upload(*where, **options)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def web(
    rules: Any = RULES, presigner: Any = None, clock: Callable[[], float] | None = None, key: Any = SECRET
) -> WebUploads:
    return WebUploads(
        presigner or Presigner(), rules, ticket_key=key, unique=lambda: "0123", clock=clock or Clock()
    )


def form(uploads: WebUploads | None = None, rule: Any = "files", **changes: Any) -> Any:
    given = {"user": "alice", "filename": "a.png", "content_type": "image/png", "size": 9, **changes}
    return (uploads or web()).form(rule, **given)


def begin(uploads: WebUploads, **changes: Any) -> dict[str, Any]:
    given = {"user": "alice", "filename": "a.png", "content_type": "image/png", "size": 20_000_000, **changes}
    return uploads.begin(given.pop("rule", "files"), **given)


def refused(ask: Callable[[], Any]) -> int | None:
    with pytest.raises(UploadRefused) as caught:
        ask()
    return caught.value.status


def conditions_of(post: Any) -> list[Any]:
    found: list[Any] = json.loads(base64.b64decode(post.fields["policy"]))["conditions"]
    return found


# --- forms ----------------------------------------------------------------------------------------------


def test_a_form_is_for_one_file() -> None:
    """A form is signed for one key of the user's, the type, the exact size and the rule's encryption."""
    granted = form()
    assert granted.key == granted.post.fields["key"] == "files/alice/0123/a.png"
    conditions = conditions_of(granted.post)
    for condition in (
        {"key": granted.key},
        {"bucket": BUCKET},
        {"Content-Type": "image/png"},
        ["content-length-range", 9, 9],
        {"x-amz-server-side-encryption": "aws:kms"},
    ):
        assert condition in conditions
    assert not any(condition[0] == "starts-with" for condition in conditions if isinstance(condition, list))
    assert inspect(granted.post).warnings == ()
    assert granted.to_dict()["fields"] == dict(granted.post.fields)
    assert granted.post.fields["policy"] not in repr(granted)


def test_a_rule_has_its_own_life_and_encryption() -> None:
    """Life, sizes and encryption are the rule's, with no size its range."""
    granted = form(rule="staff", content_type="text/csv", size=None, groups=["staff"])
    assert inspect(granted.post).expires_in == 60
    assert ["content-length-range", 0, 100] in conditions_of(granted.post)
    assert granted.post.fields["x-amz-server-side-encryption"] == "aws:kms:dsse"


def test_a_form_takes_five_gib() -> None:
    """Where a rule allows more than a form can take, the form is signed for what it can."""
    assert ["content-length-range", 1, 5 * GIB] in conditions_of(form(size=None).post)
    assert ["content-length-range", 5 * GIB, 5 * GIB] in conditions_of(form(size=5 * GIB).post)
    assert refused(lambda: form(size=5 * GIB + 1)) == 413
    large = UploadRule(
        bucket=BUCKET, prefix="l/", content_types=("a/b",), max_bytes=20 * GIB, min_bytes=6 * GIB
    )
    assert refused(lambda: form(web({"files": large}), content_type="a/b", size=None)) == 413


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"rule": "other"}, 404),
        ({"rule": "Files"}, 404),
        ({"rule": None}, 404),
        ({"rule": ["files"]}, 404),
        ({"rule": {"files": 1}}, 404),
        ({"rule": "staff", "content_type": "text/csv"}, 403),
        ({"rule": "staff", "content_type": "text/csv", "groups": ["Staff", "*"]}, 403),
        ({"user": ""}, 403),
        ({"user": None}, 403),
        ({"size": 0}, 413),
        ({"size": -1}, 413),
        ({"size": 20 * GIB + 1}, 413),
        ({"size": "9"}, 400),
        ({"size": True}, 400),
        ({"size": 9.0}, 400),
        ({"size": [9]}, 400),
        ({"content_type": "text/html"}, 415),
        ({"content_type": "image/svg+xml"}, 415),
        ({"content_type": "image/png;,text/html"}, 415),
        ({"content_type": "image/png\r\nx: y"}, 415),
        ({"content_type": "image/png;  a=b"}, 415),
        ({"content_type": ""}, 400),
        ({"content_type": None}, 400),
    ],
)
def test_refused_forms(changes: dict[str, Any], status: int) -> None:
    """What a request may say wrongly is refused with a status that a route can answer with."""
    assert refused(lambda: form(**changes)) == status
    assert refused(lambda: begin(web(), **changes)) == status


@given(
    st.text(st.characters(), max_size=400),
    st.one_of(st.none(), st.integers(), st.text()),
    st.text(st.characters()),
)
def test_any_request(filename: str, size: Any, content_type: str) -> None:
    """Whatever a page sends, it gets a form for a key in its user's folder, or a refusal with a status."""
    for kind in ("image/png", content_type):
        try:
            granted = form(filename=filename, size=size, content_type=kind)
        except UploadRefused as error:
            status = error.status
        else:
            status = None
            folder, name = granted.key.rsplit("/", 1)
            assert folder == "files/alice/0123"
            assert name not in ("", ".", "..")
            web().link("files", user="alice", key=granted.key)
        assert status in (None, 400, 413, 415)


@given(st.text(st.characters(), min_size=1, max_size=40), st.text(st.characters(), min_size=1, max_size=40))
def test_any_users(one: str, other: str) -> None:
    """A key that one user was given is read by that user, and by no other one."""
    key = form(user=one).key
    web().link("files", user=one, key=key)
    if one != other:
        assert refused(lambda: web().link("files", user=other, key=key)) == 403


# --- links ----------------------------------------------------------------------------------------------


def test_a_link_downloads() -> None:
    """A link makes a browser store the file under its own name; it lives as long as the rule says."""
    made = web().link("staff", user="bob", key="staff/alice/0/Ä b.csv", groups=["staff"])
    query = parse_qs(urlsplit(made.url).query)
    assert query["response-content-disposition"] == [
        "attachment; filename=\"_ b.csv\"; filename*=UTF-8''%C3%84%20b.csv"
    ]
    assert (query["X-Amz-Expires"], made.method) == (["30"], "GET")
    assert unquote(urlsplit(made.url).path) == "/staff/alice/0/Ä b.csv"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("files/alice/0/a  b.png", "a b.png"),
        ("files/alice/0/ a", "a"),
        ("files/alice/0/...", "file"),
        ("files/alice/", "file"),
        ('files/alice/0/a"b', "a_b"),
        ("files/alice/0/a\\..", "file"),
    ],
)
def test_links_to_odd_names(key: str, name: str) -> None:
    """Objects that were stored under odd names by other ways are stored under plain ones."""
    query = parse_qs(urlsplit(web().link("files", user="alice", key=key).url).query)
    assert query["response-content-disposition"] == [f'attachment; filename="{name}"']


@pytest.mark.parametrize(
    "key",
    [
        "files/bob/0123/a.png",
        "files/alice",
        "files/alice/../bob/0123/a.png",
        "files/alice/./a",
        "files/alic%65/a",
        "staff/bob/0/a.csv",
        "",
        None,
        7,
        ["files/alice/a"],
        "files/alice/\n",
        "files/alice/\ud800",
        "files/alice/" + "k" * 1024,
    ],
)
def test_refused_links(key: Any) -> None:
    """Another's key, and what is none, gets 403."""
    assert refused(lambda: web().link("files", user="alice", key=key)) == 403


@pytest.mark.parametrize("user", ["", None])
def test_nobody_gets_no_link(user: Any) -> None:
    """Who is not signed in gets no link, to shared files either."""
    assert refused(lambda: web().link("staff", user=user, key="staff/a/0/b", groups=["staff"])) == 403
    assert refused(lambda: web().link("staff", user="bob", key="staff/a/0/b")) == 403
    assert refused(lambda: web().link("none", user="bob", key="staff/a/0/b")) == 404


# --- uploads in parts -----------------------------------------------------------------------------------


def test_parts() -> None:
    """An upload is begun by rule; its parts are signed for its key, each for its own length, each once."""
    presigner = Presigner()
    uploads = web(presigner=presigner)
    told = begin(uploads)
    assert presigner.begun == [
        (BUCKET, "files/alice/0123/a.png", 20_000_000, {"content_type": "image/png", "encryption": None})
    ]
    assert (told["key"], told["part_bytes"], told["part_count"]) == ("files/alice/0123/a.png", 8 * 1024**2, 3)
    assert "upload-id" not in json.dumps(told)
    first, last = uploads.parts(told["ticket"], [1, 3, 1], user="alice")
    for url, number, size in ((first, 1, 8 * 1024**2), (last, 3, 20_000_000 - 16 * 1024**2)):
        query = parse_qs(urlsplit(url.url).query)
        assert (query["uploadId"], query["partNumber"]) == (["upload-id"], [str(number)])
        assert url.required_headers["content-length"] == str(size)
        assert urlsplit(url.url).path == "/files/alice/0123/a.png"


@pytest.mark.parametrize(
    "numbers", [[0], [-1], [4], [10**9], ["1"], [1.0], [True], [None], [[1]], 0, None, "1", range(3)]
)
def test_no_such_parts(numbers: Any) -> None:
    """Numbers that are no part of the upload get 400 before anything is signed."""
    uploads = web()
    assert refused(lambda: uploads.parts(begin(uploads)["ticket"], numbers, user="alice")) == 400


@pytest.mark.parametrize("size", [0, None])
def test_nothing_is_not_sent_in_parts(size: Any) -> None:
    """An upload in parts has a size above zero, although the rule allows less."""
    ask = {"rule": "staff", "content_type": "text/csv", "groups": ["staff"], "size": size}
    assert refused(lambda: begin(web(), **ask)) == 413


def ways(uploads: WebUploads, ticket: Any, user: Any) -> list[Callable[[], Any]]:
    return [
        lambda: uploads.parts(ticket, [1], user=user),
        lambda: uploads.complete(ticket, user=user),
        lambda: uploads.abort(ticket, user=user),
    ]


@pytest.mark.parametrize("way", range(3))
@pytest.mark.parametrize("user", ["bob", "", "Alice", "alice ", None, ["alice"]])
def test_anothers_ticket(way: int, user: Any) -> None:
    """A ticket is good for whoever began the upload, and takes up nothing for anybody else."""
    presigner = Presigner()
    uploads = web(presigner=presigner)
    ticket = begin(uploads)["ticket"]
    assert refused(ways(uploads, ticket, user)[way]) == 403
    assert presigner.resumed == []


@pytest.mark.parametrize("way", range(3))
@pytest.mark.parametrize(
    "change", [lambda text: text[:-1], lambda text: "", lambda text: None, lambda text: text + "="]
)
def test_changed_tickets(way: int, change: Any) -> None:
    """A ticket that was changed is refused, and takes up nothing."""
    presigner = Presigner()
    uploads = web(presigner=presigner)
    assert refused(ways(uploads, change(begin(uploads)["ticket"]), "alice")[way]) == 403
    assert presigner.resumed == []


def test_old_tickets() -> None:
    """A ticket is good for a day."""
    clock = Clock()
    uploads = web(clock=clock)
    ticket = begin(uploads)["ticket"]
    clock.now += 86_399
    assert uploads.parts(ticket, [1], user="alice")
    clock.now += 1
    assert refused(lambda: uploads.parts(ticket, [1], user="alice")) == 403


def test_tickets_of_others() -> None:
    """A ticket of another application's key, or for a rule that is gone, is refused."""
    ticket = begin(web())["ticket"]
    assert web().parts(ticket, [1], user="alice")
    assert refused(lambda: web(key=bytes(32)).parts(ticket, [1], user="alice")) == 403
    assert refused(lambda: web({"staff": RULES["staff"]}).parts(ticket, [1], user="alice")) == 403
    assert refused(lambda: web(key=None).parts(begin(web(key=None))["ticket"], [1], user="alice")) == 403


def test_a_ticket_stays_with_its_rule() -> None:
    """What a ticket stands for, its rule, key and size, is signed: no other rule can be named with it."""
    uploads = web()
    ticket = begin(uploads, rule="staff", content_type="text/csv", size=9, groups=["staff"])["ticket"]
    [url] = uploads.parts(ticket, [1], user="alice")
    assert inspect(url).key == "staff/alice/0123/a.png"
    assert inspect(url).expires_in == 60


# --- set-up ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "https://app.example.com:8443",
        "https://localhost",
        "http://localhost:5000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://[2001:db8::1]",
        "https://xn--rger-4qa.example",
    ],
)
def test_origins(origin: str) -> None:
    """Origins of https, and of this machine, are taken as they are."""
    [configured] = web().cors(origin)["CORSRules"]
    assert configured["AllowedOrigins"] == [origin]
    assert "*" not in configured["AllowedHeaders"]
    assert "DELETE" not in configured["AllowedMethods"]
    assert "ETag" in configured["ExposeHeaders"]


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*",
        "https://*.example.com",
        "http://app.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://user@localhost",
        "https://user@app.example.com",
        "https://user:word@app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?a=b",
        "https://app.example.com#a",
        "https://app.example.com:",
        "https://app.example.com:0",
        "https://app.example.com:port",
        "https://app.example.com:999999",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com\n",
        " https://app.example.com",
        "https://app.example.com, https://evil.example",
        "https://ärger.example",
        "https://",
        "https://[",
        "https:app.example.com",
        "//app.example.com",
        "app.example.com",
        "null",
        "file://",
        "ftp://app.example.com",
        "",
        None,
        7,
        b"https://app.example.com",
        ["https://app.example.com"],
    ],
)
def test_no_origins(origin: Any) -> None:
    """What is no origin to trust, or is written otherwise than browsers write it, is refused."""
    with pytest.raises(ConfigurationError):
        web().cors(origin)
    with pytest.raises(ConfigurationError):
        web().cors("https://app.example.com", origin)


def test_no_origin_at_all() -> None:
    """A CORS configuration for nobody is refused."""
    with pytest.raises(ConfigurationError):
        web().cors()


@pytest.mark.parametrize("rules", [{}, None, {"a": None}, {"a": "rule"}, {"a": {"bucket": BUCKET}}])
def test_no_rules(rules: Any) -> None:
    """Without rules nothing would be allowed by accident: refused."""
    with pytest.raises(ConfigurationError):
        web(rules)


@pytest.mark.parametrize(("outer", "inner"), [("a/", "a/b/"), ("a/", "a/b/c/"), ("a/b/", "a/b/c/d/")])
def test_rules_lie_side_by_side(outer: str, inner: str) -> None:
    """A rule within the prefix of another is refused: a user named like the rest would own all of it."""

    def rule(prefix: str, bucket: str = BUCKET) -> UploadRule:
        return UploadRule(bucket=bucket, prefix=prefix, content_types=("a/b",), max_bytes=9)

    for names in ((outer, inner), (inner, outer)):
        with pytest.raises(ConfigurationError, match="lies within"):
            web({name: rule(name) for name in names})
    web({"one": rule(outer), "two": rule(outer), "three": rule(inner, "another-bucket"), "four": rule("ab/")})


@pytest.mark.parametrize("key", [b"short", bytes(31), "x" * 32, 7])
def test_weak_ticket_keys(key: Any) -> None:
    """A ticket key that could be guessed is refused when the application starts."""
    with pytest.raises(ConfigurationError):
        web(key=key)


def test_a_client_does_as_well() -> None:
    """A SecureS3Client may be passed for its presigner, and the repr names the rules alone."""
    uploads = WebUploads(client(SseS3()), RULES, ticket_key=SECRET)
    assert form(uploads).post.fields["x-amz-server-side-encryption"] == "AES256"
    assert repr(uploads) == "WebUploads(files, staff)"
    assert form(uploads).key != form(uploads).key


def test_rules_that_share_what_others_keep() -> None:
    """Two rules of one prefix are refused where one shares: it would give away what the other keeps apart."""
    kept = UploadRule(bucket=BUCKET, prefix="docs/", content_types=("a/b",), max_bytes=9, groups=("staff",))
    open_to_all = UploadRule(bucket=BUCKET, prefix="docs/", content_types=("a/b",), max_bytes=9, shared=True)
    with pytest.raises(ConfigurationError, match="prefix"):
        web({"kept": kept, "open": open_to_all})
    web(
        {"kept": kept, "twin": UploadRule(bucket=BUCKET, prefix="docs/", content_types=("c/d",), max_bytes=9)}
    )
