"""Hardened sessions and clients stay genuine boto3, harden once, and leave their originals alone."""

from __future__ import annotations

import copy
import threading
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.config import Config

from secure_s3 import errors
from secure_s3.encryption import SseC, SseS3
from secure_s3.guard import guard_of, guarded_copy, harden, harden_client, secure_session, with_strategy
from secure_s3.profile import REGULATED, STANDARD, SecurityProfile
from tests.guard.support import CREDENTIALS, KEY_ARN, LABELS, core_session, plain_session, session, strategy

ONLY_KMS = SecurityProfile(allowed_strategies=frozenset({"SseKms"}))


def test_hardening_twice_changes_nothing() -> None:
    """Hardening a session or client again with the same rules changes nothing."""
    made = plain_session()
    assert harden(harden(made, strategy("sse-kms")), strategy("sse-kms")) is made
    client = made.client("s3")
    handlers = _handlers(client)
    http = client._endpoint.http_session
    kind = type(client)
    assert harden(client, strategy("sse-kms")) is client
    assert harden_client(client, strategy("sse-kms"), STANDARD) is client
    assert _handlers(client) == handlers
    assert client._endpoint.http_session is http
    assert type(client) is kind


def _handlers(client: Any) -> dict[str, int]:
    emitter = client.meta.events._emitter
    return {
        event: len(list(emitter._handlers.prefix_search(event)))
        for event in (
            "before-sign.s3.X",
            "after-call.s3.X",
            "before-parameter-build.s3.X",
            "choose-signer.s3.X",
        )
    }


@pytest.mark.parametrize(
    ("encryption", "profile"),
    [
        (SseS3(), STANDARD),
        (None, STANDARD),
        (strategy("sse-kms"), REGULATED),
        (strategy("sse-kms-context"), STANDARD),
    ],
)
def test_hardening_with_other_rules_is_refused(encryption: Any, profile: SecurityProfile) -> None:
    """Hardening a session or client again with other rules is refused, and the old ones stay."""
    made = harden(plain_session(), strategy("sse-kms"))
    client = made.client("s3")
    for thing in (made, client):
        with pytest.raises(errors.ConfigurationError, match="already"):
            harden(thing, encryption, profile)
    guard = guard_of(made.client("s3"))
    assert guard is not None
    assert guard.strategy == strategy("sse-kms")


@pytest.mark.parametrize("label", [label for label in LABELS if not label.startswith("sse-kms")])
def test_what_the_profile_forbids(label: str) -> None:
    """A strategy that the profile does not allow is refused by every entrance."""
    client = secure_session(
        strategy("sse-kms"), ONLY_KMS, botocore_session=core_session(), **CREDENTIALS
    ).client("s3")
    for call in (
        lambda: secure_session(strategy(label), ONLY_KMS),
        lambda: harden(plain_session(), strategy(label), ONLY_KMS),
        lambda: harden(plain_session().client("s3"), strategy(label), ONLY_KMS),
        lambda: harden_client(plain_session().client("s3"), strategy(label), ONLY_KMS),
        lambda: guarded_copy(plain_session(), strategy(label), ONLY_KMS),
        lambda: with_strategy(client, strategy(label)),
    ):
        with pytest.raises(errors.NotAllowedByProfile):
            call()


def test_a_guarded_copy_leaves_the_original() -> None:
    """guarded_copy() gives a hardened twin; the caller's session makes plain clients as before."""
    original = plain_session()
    twin = guarded_copy(original, strategy("sse-kms"), STANDARD)
    assert guard_of(twin.client("s3")) is not None
    assert guard_of(original.client("s3")) is None
    assert twin.get_credentials().access_key == CREDENTIALS["aws_access_key_id"]
    assert twin.region_name == original.region_name
    assert original.client("s3", use_ssl=False).meta.endpoint_url.startswith("http:")


def test_a_guarded_copy_of_a_hardened_session_has_its_own_rules() -> None:
    """A guarded copy of a hardened session follows the new rules, and the original the old ones."""
    original = harden(plain_session(), SseS3())
    twin = guarded_copy(original, strategy("sse-kms"), REGULATED)
    old, new = guard_of(original.client("s3")), guard_of(twin.client("s3"))
    assert old is not None
    assert new is not None
    assert (old.strategy, old.profile.name) == (SseS3(), "standard")
    assert (new.strategy, new.profile.name) == (strategy("sse-kms"), "regulated")


def test_a_guarded_copy_keeps_a_factory_of_the_callers() -> None:
    """A caller's own create_client on the session is still used underneath."""
    original = plain_session()
    plain = original._session.create_client
    calls: list[Any] = []
    original._session.create_client = lambda *a, **k: calls.append(k) or plain(*a, **k)
    guarded_copy(original, SseS3(), STANDARD).client("s3")
    assert len(calls) == 1


@pytest.mark.parametrize("label", LABELS)
def test_a_hardened_client_is_a_boto3_client(label: str) -> None:
    """A hardened client, and a face of one, keep type name, exceptions, meta, paginators and waiters."""
    client = session(label).client("s3")
    face = with_strategy(client, SseC(bytes(32)))
    for made in (client, face):
        assert isinstance(made, botocore.client.BaseClient)
        assert type(made).__name__ == "S3"
        assert made.exceptions.NoSuchKey
        assert issubclass(made.exceptions.NoSuchKey, botocore.client.ClientError)
        assert made.meta.region_name == "eu-west-1"
        assert made.meta.service_model.service_name == "s3"
        assert made.can_paginate("list_objects_v2")
        assert made.get_paginator("list_objects_v2")
        assert made.get_waiter("object_exists")
        assert "object_exists" in made.waiter_names
        assert not hasattr(made, "no_such_method")


