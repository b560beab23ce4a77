"""Clients of other services that look something up for an S3 client, quickly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, finalize

from botocore.config import Config

from ..errors import ConfigurationError
from .endpoint import is_aws
from .points import has_no_subdomains
from .session import network_part

_SECONDS = 5


def reader(session: Any, s3: Any, service: str, region: str | None = None) -> Any:
    """A client of *service* beside *s3*, with its proxies, short timeouts and no second try.

    Args:
        session: A hardened session.
        s3: The S3 client whose network settings it takes over.
        region: That of *s3* if left out.

    Raises:
        ConfigurationError: *s3* speaks to another server than AWS, and *service* would to AWS, which the
            credentials are not meant for.
    """
    settings = network_part(s3.meta.config).merge(
        Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 1})
    )
    client = session.client(service, region_name=region or s3.meta.region_name, config=settings)
    if service == "s3control" and has_no_subdomains(_host(client)):
        client.meta.events.register("before-sign.s3-control", account_left_out)
    if is_aws(_host(client)) and not is_aws(_host(s3)):
        client.close()
        raise ConfigurationError(
            f"{service} of AWS is not asked",
            why=f"the client speaks to {_host(s3)}, whose credentials are not AWS's",
            fix=f"name the endpoint of {service} in the AWS config file, or give what it would tell",
        )
    return client


class Readers:
    """Clients that are made once, one after the other as boto3's sessions want it, and closed together."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def get(self, service: str, region: str, make: Callable[[], Any]) -> Any:
        """The client of a service in a region, which *make* makes if there is none yet."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = make()
            return self._clients[service, region]

    def close(self) -> None:
        """Close the connections; whoever asks for a client afterwards gets a new one."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()


_beside: WeakKeyDictionary[Any, Readers] = WeakKeyDictionary()
_beside_lock = Lock()


def readers_beside(s3: Any) -> Readers:
    """Clients that are kept as long as the client *s3*, for whoever asks the same services again and again.

    Making a dozen clients takes longer than all that they are made for.
    """
    with _beside_lock:
        found = _beside.get(s3)
        if found is None:
            found = _beside[s3] = Readers()
            finalize(s3, found.close)
        return found


def same_sender(client: Any, other: Any) -> bool:
    """Whether two clients sign with the same credentials."""
    found, expected = (each._request_signer._credentials for each in (client, other))
    if found is expected or found is None or expected is None:
        return found is expected
    return bool(found.access_key == expected.access_key)


def same_place(client: Any, other: Any) -> bool:
    """Whether two clients speak to one service: the same host, or AWS in one partition, in any region."""
    if is_aws(_host(client)) and is_aws(_host(other)):
        return bool(client.meta.partition == other.meta.partition)
    found, expected = (urlsplit(str(each.meta.endpoint_url)).netloc for each in (client, other))
    return found == expected


def account_left_out(request: Any, **_: Any) -> None:
    """Take the account away that botocore puts before the host of S3 Control; the header names it as well.

    It does so for an endpoint that is configured, too, and offers no setting against it
    (``endpoint-rule-set-1.json`` of s3control).
    """
    request.url = re.sub(r"^(https?://)[0-9]{12}\.", r"\1", request.url)


def _host(client: Any) -> str:
    return urlsplit(client.meta.endpoint_url).hostname or ""
