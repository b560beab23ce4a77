"""Every road to plain HTTP, to no verification, or to a leak is refused, by name, before a byte is sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.history import get_global_history_recorder

from secure_s3 import errors
from secure_s3.encryption import SseS3
from secure_s3.guard import endpoint as roads
from secure_s3.guard import guarded_copy, harden, secure_session
from secure_s3.profile import STANDARD, SecurityProfile
from tests.guard.support import CREDENTIALS, plain_session, session, strategy
from tests.rig.faulty_proxy import FaultyProxy, redirect
from tests.rig.tls_servers import RecordingServer, plain_listener, tls_listener

Patch = pytest.MonkeyPatch
HTTP = "http://localhost:9"
SERVICES = ("s3", "kms", "sts")
LENIENT = SecurityProfile(name="lenient", allow_environment_ca_bundle=True)


@pytest.fixture
def plain() -> Iterator[RecordingServer]:
    """A plain-HTTP listener on which not one byte may arrive."""
    with plain_listener() as server:
        yield server
    assert server.plaintext == b""
    assert server.connections <= 1  # the listener's own, when it stops


@pytest.fixture
def aws_config(tmp_path: Path, monkeypatch: Patch) -> Callable[[str], None]:
    """Writes the AWS configuration file."""

    def write(text: str) -> None:
        path = tmp_path / "aws-config"
        path.write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))

    return write


@pytest.fixture
def foreign_bundle(tmp_path: Path) -> str:
    """A bundle of a CA that nobody configured knowingly."""
    with tls_listener() as server:
        path = tmp_path / "foreign.pem"
        shutil.copy(server.ca_bundle, path)
    return str(path)


def door_client(service: str, **arguments: Any) -> Any:
    return session().client(service, **arguments)


def door_resource(service: str, **arguments: Any) -> Any:
    return session().resource(service, **arguments)


def door_harden(service: str, **arguments: Any) -> Any:
    return harden(plain_session(), SseS3()).client(service, **arguments)


def door_copy(service: str, **arguments: Any) -> Any:
    return guarded_copy(plain_session(), SseS3(), STANDARD).client(service, **arguments)


def door_existing(service: str, **arguments: Any) -> Any:
    return harden(plain_session().client(service, **arguments), SseS3())


SESSION_DOORS = (door_client, door_resource, door_harden, door_copy)
DOORS = (*SESSION_DOORS, door_existing)
# boto3 knows no resource of KMS and STS.
ENTRANCES = [(door, name) for door in DOORS for name in SERVICES if door is not door_resource or name == "s3"]


def refused(action: Callable[[], Any], *names: str) -> errors.ConfigurationError:
    with pytest.raises(errors.ConfigurationError) as caught:
        action()
    for name in names:
        assert name in str(caught.value)
    assert caught.value.why
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize(("door", "service"), ENTRANCES)
class TestArguments:
    """Arguments that weaken the transport."""

    @pytest.mark.parametrize("value", [False, 0, ""])
    def test_use_ssl(self, door: Any, service: str, value: Any) -> None:
        """use_ssl=False is refused, whatever stands for False."""
        name = "endpoint_url" if door is door_existing else "use_ssl"
        refused(lambda: door(service, use_ssl=value), name)

    def test_http_endpoint(self, door: Any, service: str, plain: RecordingServer) -> None:
        """endpoint_url="http://…" is refused and named."""
        assert isinstance(
            refused(lambda: door(service, endpoint_url=plain.url), plain.url), errors.InsecureTransport
        )

    @pytest.mark.parametrize("value", [False, 0])
    def test_verify(self, door: Any, service: str, value: Any) -> None:
        """verify=False is refused, whatever stands for False."""
        refused(lambda: door(service, verify=value), "verify")

    def test_forwarding_proxy(self, door: Any, service: str) -> None:
        """A proxy that would see plaintext is refused."""
        config = Config(
            proxies={"https": "http://localhost:9"}, proxies_config={"proxy_use_forwarding_for_https": True}
        )
        refused(lambda: door(service, config=config), "proxy_use_forwarding_for_https")


@pytest.mark.parametrize("door", SESSION_DOORS)
@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "localhost:9000",
        "//localhost",
        "ftp://localhost",
        "HTTP://localhost",
        "https:/localhost",
        "http+unix://x",
        "https//localhost",
        "wss://localhost",
        "http://https://localhost",
        "https://[::1",
        5,
        b"https://x",
    ],
)
def test_odd_endpoints(door: Any, url: Any) -> None:
    """What is no https URL is refused as endpoint_url."""
    refused(lambda: door("s3", endpoint_url=url), "endpoint_url")


def test_password_in_endpoint_is_hidden() -> None:
    """A password in a refused URL is not repeated."""
    error = refused(lambda: session().client("s3", endpoint_url="http://me:hunter2@localhost"), "localhost")
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("door", SESSION_DOORS)
@pytest.mark.parametrize("value", [False, 0, "", [], 0.0])
def test_every_false_verify(door: Any, value: Any) -> None:
    """Every false value of verify is refused."""
    refused(lambda: door("s3", verify=value), "verify")


@pytest.mark.parametrize("value", [1, 1.5, object(), "/no/such/bundle.pem", "false", "a\0b", b"x"])
def test_verify_that_is_no_bundle(value: Any) -> None:
    """A verify that is neither True nor a bundle of certificates is refused."""
    refused(lambda: session().client("s3", verify=value), "verify")


def test_verify_a_directory_or_a_file_without_certificates(tmp_path: Path) -> None:
    """A directory, which botocore cannot use, and a file without certificates are refused."""
    (tmp_path / "empty.pem").write_text("")
    for path in (tmp_path, tmp_path / "empty.pem"):
        refused(lambda path=path: session().client("s3", verify=str(path)), "verify")


@pytest.mark.parametrize(("door", "service"), ENTRANCES)
class TestEndpointSettings:
    """Endpoints that are set outside the program."""

    def test_service_variable(
        self, door: Any, service: str, plain: RecordingServer, monkeypatch: Patch
    ) -> None:
        """AWS_ENDPOINT_URL_<SERVICE> with http is refused and named."""
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", plain.url)
        expected = plain.url if door is door_existing else f"AWS_ENDPOINT_URL_{service.upper()}"
        refused(lambda: door(service), expected)

    def test_global_variable(
        self, door: Any, service: str, plain: RecordingServer, monkeypatch: Patch
    ) -> None:
        """AWS_ENDPOINT_URL with http is refused and named."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", plain.url)
        refused(lambda: door(service), plain.url if door is door_existing else "AWS_ENDPOINT_URL")

    def test_config_file(self, door: Any, service: str, plain: RecordingServer, aws_config: Any) -> None:
        """endpoint_url in the configuration file with http is refused and named."""
        aws_config(f"[default]\nendpoint_url = {plain.url}\n")
        refused(lambda: door(service), plain.url if door is door_existing else "AWS config file")

    def test_services_section(self, door: Any, service: str, plain: RecordingServer, aws_config: Any) -> None:
        """endpoint_url in a services section with http is refused, and the section named."""
        aws_config(f"[default]\nservices = dev\n[services dev]\n{service} =\n  endpoint_url = {plain.url}\n")
        refused(lambda: door(service), plain.url if door is door_existing else "'dev'")

    def test_secure_service_variable_wins(self, door: Any, service: str, monkeypatch: Patch) -> None:
        """An https variable for the service wins over an http variable for all, as in botocore."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", HTTP)
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", "https://localhost:9")
        assert _client(door(service)).meta.endpoint_url == "https://localhost:9"

    def test_explicit_https_wins(self, door: Any, service: str, monkeypatch: Patch) -> None:
        """An explicit https endpoint makes an http variable irrelevant."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", HTTP)
        assert (
            _client(door(service, endpoint_url="https://localhost:9")).meta.endpoint_url
            == "https://localhost:9"
        )

    def test_ignored_variable(self, door: Any, service: str, monkeypatch: Patch) -> None:
        """ignore_configured_endpoint_urls=True makes an http variable irrelevant."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", HTTP)
        made = _client(door(service, config=Config(ignore_configured_endpoint_urls=True)))
        assert made.meta.endpoint_url.startswith("https://")
        assert made.meta.endpoint_url.endswith("amazonaws.com")

    def test_ignored_by_variable(self, door: Any, service: str, monkeypatch: Patch) -> None:
        """AWS_IGNORE_CONFIGURED_ENDPOINT_URLS makes an http variable irrelevant."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", HTTP)
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        assert _client(door(service)).meta.endpoint_url.startswith("https://")

    def test_ignoring_does_not_undo_use_ssl(self, door: Any, service: str) -> None:
        """ignore_configured_endpoint_urls=True does not make use_ssl=False acceptable."""
        config = Config(ignore_configured_endpoint_urls=True)
        refused(lambda: door(service, use_ssl=False, config=config))


