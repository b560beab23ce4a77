"""A monitor whose other services answer as told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from secure_s3 import SecureS3Client, SseS3
from tests.guard.support import session


class Stubbed:
    """A client whose monitor asks services that answer what was recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3 = SecureS3Client(SseS3(), session=session())
        self.stubs: dict[str, Stubber] = {}
        self.clients: dict[str, Any] = {}
        self.closed: list[str] = []
        monkeypatch.setattr(
            "secure_s3.monitoring.monitor.reader", lambda _, s3, name, region: self.clients[name]
        )

    def __getitem__(self, service: str) -> Stubber:
        if service not in self.stubs:
            self.clients[service] = client = session().client(service)
            self.stubs[service] = Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubbed]:
    """Services without answers; each answer that is added must be asked for."""
    made = Stubbed(monkeypatch)
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()
    made.s3.close()
