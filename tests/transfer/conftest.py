"""What the tests of transfers share: a bucket, clients straight and through a faulty proxy, no pauses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config

from secure_s3 import SecureS3Client, limits
from secure_s3.guard import waiting
from secure_s3.guard.kms import KmsClients
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import raw
from tests.transfer.support import Place, strategy


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither botocore nor this package sleeps before it tries again."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    waiting.set_testing(True)
    yield
    waiting.set_testing(False)


@pytest.fixture
def s3(place: Place) -> SecureS3Client:
    """A client with SSE-KMS, straight to the endpoint."""
    return place.client()


@pytest.fixture
def proxy(local_aws: Any) -> Iterator[FaultyProxy]:
    """A proxy in front of the endpoint that forwards everything until a test injects a fault."""
    with FaultyProxy(local_aws.endpoint_url, local_aws.ca_bundle) as proxy:
        yield proxy


def _config(request: pytest.FixtureRequest) -> Config:
    """Little patience where the server stalls, and plenty on a busy machine where it does not."""
    return Config(read_timeout=0.5 if "stall" in request.node.name else 20, connect_timeout=20)


@pytest.fixture
def faulty(place: Place, proxy: FaultyProxy, request: pytest.FixtureRequest) -> SecureS3Client:
    """A client with SSE-KMS whose requests go through ``proxy``."""
    return place.client(endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle, config=_config(request))


@pytest.fixture
def faulty_sse_c(place: Place, proxy: FaultyProxy, request: pytest.FixtureRequest) -> SecureS3Client:
    """The same with SSE-C."""
    return place.client(
        strategy("sse-c", ""), endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle, config=_config(request)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to download into."""
    made = tmp_path / "downloads"
    made.mkdir()
    return made


@pytest.fixture
def cse(place: Place) -> SecureS3Client:
    """A client that encrypts by itself with a key of this process, straight to the endpoint."""
    return place.client(raw())


@pytest.fixture
def faulty_cse(place: Place, proxy: FaultyProxy, request: pytest.FixtureRequest) -> SecureS3Client:
    """The same through ``proxy``."""
    return place.client(raw(), endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle, config=_config(request))


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads may be cut into windows of any size, so that small objects have many."""
    monkeypatch.setattr(limits, "MIN_PART_BYTES", 1)


@pytest.fixture
def kms_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call to KMS for a data key."""
    calls: list[str] = []
    original = KmsClients._call

    def call(self: KmsClients, operation: str, *arguments: Any, **more: Any) -> Any:
        calls.append(operation)
        return original(self, operation, *arguments, **more)

    monkeypatch.setattr(KmsClients, "_call", call)
    return calls
