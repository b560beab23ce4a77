"""The pytest fixtures ``local_aws``, an embedded endpoint, and ``denied``, refusals without one.

pytest loads this module in every run of every project that has the package installed, so it imports
nothing but pytest; the server starts with the first test that asks for it and serves the whole session.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from secure_s3.local import LocalAws
    from secure_s3.testing import denied as refusals

__all__ = ["local_aws", "denied"]


@pytest.fixture(scope="session")
def _secure_s3_local_server() -> Iterator[LocalAws]:
    from secure_s3.local import LocalAws

    server = LocalAws()
    yield server
    server.stop()


@pytest.fixture
def local_aws(_secure_s3_local_server: LocalAws) -> LocalAws:
    """A running LocalAws with no buckets and one enabled KMS key."""
    server = _secure_s3_local_server
    if server.running:
        server.reset()
    else:  # the first test, or a test before this one has stopped it
        server.stop()
        server.start()
    return server


@pytest.fixture
def denied() -> type[refusals]:
    """``secure_s3.testing.denied``: ``with denied("bucket_policy"): …`` refuses calls of boto3 clients."""
    from secure_s3.testing import denied as refusals

    return refusals
