"""One endpoint and one Chromium for all browser tests; each web example is served while its tests run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3.local import LocalAws

from . import support
from .support import Page, Served


@pytest.fixture(scope="session")
def browser_aws() -> Iterator[LocalAws]:
    """An endpoint of its own: its certificate, which Chromium is told at the start, stays the same."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="session")
def driver(browser_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium."""
    trust = support.fingerprint(browser_aws)
    with support.chromium(tmp_path_factory.mktemp("chromium"), trust=trust) as driver:
        yield driver


@pytest.fixture(scope="module", params=support.APPS)
def served(request: pytest.FixtureRequest, browser_aws: LocalAws) -> Iterator[Served]:
    """Both web examples, one after the other."""
    with support.served(request.param, browser_aws) as place:
        yield place


@pytest.fixture
def page(driver: Any, served: Served) -> Iterator[Page]:
    """The page, just opened, over an empty bucket and a clock that is right."""
    yield Page(driver, served.origin).open()
    served.aws.shift_clock(0)
    for key in served.stored():
        served.plain.delete_object(Bucket=served.bucket, Key=key)