def test_service_variable_with_an_id_unlike_its_name(monkeypatch: Patch) -> None:
    """A service whose id differs from its name is refused by the variable that botocore reads."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3_CONTROL", HTTP)
    refused(lambda: session().client("s3control"), "AWS_ENDPOINT_URL_S3_CONTROL")


def test_default_client_config_is_seen() -> None:
    """ignore_configured_endpoint_urls may come from the session's default client configuration."""
    made = session()
    made._session.set_default_client_config(
        Config(
            proxies_config={"proxy_use_forwarding_for_https": True}, proxies={"https": "http://localhost:9"}
        )
    )
    refused(lambda: made.client("s3"), "proxy_use_forwarding_for_https")


def test_assume_role_talks_to_sts_over_tls(
    plain: RecordingServer, aws_config: Any, monkeypatch: Patch
) -> None:
    """The STS client that botocore makes for itself, to assume a role, is guarded too."""
    aws_config(
        "[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
        "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", plain.url)
    guarded = secure_session(SseS3(), profile_name="role", region_name="eu-west-1")
    refused(lambda: guarded.client("s3").list_buckets(), "AWS_ENDPOINT_URL_STS")


class TestTrustStore:
    """Bundles that are configured outside the program."""

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    @pytest.mark.parametrize("door", DOORS)
    def test_foreign_variable(
        self, door: Any, variable: str, foreign_bundle: str, monkeypatch: Patch
    ) -> None:
        """A foreign bundle in a variable is refused and the variable named."""
        monkeypatch.setenv(variable, foreign_bundle)
        refused(lambda: door("s3"), variable)

    @pytest.mark.parametrize("door", SESSION_DOORS)
    def test_foreign_setting(self, door: Any, foreign_bundle: str, aws_config: Any) -> None:
        """A foreign ca_bundle in the configuration file is refused and named."""
        aws_config(f"[default]\nca_bundle = {foreign_bundle}\n")
        refused(lambda: door("s3"), "ca_bundle in the AWS config file")

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    @pytest.mark.parametrize("door", SESSION_DOORS)
    def test_empty_variable(self, door: Any, variable: str, monkeypatch: Patch) -> None:
        """An empty bundle variable, which older botocore takes for no verification, is refused."""
        monkeypatch.setenv(variable, "")
        refused(lambda: door("s3"), variable)

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    def test_machine_store(self, variable: str, monkeypatch: Patch) -> None:
        """The store that botocore would use anyway is accepted from a variable."""
        from botocore.httpsession import where

        monkeypatch.setenv(variable, where())
        assert door_client("s3")._endpoint.http_session._verify == where()
        assert door_existing("s3")._endpoint.http_session._verify == where()

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    def test_allowed_by_profile(self, variable: str, foreign_bundle: str, monkeypatch: Patch) -> None:
        """A profile may allow a foreign bundle in a variable."""
        monkeypatch.setenv(variable, foreign_bundle)
        made = secure_session(SseS3(), LENIENT, **CREDENTIALS).client("s3")
        assert made._endpoint.http_session._verify == foreign_bundle
        harden(plain_session().client("s3"), SseS3(), LENIENT)

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    def test_meant_by_our_own_variable(self, variable: str, foreign_bundle: str, monkeypatch: Patch) -> None:
        """SECURE_S3_CA_BUNDLE with the same file says that the bundle is meant; with another it does not."""
        monkeypatch.setenv(variable, foreign_bundle)
        monkeypatch.setenv("SECURE_S3_CA_BUNDLE", foreign_bundle)
        assert door_client("s3")._endpoint.http_session._verify == foreign_bundle
        assert door_existing("s3")._endpoint.http_session._verify == foreign_bundle
        for other in ("", "/etc/other.pem", foreign_bundle + "/"):
            monkeypatch.setenv("SECURE_S3_CA_BUNDLE", other)
            refused(lambda: door_client("s3"), variable)
            refused(lambda: door_existing("s3"), variable)

    def test_the_sessions_own_bundle(self, foreign_bundle: str, monkeypatch: Patch) -> None:
        """A bundle given to the session is used by its clients, and wins over the environment."""
        monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
        made = session(ca_bundle=foreign_bundle)
        for service in SERVICES:
            assert made.client(service)._endpoint.http_session._verify == foreign_bundle
        assert made.client("s3", verify=True)._endpoint.http_session._verify is True
        refused(lambda: made.client("s3", verify=False), "verify")

    def test_a_bundle_comes_too_late_for_a_client(self, foreign_bundle: str) -> None:
        """A bundle cannot be given to a client that exists."""
        refused(lambda: harden(plain_session().client("s3"), SseS3(), ca_bundle=foreign_bundle), "ca_bundle")

    @pytest.mark.parametrize("path", ["/no/such/file.pem", "", False, 5, "/"])
    def test_a_sessions_wrong_bundle(self, path: Any) -> None:
        """A session's bundle that is none is refused at the latest when a client is made."""
        refused(lambda: session(ca_bundle=path).client("s3"))

    def test_allowed_but_missing(self, monkeypatch: Patch) -> None:
        """A bundle that is allowed but does not exist is refused, not skipped."""
        monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
        refused(lambda: secure_session(SseS3(), LENIENT, **CREDENTIALS).client("s3"), "AWS_CA_BUNDLE")

    @pytest.mark.parametrize("door", SESSION_DOORS)
    def test_explicit_wins(self, door: Any, foreign_bundle: str, monkeypatch: Patch) -> None:
        """With verify= given, bundle variables are irrelevant."""
        monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
        assert _client(door("s3", verify=True))._endpoint.http_session._verify is True
        assert _client(door("s3", verify=foreign_bundle))._endpoint.http_session._verify == foreign_bundle

    def test_a_link_to_the_machine_store(self, tmp_path: Path, monkeypatch: Patch) -> None:
        """A symbolic link is judged by where it leads."""
        from botocore.httpsession import where

        link = tmp_path / "bundle.pem"
        link.symlink_to(where())
        monkeypatch.setenv("AWS_CA_BUNDLE", str(link))
        door_client("s3")


