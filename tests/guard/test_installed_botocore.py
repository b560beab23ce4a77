"""What the guard stands on in botocore and boto3, held against the versions that are installed."""

from __future__ import annotations

import inspect
import json
import ssl
from pathlib import Path
from typing import Any

import boto3
import botocore
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.history import HistoryRecorder, get_global_history_recorder
from botocore.httpsession import URLLib3Session
from botocore.utils import CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES

from secure_s3.guard import tls
from secure_s3.guard.endpoint import AWS_SUFFIXES
from tests.guard.support import plain_session, session


@pytest.fixture(scope="module")
def client() -> Any:
    return plain_session().client(
        "s3", config=Config(client_cert=("/c", "/k"), connect_timeout=3, read_timeout=4)
    )


def test_the_http_session_is_where_we_think(client: Any) -> None:
    """A client's HTTP session is URLLib3Session itself, at client._endpoint.http_session."""
    assert type(client._endpoint.http_session) is URLLib3Session


def test_the_http_session_has_the_settings_we_copy(client: Any) -> None:
    """Every private attribute that pin_client copies exists and means what it says."""
    http = client._endpoint.http_session
    assert http._verify is True
    assert (http._cert_file, http._key_file) == ("/c", "/k")
    assert http._max_pool_connections == Config().max_pool_connections
    assert isinstance(http._socket_options, list)
    assert (http._timeout.connect_timeout, http._timeout.read_timeout) == (3, 4)
    assert isinstance(http._proxy_config._proxies, dict)
    assert isinstance(http._proxy_config.settings, dict)


def test_the_http_session_takes_no_other_settings() -> None:
    """botocore has not gained a setting of HTTP sessions that pin_client would lose."""
    known = {"self", "verify", "proxies", "timeout", "max_pool_connections", "socket_options", "client_cert"}
    assert set(inspect.signature(URLLib3Session.__init__).parameters) == known | {"proxies_config"}


def test_the_context_hook_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore takes its SSL context from _get_ssl_context, which PinnedSession overrides."""
    marked = ssl.create_default_context()
    monkeypatch.setattr(URLLib3Session, "_get_ssl_context", lambda self: marked)
    assert URLLib3Session()._manager.connection_pool_kw["ssl_context"] is marked


def test_the_pinned_context_reaches_the_pools() -> None:
    """The context in the pool manager, and in a proxy's, is the pinned one."""
    http = (
        session().client("s3", config=Config(proxies={"https": "http://localhost:9"}))._endpoint.http_session
    )
    for manager in (http._manager, http._get_proxy_manager("http://localhost:9")):
        tls.assert_pinned(manager.connection_pool_kw["ssl_context"], "1.2")
    pool = http._manager.connection_from_url("https://s3.amazonaws.com")
    tls.assert_pinned(pool.conn_kw["ssl_context"], "1.2")


def test_verification_is_decided_by_verify() -> None:
    """botocore verifies exactly when _verify is true and the URL is https."""

    class Connection:
        cert_reqs = ca_certs = None

    for verify, url, wanted in (
        (True, "https://x", "CERT_REQUIRED"),
        ("/x.pem", "https://x", "CERT_REQUIRED"),
        (False, "https://x", "CERT_NONE"),
        (True, "http://x", "CERT_NONE"),
    ):
        connection = Connection()
        URLLib3Session()._setup_ssl_cert(connection, url, verify)
        assert connection.cert_reqs == wanted


def test_the_history_recorder_tells_whether_it_is_on() -> None:
    """The recorder's private flag follows enable() and disable()."""
    recorder = HistoryRecorder()
    assert recorder._enabled is False
    recorder.enable()
    assert recorder._enabled is True
    assert isinstance(get_global_history_recorder(), HistoryRecorder)


def test_create_client_takes_what_we_bind() -> None:
    """The session's factory has the parameters that the guard reads and sets."""
    parameters = inspect.signature(botocore.session.Session.create_client).parameters
    assert {"service_name", "use_ssl", "verify", "endpoint_url", "config"} <= set(parameters)
    assert parameters["use_ssl"].default is True
    assert parameters["verify"].default is None


def test_boto3_makes_every_client_through_the_factory() -> None:
    """boto3.Session.client and .resource call the session's create_client, also one of the instance."""
    made = plain_session()
    calls = []
    plain = made._session.create_client
    made._session.create_client = lambda *a, **k: calls.append(k) or plain(*a, **k)
    made.client("s3")
    made.resource("s3")
    assert len(calls) == 2


def test_config_tells_what_the_user_gave() -> None:
    """Config remembers the options that were given, and merging keeps them."""
    merged = Config(retries={"mode": "standard"}).merge(Config(read_timeout=5))
    assert merged._user_provided_options == {"retries": {"mode": "standard"}, "read_timeout": 5}