def test_resources_and_other_services_are_genuine() -> None:
    """Resources and clients of other services are boto3's own."""
    made = session()
    assert isinstance(made, boto3.Session)
    assert type(made.resource("s3")).__name__ == "s3.ServiceResource"
    for service in ("kms", "sts", "iam"):
        client = made.client(service)
        guard = guard_of(client)
        assert guard is not None
        assert guard.strategy is None
        assert type(client).__name__.lower() == service


def test_handlers_registered_later_apply_to_faces() -> None:
    """A handler registered on the client later runs for its faces, and the other way round."""
    client = session().client("s3")
    face = with_strategy(client, SseS3())
    seen: list[str] = []
    client.meta.events.register("before-sign.s3", lambda **_: seen.append("on the client"))
    face.meta.events.register("before-sign.s3", lambda **_: seen.append("on the face"))
    face.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
    assert seen == ["on the client", "on the face"]
    client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
    assert seen == ["on the client", "on the face"] * 2


def test_handlers_can_be_unregistered_through_a_face() -> None:
    """A face hands registering first and last, and unregistering, on."""
    face = with_strategy(session().client("s3"), SseS3())
    seen: list[int] = []

    def handler(**_: Any) -> None:
        seen.append(1)

    for register in (face.meta.events.register_first, face.meta.events.register_last):
        register("before-sign.s3", handler, unique_id="mine")
        face.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
        face.meta.events.unregister("before-sign.s3", handler, unique_id="mine")
        face.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "k"})
    assert seen == [1, 1]


def test_a_face_needs_a_hardened_client() -> None:
    """with_strategy() refuses a plain client, and returns the client itself for its own strategy."""
    with pytest.raises(errors.ConfigurationError, match="hardened"):
        with_strategy(plain_session().client("s3"), SseS3())
    client = session().client("s3")
    assert with_strategy(client, strategy("sse-kms")) is client


def test_a_face_does_not_change_the_client() -> None:
    """Making a face changes neither the client's strategy nor its events, and shares its connections."""
    client = session().client("s3")
    events, guard = client.meta.events, guard_of(client)
    face = with_strategy(client, SseS3())
    assert client.meta.events is events
    assert guard_of(client) is guard
    assert face._endpoint is client._endpoint
    assert face.meta is not client.meta


def test_guard_of_anything_else_is_none() -> None:
    """guard_of() of whatever is no hardened client is None."""
    for thing in (None, 5, "client", object(), plain_session(), plain_session().client("s3"), copy):
        assert guard_of(thing) is None


def test_clients_made_in_threads_are_all_guarded() -> None:
    """Clients that one session makes in several threads are all hardened."""
    made = session()
    found: list[Any] = []
    lock = threading.Lock()

    def make() -> None:
        with lock:  # sessions of boto3 are not made for several threads at once
            client = made.client("s3")
        found.append(guard_of(client))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8
    assert None not in found


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, {"mode": "standard", "total_max_attempts": 3}),
        (
            Config(retries={"mode": "adaptive", "max_attempts": 1}),
            {"mode": "adaptive", "total_max_attempts": 2},
        ),
        (Config(read_timeout=5), {"mode": "standard", "total_max_attempts": 3}),
    ],
)
def test_our_defaults_lie_under_the_callers_configuration(config: Any, expected: dict[str, Any]) -> None:
    """Retries are the profile's, unless the caller's configuration says otherwise."""
    client = session().client("s3", config=config)
    assert client.meta.config.retries == expected
    if config is not None and "read_timeout" in config._user_provided_options:
        assert client.meta.config.read_timeout == 5


def test_checksums_follow_the_profile() -> None:
    """Checksum calculation and validation follow the profile, unless the caller's configuration differs."""
    for mode in ("when_supported", "when_required"):
        made = secure_session(
            SseS3(), SecurityProfile(checksum_mode=mode), botocore_session=core_session(), **CREDENTIALS
        )
        config = made.client("s3").meta.config
        assert (config.request_checksum_calculation, config.response_checksum_validation) == (mode, mode)


def test_a_profile_by_name() -> None:
    """Profiles may be named; unknown names are refused."""
    made = secure_session(strategy("sse-kms"), "regulated", botocore_session=core_session(), **CREDENTIALS)
    guard = guard_of(made.client("s3"))
    assert guard is not None
    assert guard.profile is REGULATED
    with pytest.raises(errors.ConfigurationError, match="no security profile"):
        secure_session(strategy("sse-kms"), "lax", **CREDENTIALS)
    assert KEY_ARN in repr(guard)


def test_positional_arguments_are_seen() -> None:
    """Arguments given by position do not get around the checks."""
    core = session()._session
    with pytest.raises(errors.InsecureTransport, match="use_ssl"):
        core.create_client("s3", "eu-west-1", None, False)
    with pytest.raises(errors.InsecureTransport, match="verify"):
        core.create_client("s3", "eu-west-1", None, True, False)
    with pytest.raises(errors.InsecureTransport, match="endpoint_url"):
        core.create_client("s3", "eu-west-1", None, True, None, "http://localhost")


@pytest.mark.parametrize("name", ["nope", "s4", ""])
def test_unknown_services_stay_botocores_business(name: str) -> None:
    """An unknown service is refused by botocore as ever."""
    from botocore.exceptions import BotoCoreError

    with pytest.raises(BotoCoreError):
        session().client(name)