class TestLeaks:
    """Settings that leak what TLS protects, or replace the model."""

    LEAKS = (
        ("SSLKEYLOGFILE", "/tmp/keys.log"),
        ("AWS_CSM_ENABLED", "true"),
        ("AWS_CSM_ENABLED", "TRUE"),
        ("AWS_DATA_PATH", "/tmp/models"),
    )

    @pytest.mark.parametrize("door", SESSION_DOORS)
    @pytest.mark.parametrize(("variable", "value"), LEAKS)
    def test_variable(self, door: Any, variable: str, value: str, monkeypatch: Patch) -> None:
        """SSLKEYLOGFILE, AWS_CSM_ENABLED and AWS_DATA_PATH are refused and named."""
        monkeypatch.setenv(variable, value)
        refused(lambda: door("s3"), variable)

    @pytest.mark.parametrize(("variable", "value"), LEAKS)
    def test_variable_and_an_existing_client(self, variable: str, value: str, monkeypatch: Patch) -> None:
        """The same variables are refused when a client that exists is hardened."""
        existing = plain_session().client("s3")
        monkeypatch.setenv(variable, value)
        refused(lambda: harden(existing, SseS3()), variable)

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("SSLKEYLOGFILE", ""), ("AWS_CSM_ENABLED", ""), ("AWS_CSM_ENABLED", "false"), ("AWS_DATA_PATH", "")],
    )
    def test_harmless_value(self, variable: str, value: str, monkeypatch: Patch) -> None:
        """Values that switch nothing on are accepted."""
        monkeypatch.setenv(variable, value)
        door_client("s3")

    @pytest.mark.parametrize("door", SESSION_DOORS)
    @pytest.mark.parametrize(("setting", "value"), [("csm_enabled", "true"), ("data_path", "/tmp/models")])
    def test_setting(self, door: Any, setting: str, value: str, aws_config: Any) -> None:
        """The same two in the configuration file are refused and named."""
        aws_config(f"[default]\n{setting} = {value}\n")
        refused(lambda: door("s3"), setting)

    @pytest.mark.parametrize("service", SERVICES)
    def test_models_in_the_home(self, service: str, tmp_path: Path, monkeypatch: Patch) -> None:
        """A model of the service under ~/.aws/models is refused and named."""
        (tmp_path / ".aws" / "models" / service).mkdir(parents=True)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        refused(lambda: door_client(service), f"models/{service}")

    def test_models_of_other_services(self, tmp_path: Path, monkeypatch: Patch) -> None:
        """Models of other services under ~/.aws/models are no business of the guard."""
        (tmp_path / ".aws" / "models" / "inventory").mkdir(parents=True)
        monkeypatch.setenv("HOME", str(tmp_path))
        door_client("s3")

    @pytest.mark.parametrize("service", SERVICES)
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_history_recorder(self, service: str, when: str, plain: RecordingServer) -> None:
        """botocore's history recorder is refused, before and after the client is made."""
        recorder = get_global_history_recorder()
        calls = {"s3": "list_buckets", "kms": "list_keys", "sts": "get_caller_identity"}
        made = door_client(service, endpoint_url="https://localhost:9") if when == "after" else None
        recorder.enable()
        try:
            action = (lambda: getattr(made, calls[service])()) if made else (lambda: door_client(service))
            refused(action, "history_recorder")
        finally:
            recorder.disable()

    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize("version", ["s3", "s3-query", "S3"])
    def test_signature_version_2(self, door: Any, version: str) -> None:
        """Signature Version 2 is refused."""
        refused(lambda: door("s3", config=Config(signature_version=version)), "signature_version")

    @pytest.mark.parametrize("door", DOORS)
    def test_signature_version_2_in_the_config_file(self, door: Any, aws_config: Any) -> None:
        """Signature Version 2 in the configuration file is refused."""
        aws_config("[default]\ns3 =\n  signature_version = s3\n")
        refused(lambda: door("s3"), "signature_version")

    def test_key_log_that_was_set_later(self, tmp_path: Path, monkeypatch: Patch) -> None:
        """A key log that the process sets after the client was made gets no keys."""
        log = tmp_path / "keys.log"
        with tls_listener() as server:
            made = door_client("s3", endpoint_url=server.url, verify=server.ca_bundle)
            monkeypatch.setenv("SSLKEYLOGFILE", str(log))
            made.list_buckets()
        assert not log.exists() or log.read_text() == ""