def test_events_run_in_the_order_we_rely_on() -> None:
    """From specific to general, and in one level first, middle, last; all handlers run."""
    seen: list[str] = []
    emitter = plain_session().client("s3").meta.events
    for event in ("before-sign", "before-sign.s3", "before-sign.s3.PutObject"):
        for position in ("register_last", "register", "register_first"):
            getattr(emitter, position)(event, lambda name=f"{event}:{position}", **_: seen.append(name))
    kwargs: dict[str, Any] = {"signature_version": "s3v4", "operation_name": "PutObject"}
    request = AWSRequest("PUT", "https://s3.eu-west-1.amazonaws.com/bucket/key")
    emitter.emit(
        "before-sign.s3.PutObject",
        request=request,
        signing_name="s3",
        region_name="x",
        request_signer=None,
        **kwargs,
    )
    assert seen == [
        f"{event}:{position}"
        for event in ("before-sign.s3.PutObject", "before-sign.s3", "before-sign")
        for position in ("register_first", "register", "register_last")
    ]


def test_before_sign_says_which_signature() -> None:
    """before-sign carries signature_version and operation_name, which the guard reads."""
    seen: list[dict[str, Any]] = []
    client = plain_session().client("s3", config=Config(signature_version="s3"))
    client.meta.events.register("before-sign", lambda **kwargs: seen.append(kwargs))
    client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"})
    assert seen[0]["signature_version"] == "s3-query"
    assert seen[0]["operation_name"] == "GetObject"


def test_one_context_per_call() -> None:
    """The context seen when parameters are built is the request's context when it is signed."""
    client = plain_session().client("s3")
    client.meta.events.register("before-parameter-build", lambda context, **_: context.update(mark=1))
    seen: list[Any] = []
    client.meta.events.register("before-sign", lambda request, **_: seen.append(request.context.get("mark")))
    client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"})
    client.generate_presigned_post("bucket", "key")
    assert seen == [1, 1]


def test_the_hidden_default_of_presigning_is_still_there() -> None:
    """boto3 still presigns with Signature Version 2 in us-east-1: the signer hook is needed."""
    client = plain_session(region_name="us-east-1").client("s3")
    url = client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"})
    assert "X-Amz-Algorithm" not in url


def test_the_suffixes_of_all_partitions_are_known() -> None:
    """Every DNS suffix of botocore's partitions.json is among the hosts the guard allows."""
    path = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = json.loads(path.read_text())["partitions"]
    suffixes = {
        partition["outputs"][name] for partition in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")
    }
    assert suffixes <= set(AWS_SUFFIXES)


def test_service_ids_unlike_their_names_are_known_to_botocore() -> None:
    """The table by which botocore names endpoint variables is where we read it."""
    assert CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES["s3control"] == "s3-control"


@pytest.mark.parametrize(
    "name",
    [
        "upload_file",
        "upload_fileobj",
        "download_file",
        "download_fileobj",
        "copy",
        "generate_presigned_url",
        "generate_presigned_post",
    ],
)
def test_guarded_methods_have_boto3_signatures(name: str) -> None:
    """The methods that the guard puts in front of boto3's take the same arguments, in the same order."""
    plain, guarded = plain_session().client("s3"), session().client("s3")
    theirs = list(inspect.signature(getattr(plain, name)).parameters.values())
    ours = list(inspect.signature(getattr(guarded, name)).parameters.values())
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


def test_boto3_has_no_further_transfer_method() -> None:
    """No method that boto3 injects into S3 clients escapes the guard's list."""
    from boto3.s3 import inject

    attributes: dict[str, Any] = {}
    inject.inject_s3_transfer_methods(attributes)
    assert set(attributes) == {"upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy"}


def test_the_default_session_can_be_hardened(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3.client() goes through boto3.DEFAULT_SESSION, so that hardening it covers libraries."""
    from secure_s3.guard import guard_of, harden
    from tests.guard.support import CREDENTIALS, strategy

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    boto3.setup_default_session(**CREDENTIALS)
    harden(boto3.DEFAULT_SESSION, strategy("sse-s3"))
    assert guard_of(boto3.client("s3")) is not None
    assert guard_of(boto3.resource("s3").meta.client) is not None


def test_the_context_reaches_the_http_session() -> None:
    """A prepared request carries its call's context, in which the guard leaves its last look."""
    from secure_s3.guard.tls import LAST_LOOK

    client = session().client("s3")
    seen: list[Any] = []

    def intercept(request: Any, **_: Any) -> None:
        seen.append(request.context)
        raise KeyboardInterrupt  # nothing may leave

    client.meta.events.register("before-send.s3", intercept)
    with pytest.raises(KeyboardInterrupt):
        client.list_buckets()
    assert callable(seen[0][LAST_LOOK])
