"""LocalAws: a running embedded endpoint, and everything needed to reach it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, LocalEndpointError
from .callers import READY, Keys, of_role
from .pretending import REAL, Documents, pretended
from .process import ServerProcess, require_extra
from .session import local_session
from .settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY

if TYPE_CHECKING:
    import boto3

    from ..client import SecureS3Client
    from ..policy.document import Document

__all__ = ["LocalAws"]


class LocalAws:
    """S3, KMS and STS on this machine: moto behind a TLS listener, corrected where it is not like S3.

    Each one runs in a process of its own, with its own buckets, keys and certificate authority: several at
    once do not see each other, and none meets a ``mock_aws()`` of the same program. All state is in memory
    and temporary files, and is gone after :meth:`stop`.

    Signatures, policies of buckets, access points, keys, users, roles and sessions, and the settings that
    refuse what policies allow are enforced as S3 does, in its words. What it does not promise: nothing here
    is a measure of S3's speed or consistency. ``docs/limitations.md`` lists the differences.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        region: The region of the ready KMS key and of the sessions.
        min_tls: "1.2" or "1.3", the oldest version that the listener accepts.
    """

    def __init__(self, *, port: int = 0, region: str = "eu-west-1", min_tls: str = "1.2") -> None:
        if min_tls not in ("1.2", "1.3"):
            raise ConfigurationError(f"min_tls cannot be {min_tls!r}.", fix='give "1.2" or "1.3"')
        if not 0 <= port <= 65535:
            raise ConfigurationError(f"{port} is no TCP port.", fix="give a number from 0 (any) to 65535")
        self._settings = {"port": port, "region": region, "min_tls": min_tls}
        self.region = region
        self._server: ServerProcess | None = None
        self._folder: Path | None = None
        self._pretended: Mapping[str, Any] = REAL
        self._keys = Keys()

    def __repr__(self) -> str:
        state = self.endpoint_url if self.running else "not running"
        return f"<LocalAws {state}>"

    def __enter__(self) -> LocalAws:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the endpoint can be reached."""
        return self._server is not None and self._server.running

    def start(self) -> LocalAws:
        """Start the endpoint and wait until it answers.

        Raises:
            LocalEndpointError: It runs already, the port is taken, or ``secure-s3[local]`` is not installed.
        """
        if self._server is not None:
            raise LocalEndpointError(
                "This embedded endpoint has been started already.", fix="call stop() first"
            )
        require_extra()
        folder = Path(tempfile.mkdtemp(prefix="secure-s3-local-"))
        try:
            self._server = ServerProcess(folder, self._settings)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._folder = folder
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """End the endpoint and remove its files. Stopping twice, or before starting, does nothing."""
        server, self._server = self._server, None
        folder, self._folder = self._folder, None
        if server is not None:
            server.stop()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def reset(self) -> None:
        """Forget every bucket, object and key; the ready KMS key is made anew under the same ARN.

        A shifted clock is set right again, and circumstances are the real ones.
        """
        self._require().ask({"do": "reset"})
        self._pretended = REAL
        self._keys.forget()

    @property
    def endpoint_url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return str(self._require().started["endpoint_url"])

    @property
    def ca_bundle(self) -> str:
        """The path of a PEM file with the throwaway CA; it is removed by :meth:`stop`."""
        return str(self._require().started["ca_bundle"])

    @property
    def kms_key_arn(self) -> str:
        """The ARN of an enabled symmetric KMS key in this endpoint's region."""
        return str(self._require().started["kms_key_arn"])

    def session(
        self,
        *,
        user: str | None = None,
        role: str | None = None,
        session_name: str = "test",
        policy: Document | None = None,
        credentials: Mapping[str, Any] | None = None,
    ) -> boto3.Session:
        """A plain boto3 session whose clients reach this endpoint with no further argument.

        Without arguments it is that of the user ``local``, who may do everything.

        Args:
            user: The name of an IAM user; an access key is made for it, the first time.
            role: The ARN of a role, or its name; ``local`` takes it, unless its trust policy denies it.
            session_name, policy: Of the role's session: its name, and what narrows it.
            credentials: In place of both, as IAM and STS answer them: AccessKeyId, SecretAccessKey and
                perhaps SessionToken.

        Raises:
            ConfigurationError: More than one caller is named, or the credentials are none.
            SecureS3Error: There is no such user or role, or it may not be taken.
        """
        if sum(each is not None for each in (user, role, credentials)) > 1:
            raise ConfigurationError("a session has one caller", fix="give one of user=, role=, credentials=")
        if policy is not None and role is None:
            raise ConfigurationError("policy= narrows the session of a role", fix="give role= as well")
        if user is not None:
            credentials = self._keys.of(user, self.session())
        if role is not None:
            credentials = of_role(self.session(), role, session_name, policy)
        return local_session(
            READY if credentials is None else credentials,
            region=self.region,
            endpoint_url=self.endpoint_url,
            ca_bundle=self.ca_bundle,
        )

    def client(self, encryption: Any, **kwargs: Any) -> SecureS3Client:
        """A SecureS3Client on this endpoint; ``kwargs`` are those of SecureS3Client.

        As somebody else: ``aws.client(encryption, session=aws.session(user="alice"))``.
        """
        from ..client import SecureS3Client

        reach = {"endpoint_url": self.endpoint_url, "ca_bundle": self.ca_bundle, "region_name": self.region}
        return SecureS3Client(encryption, **{"session": self.session(), **reach, **kwargs})

    def environment(self) -> dict[str, str]:
        """What another process needs in its environment to reach this endpoint.

        It does not say NO_PROXY: where a proxy is configured, 127.0.0.1 has to be excepted as well.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": self.region,
            "SECURE_S3_CA_BUNDLE": self.ca_bundle,
            "SECURE_S3_KMS_KEY_ARN": self.kms_key_arn,
        }

    def create_bucket(self, name: str) -> str:
        """Create a bucket in this endpoint's region and return its name."""
        where: dict[str, Any] = {}
        if self.region != "us-east-1":  # the one region that must not be named
            where["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        client: Any = self.session().client("s3")
        client.create_bucket(Bucket=name, **where)
        client.close()
        return name

    def create_key(self, description: str = "") -> str:
        """Create an enabled symmetric KMS key and return its ARN."""
        return str(self._require().ask({"do": "create_key", "description": description})["kms_key_arn"])

    def disable_key(self, arn: str) -> None:
        """Disable a KMS key, as ``kms:DisableKey`` does."""
        self._require().ask({"do": "set_key_state", "key": arn, "state": "Disabled"})

    def enable_key(self, arn: str) -> None:
        """Enable a disabled KMS key, as ``kms:EnableKey`` does."""
        self._require().ask({"do": "set_key_state", "key": arn, "state": "Enabled"})

    def shift_clock(self, seconds: float) -> None:
        """Set the endpoint's clock *seconds* ahead of this machine's, or behind it if negative.

        For tests of expiry: presigned URLs, POST policies and session tokens are held against this clock, and
        the ``Date`` of every answer tells it. Each call counts from this machine's clock, not from the call
        before; 0 sets it right. What it does not reach: the dates of objects, and those that STS writes into
        new credentials.
        """
        self._require().ask({"do": "set_clock", "offset_seconds": seconds})

    @contextmanager
    def circumstances(
        self,
        context: Mapping[str, Any] | None = None,
        *,
        principal: str | None = None,
        scps: Documents = (),
        rcps: Documents = (),
        endpoint_policies: Documents = (),
    ) -> Iterator[None]:
        """Let requests to S3 come under circumstances that a loopback address does not have, inside ``with``.

        For tests of policies about networks, organizations, TLS and services::

            with aws.circumstances({"aws:SourceVpce": "vpce-1a2b3c4d"}):
                s3.get_object(Bucket=bucket, Key=key)

        They hold for every client of this endpoint, for policies alone: nothing is really sent another way.
        ``reset`` ends them as well. Requests to KMS that S3 makes see those that are about the caller.

        Args:
            context: Condition keys and values, instead of what the server sees; None for absent.
            principal: Who asks, instead of whoever signs: a user or role, also of another account, or a
                service such as ``cloudfront.amazonaws.com``. Its own policies allow it everything.
            scps, rcps: Policies of an organization.
            endpoint_policies: Of the VPC endpoint through which requests come.

        Raises:
            ConfigurationError, PolicyError: An argument cannot be meant.
        """
        before, now = self._pretended, pretended(context, principal, scps, rcps, endpoint_policies)
        self._pretend(now)
        try:
            yield
        finally:
            if self.running:
                self._pretend(before)

    def _pretend(self, circumstances: Mapping[str, Any]) -> None:
        self._require().ask({"do": "pretend", **circumstances})
        self._pretended = circumstances

    def _require(self) -> ServerProcess:
        if self._server is None:
            raise LocalEndpointError(
                "The embedded endpoint is not running.", fix="call start(), or use `with LocalAws()`"
            )
        return self._server