@pytest.mark.parametrize(
    "name", ["upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy"]
)
@pytest.mark.parametrize("engine", ["crt", "CRT"])
def test_crt_engine(name: str, engine: str, tmp_path: Path) -> None:
    """The CRT engine, which bypasses the guard, is refused by every managed transfer."""
    from boto3.s3.transfer import TransferConfig

    client = session().client("s3")
    config = TransferConfig()
    config.preferred_transfer_client = engine
    calls: dict[str, Callable[[], Any]] = {
        "upload_file": lambda: client.upload_file(__file__, "bucket", "key", Config=config),
        "upload_fileobj": lambda: client.upload_fileobj(None, "bucket", "key", Config=config),
        "download_file": lambda: client.download_file("bucket", "key", str(tmp_path / "x"), Config=config),
        "download_fileobj": lambda: client.download_fileobj("bucket", "key", None, Config=config),
        "copy": lambda: client.copy({"Bucket": "b", "Key": "k"}, "bucket", "key", Config=config),
    }
    refused(calls[name], "crt")


def test_auto_engine_becomes_classic(monkeypatch: Patch) -> None:
    """Where boto3 would choose CRT by itself, the classic engine is named; the caller's value stays."""
    from boto3.s3 import transfer

    from secure_s3.guard.managed import classic

    monkeypatch.setattr(transfer, "has_minimum_crt_version", lambda version: True, raising=False)
    given = transfer.TransferConfig(preferred_transfer_client="auto", multipart_threshold=123)
    chosen = classic(given)
    assert chosen.preferred_transfer_client == "classic"
    assert chosen.multipart_threshold == 123
    assert given.preferred_transfer_client == "auto"
    assert classic(None).preferred_transfer_client == "classic"


