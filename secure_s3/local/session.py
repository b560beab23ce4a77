"""A boto3 session that can only mean the embedded endpoint.

It knows region, credentials, endpoint and trust store from the start, and looks neither at the
environment nor at ``~/.aws``: a profile, a proxy or an AWS_CA_BUNDLE on the developer's machine cannot
send a test anywhere else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .callers import as_boto3

if TYPE_CHECKING:
    import boto3

__all__ = ["local_session"]


@lru_cache(maxsize=1)
def _session_class() -> type[Any]:
    """The botocore session class of this module; made on first use, for botocore takes long to import."""
    from botocore.config import Config
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    from ..guard.points import lead_points
    from ..guard.readers import account_left_out

    sigv4 = Config(signature_version="s3v4")

    # (name in the config file, name in the environment, default, conversion): the environment is left out.
    deaf = {
        name: (config_name, None, default, convert)
        for name, (config_name, _variable, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }

    class LocalSession(Session):
        """A botocore session whose clients go to one endpoint unless told otherwise."""

        def __init__(self, endpoint_url: str, ca_bundle: str) -> None:
            super().__init__(session_vars=deaf)
            self._local = {"endpoint_url": endpoint_url, "verify": ca_bundle}
            self.set_config_variable("config_file", os.devnull)
            self.set_config_variable("credentials_file", os.devnull)

        def create_client(self, *args: Any, **kwargs: Any) -> Any:
            given = {name: value for name, value in kwargs.items() if value is not None}
            positional = len(args) > 4  # use_ssl and what follows it were given by position
            if "s3" in (*args[:1], kwargs.get("service_name")):
                # Left alone, botocore presigns with SigV2 here, which the endpoint refuses.
                given["config"] = sigv4.merge(given["config"]) if "config" in given else sigv4
            made = super().create_client(
                *args, **(kwargs if positional else {**kwargs, **self._local, **given})
            )
            made.meta.events.register("before-sign.s3-control", account_left_out)
            lead_points(made)
            return made

    return LocalSession


@lru_cache(maxsize=1)
def _loader() -> Any:
    """botocore's service descriptions, read once per process: it takes a third of a second."""
    from botocore.loaders import create_loader

    return create_loader()


def local_session(
    credentials: Mapping[str, Any], *, region: str, endpoint_url: str, ca_bundle: str
) -> boto3.Session:
    """A plain boto3 session for the endpoint.

    What it does not promise: a client made with another ``endpoint_url`` of the caller's goes there, with
    credentials that no service accepts.

    Args:
        credentials: As IAM and STS answer them.
        region, endpoint_url, ca_bundle: Of the endpoint.

    Raises:
        ConfigurationError: The credentials are none.
    """
    import boto3
    from botocore.config import Config

    given = as_boto3(credentials)
    core = _session_class()(endpoint_url, ca_bundle)
    core.register_component("data_loader", _loader())
    core.set_default_client_config(Config(proxies={}))  # a proxy has no way to this machine's loopback
    return boto3.Session(botocore_session=core, region_name=region, **given)
