"""What the tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from secure_s3.cli.main import main
from secure_s3.local import LocalAws
from tests.guard.support import core_session

BUCKET = "amzn-s3-demo-bucket"


@dataclass
class Run:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run a command in this process."""

    def command(*argv: object) -> Run:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        return Run(code, *capsys.readouterr())

    return command


@pytest.fixture
def bucket(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, and an environment that leads to it with SSE-KMS."""
    for name, value in local_aws.environment().items():
        if name != "AWS_CA_BUNDLE":
            monkeypatch.setenv(name, value)
    return local_aws.create_bucket(BUCKET)


@pytest.fixture
def shared_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are made with the environment's credentials, and with service models that were read before."""
    monkeypatch.setattr(
        "secure_s3.client.plain_session", lambda: boto3.Session(botocore_session=core_session())
    )