def test_copy_from_an_unguarded_client() -> None:
    """A managed copy whose source would be read by an unguarded client is refused."""
    client = session().client("s3")
    source = plain_session().client("s3")
    refused(
        lambda: client.copy({"Bucket": "b", "Key": "k"}, "bucket", "key", SourceClient=source), "SourceClient"
    )


def test_all_roads_are_named_at_once(monkeypatch: Patch) -> None:
    """Several roads are refused by one error that names them all."""
    monkeypatch.setenv("SSLKEYLOGFILE", "/tmp/keys")
    monkeypatch.setenv("AWS_CSM_ENABLED", "1")
    refused(
        lambda: session().client("s3", use_ssl=False, verify=False, endpoint_url=HTTP),
        "SSLKEYLOGFILE",
        "AWS_CSM_ENABLED",
        "use_ssl",
        "verify",
        "endpoint_url",
    )


@pytest.mark.parametrize("thing", [None, 5, "session", object(), boto3, Config()])
def test_harden_takes_sessions_and_clients(thing: Any) -> None:
    """harden() refuses what is neither a session, nor a client, nor a resource."""
    with pytest.raises(errors.ConfigurationError, match="harden"):
        harden(thing, SseS3())


@pytest.mark.parametrize("wrong", ["sse-kms", 5, SseS3, {"ServerSideEncryption": "AES256"}])
def test_encryption_is_a_strategy(wrong: Any) -> None:
    """What is no strategy is refused as encryption."""
    refused(lambda: secure_session(wrong, **CREDENTIALS), "encryption")


# --- after the client was made: handlers, redirects, swapped parts ------------------------------------


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with tls_listener() as running:
        yield running


def _made(server: RecordingServer, label: str = "sse-kms") -> Any:
    return session(label).client(
        "s3",
        endpoint_url=server.url,
        verify=server.ca_bundle,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _change_url(request: Any, url: str) -> None:
    request.url = url


EVENTS = (
    "before-sign",
    "before-sign.s3",
    "before-sign.s3.PutObject",
    "request-created",
    "request-created.s3.PutObject",
    "before-send",
    "before-send.s3",
    "before-send.s3.PutObject",
    "choose-signer.s3",
    "before-parameter-build",
)


@pytest.mark.parametrize("event", EVENTS[:8])
@pytest.mark.parametrize("position", ["register_first", "register", "register_last"])
def test_handler_that_rewrites_to_http(
    event: str, position: str, server: RecordingServer, plain: RecordingServer
) -> None:
    """An event handler that rewrites the URL to http is stopped, wherever it hangs."""
    client = _made(server)
    getattr(client.meta.events, position)(
        event, lambda request, **_: _change_url(request, f"{plain.url}/bucket/key")
    )
    with pytest.raises(errors.InsecureTransport):
        client.put_object(Bucket="bucket", Key="key", Body=b"secret")
    assert server.requests == []


@pytest.mark.parametrize("event", EVENTS[:8])
@pytest.mark.parametrize("position", ["register_first", "register_last"])
def test_handler_that_rewrites_to_another_host(event: str, position: str, server: RecordingServer) -> None:
    """An event handler that leads to another host is stopped, wherever it hangs."""
    client = _made(server)
    with tls_listener() as other:
        url = other.url.replace("localhost", "127.0.0.1") + "/bucket/key"
        getattr(client.meta.events, position)(event, lambda request, **_: _change_url(request, url))
        with pytest.raises(errors.InsecureTransport, match=r"127\.0\.0\.1"):
            client.put_object(Bucket="bucket", Key="key", Body=b"secret")
    assert other.plaintext == b""
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_to_http(status: int, server: RecordingServer, plain: RecordingServer) -> None:
    """A redirect to plain HTTP is not followed."""
    with FaultyProxy(server.url, server.ca_bundle) as proxy:
        proxy.inject(redirect(f"{plain.url}/bucket/key", status=status), times=99)
        client = session().client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
        for call in (
            lambda: client.put_object(Bucket="bucket", Key="key", Body=b"secret"),
            lambda: client.get_object(Bucket="bucket", Key="key"),
        ):
            with pytest.raises(Exception, match=r".") as caught:
                call()
            assert "http://" not in str(caught.value) or isinstance(caught.value, errors.SecureS3Error)


def test_swapped_http_session(server: RecordingServer) -> None:
    """A client whose HTTP session was replaced sends nothing."""
    from botocore.httpsession import URLLib3Session

    client = _made(server)
    client._endpoint.http_session = URLLib3Session(verify=False)
    with pytest.raises(errors.InsecureTransport, match="HTTP session"):
        client.put_object(Bucket="bucket", Key="key", Body=b"secret")
    assert server.requests == []


def test_verification_switched_off_later(server: RecordingServer) -> None:
    """A client whose verification was switched off later sends nothing."""
    client = _made(server)
    client._endpoint.http_session._verify = False
    with pytest.raises(errors.InsecureTransport):
        client.put_object(Bucket="bucket", Key="key", Body=b"secret")
    assert server.requests == []


def test_minimum_lowered_later(server: RecordingServer) -> None:
    """A client whose TLS minimum was lowered later sends nothing."""
    import ssl

    client = _made(server)
    context = client._endpoint.http_session._manager.connection_pool_kw["ssl_context"]
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.raises(errors.InsecureTransport):
        client.put_object(Bucket="bucket", Key="key", Body=b"secret")
    assert server.requests == []


def test_host_rules() -> None:
    """AWS endpoints may lead to each other; an endpoint of one's own leads nowhere else."""
    aws = roads.allowed_hosts("https://s3.eu-west-1.amazonaws.com")
    own = roads.allowed_hosts("https://s3.example.com:9000/path")
    assert aws("bucket.s3.us-east-2.amazonaws.com")
    assert aws("bucket.s3.cn-north-1.amazonaws.com.cn")
    assert aws("BUCKET.S3.AMAZONAWS.COM.")
    assert own("bucket.s3.example.com")
    assert own("S3.example.com")
    for host in ("amazonaws.com.evil.example", "evilamazonaws.com", "s3.example.com", "", "localhost"):
        assert not aws(host)
    for host in ("example.com", "evils3.example.com", "s3.example.com.evil.example", "s3.amazonaws.com", ""):
        assert not own(host)


def test_endpoint_without_a_host_allows_no_host() -> None:
    """A client without a host of its own may speak to nobody."""
    assert not roads.allowed_hosts("")("s3.amazonaws.com")


def _client(made: Any) -> Any:
    return made.meta.client if hasattr(made.meta, "client") else made


def test_a_resource_can_be_hardened() -> None:
    """harden() takes a resource as well, and hardens the client under it."""
    from secure_s3.guard import guard_of

    resource = harden(plain_session().resource("s3"), strategy("sse-s3"))
    assert guard_of(resource.meta.client) is not None
