"""SecureS3Client: boto3's names, with the encryption decided once and errors that explain."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from .encryption import Strategy, strategy_from_env
from .errors import ConfigurationError
from .guard import guard_of, guarded_copy, with_strategy
from .guard.faults import typed
from .guard.readers import readers_beside
from .guard.session import plain_session
from .profile import STANDARD, SecurityProfile
from .transfer.methods import TransferMethods
from .transfer.objects import ObjectMethods

if TYPE_CHECKING:
    from .bucket.access.verdict import Preflight
    from .bucket.handle import Bucket
    from .bucket.reencryption.reencrypting import Reencryption
    from .denials.explain import Explanation
    from .monitoring.monitor import Monitor
    from .presign import Presigner

Answer = dict[str, Any]


class SecureS3Client(ObjectMethods, TransferMethods):
    """An S3 client that only speaks verified TLS and only writes as configured.

    Names, arguments and results are boto3's; ``encryption=`` chooses another strategy for one call.
    What is not listed here is reached through ``s3.boto3``, a genuine boto3 client under the same guard.
    It may be shared between threads.

    Args:
        encryption: How objects are protected, e.g. ``SseKms("arn:aws:kms:…")``.
        profile: What is allowed: a SecurityProfile, or ``"standard"`` or ``"regulated"``.
        session: A boto3 session to take credentials and settings from; it is not changed.
        region_name: The bucket's region.
        endpoint_url: An https endpoint other than AWS's.
        ca_bundle: Path of the CA certificate that signed the endpoint's.
        config: A botocore Config, e.g. with timeouts or proxies.

    Raises:
        ConfigurationError: an argument, a variable or a setting cannot be used safely; the text names it.
    """

    def __init__(
        self,
        encryption: Strategy,
        *,
        profile: SecurityProfile | str = STANDARD,
        session: Any = None,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        config: Any = None,
    ) -> None:
        if not isinstance(encryption, Strategy):
            raise ConfigurationError(
                f"encryption= is a {type(encryption).__name__}, not an encryption strategy",
                fix='pass e.g. SseKms("arn:aws:kms:…") or SseS3()',
            )
        self._profile = SecurityProfile.named(profile)
        self._session = guarded_copy(session or plain_session(), encryption, self._profile, ca_bundle)
        with typed("client"):
            self._client: Any = self._session.client(
                "s3", region_name=region_name, endpoint_url=endpoint_url, config=config
            )
        if (guard := guard_of(self._client)) is not None:
            guard.explainer = _explainer(self._client, self._session)
        self._encryption = encryption
        self._presigner: Presigner | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> SecureS3Client:
        """A client set up from ``SECURE_S3_*`` variables; keyword arguments win over them.

        The variables are listed in ``docs/configuration.md``: ``SECURE_S3_ENCRYPTION``,
        ``SECURE_S3_KMS_KEY_ARN``, ``SECURE_S3_SSE_C_KEY_FILE``, ``SECURE_S3_PROFILE``,
        ``SECURE_S3_MIN_TLS`` and those of SecurityProfile.from_env, ``SECURE_S3_ENDPOINT_URL``,
        ``SECURE_S3_CA_BUNDLE``, ``SECURE_S3_REGION``.

        Raises:
            ConfigurationError: a variable is missing or malformed; the text names it.
        """
        env = os.environ if environ is None else environ
        settings: dict[str, Any] = {
            "region_name": env.get("SECURE_S3_REGION"),
            "endpoint_url": env.get("SECURE_S3_ENDPOINT_URL"),
            "ca_bundle": env.get("SECURE_S3_CA_BUNDLE"),
        }
        settings = {name: value for name, value in settings.items() if value} | overrides
        if "profile" not in settings:
            settings["profile"] = SecurityProfile.from_env(env)
        encryption = settings.pop("encryption", None) or strategy_from_env(env)
        return cls(encryption, **settings)

    def __repr__(self) -> str:
        return f"SecureS3Client({self._encryption!r}, profile={self._profile.name!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds connections and is not pickled: make one in each process")

    def __enter__(self) -> SecureS3Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, those to KMS and other services included."""
        self._client.close()
        readers_beside(self._client).close()
        guard = guard_of(self._client)
        if guard is not None and guard.kms is not None:
            guard.kms.close()

    @property
    def session(self) -> Any:
        """A boto3 session whose clients are under the same guard."""
        return self._session

    @property
    def presign(self) -> Presigner:
        """Short-lived access: presigned URLs and forms, uploads from browsers."""
        if self._presigner is None:
            from .presign.presigner import Presigner

            self._presigner = Presigner(self._client)
        return self._presigner

    def check(
        self,
        operation: str,
        *,
        encryption: Strategy | None = None,
        source_encryption: Strategy | None = None,
        **arguments: Any,
    ) -> Preflight:
        """Whether a call would be allowed: builds its request, sends nothing, evaluates the policies.

        ``s3.check("put_object", Bucket=…, Key=…).outcome`` is ``allowed``, ``denied`` or ``unknown``;
        ``str()`` says by which statement, or because of what. Policies that are not given are read where the
        caller may; what cannot be read, be it refused or not answered, is a gap, and what only S3 knows is
        unknown unless ``assume=`` declares it.

        Args:
            operation: One of S3's operations, e.g. ``put_object`` or ``PutObject``.
            encryption, source_encryption: As in the call itself.
            arguments: Those of the operation, without a body, and in lower case: ``bucket_policy``,
                ``source_policy``, ``key_policy``, ``identity_policies``, ``permissions_boundary``,
                ``session_policies``, ``scps``, ``rcps``,
                ``endpoint_policies`` (texts, mappings or Policies; ``[]`` for none), ``principal``,
                ``assume`` (condition keys and their values), and ``fetch=False`` to ask nobody. Then no
                credentials are needed, and without ``principal`` the caller is unknown.

        Raises:
            ConfigurationError: The call would be refused here and not be sent, or an argument is of no use.
            PolicyError: A given policy is none, the operation's permissions are not known, or ``assume`` has
                a key or a value that no request can have.
        """
        from .bucket.access.preflight import preflight

        return preflight(
            self._under(encryption),
            self._session,
            operation,
            arguments,
            source_encryption=source_encryption,
            reading=self._encryption,
        )

    def explain(
        self, error: object, *, probe: bool = False, cloudtrail: bool = False, **given: Any
    ) -> Explanation:
        """Why *error* came about: which policy, statement and condition, what was sent, what would fix it.

        ``print(s3.explain(error))``; ``.to_dict()`` for machines. It reads what the caller may read of
        policies and settings, in up to 40 calls and 20 s, writes nothing, and evaluates them against the
        request as it was sent. What cannot be read is told, and is no exception; without any permission it
        says less. AWS names one reason: there may be others behind it.

        Args:
            error: What a call raised: an error of this package, botocore's ClientError, or what boto3 raised
                because of one; or a ``Denial``, or the text of an error.
            probe: Ask again for a refused HEAD, whose answer has no message, with a GET of one byte.
            cloudtrail: Look for the event in CloudTrail, where management events are found.
            given: As of ``check``: ``bucket_policy``, ``source_policy``, ``key_policy``,
                ``identity_policies``, ``permissions_boundary``, ``session_policies``, ``scps``, ``rcps``,
                ``endpoint_policies``, ``principal``, ``assume``, and ``fetch=False`` to ask nobody.

        Raises:
            ConfigurationError: *error* is nothing that a service refused, or an argument is of no use.
        """
        from .bucket.access.explaining import explain

        return explain(self._client, self._session, error, probe=probe, cloudtrail=cloudtrail, **given)

    def bucket(self, name: str) -> Bucket:
        """One bucket as its owner sees it: ``audit()``, ``plan()``, ``harden()``, and what is beside them.

        Nothing is asked until one of these is called.
        """
        from .bucket.handle import Bucket
        from .monitoring.found import FURTHER

        return Bucket(
            self._client,
            self._session,
            name,
            profile=self._profile,
            encryption=self._encryption,
            further=FURTHER,
        )

    def create_secure_bucket(self, name: str, **wishes: Any) -> Bucket:
        """A new bucket that is in order from the start: made, then hardened; removed again if that fails.

        Args:
            name: The bucket's.
            wishes: Fields of ``BucketProfile``, e.g. ``object_lock=DefaultRetention(mode="GOVERNANCE",
                days=30)``.

        Raises:
            PreconditionFailed: There is a bucket of that name.
            ConfigurationError: A wish cannot be meant.
            PlanNotApplied: A setting could not be made; the text says whether the bucket was removed.
        """
        from .bucket.hardening.creating import create_secure_bucket

        bucket = self.bucket(name)
        create_secure_bucket(self._client, self._session, bucket, **wishes)
        return bucket

    def reencrypt(
        self, bucket: str, prefix: str = "", *, to: Strategy | None = None, **options: Any
    ) -> Reencryption:
        """Put objects that are there under another encryption; the same as ``reencrypt`` of the bucket."""
        return self.bucket(bucket).reencrypt(prefix, to=to, **options)

    @property
    def monitor(self) -> Monitor:
        """What happened: refusals in CloudTrail, access logs, findings of Access Analyzer and Macie."""
        from .monitoring.monitor import Monitor

        return Monitor(self._client, self._session, self.explain)

    @property
    def exceptions(self) -> Any:
        """boto3's modelled exceptions, e.g. ``s3.exceptions.NoSuchKey``."""
        return self._client.exceptions

    @property
    def encryption(self) -> Strategy:
        """The strategy of every write that names no other."""
        return self._encryption

    @property
    def profile(self) -> SecurityProfile:
        """What is allowed."""
        return self._profile

    # -- the rest, as boto3 has it ---------------------------------------------------------------------

    def delete_object(self, *, Bucket: str, Key: str, **parameters: Any) -> Answer:
        """boto3's ``delete_object``."""
        return self._call("delete_object", "DeleteObject", None, Bucket=Bucket, Key=Key, **parameters)

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any], **parameters: Any) -> Answer:
        """boto3's ``delete_objects``; look at ``Errors`` in the answer."""
        return self._call("delete_objects", "DeleteObjects", None, Bucket=Bucket, Delete=Delete, **parameters)

    def list_objects_v2(self, *, Bucket: str, **parameters: Any) -> Answer:
        """boto3's ``list_objects_v2``."""
        return self._call("list_objects_v2", "ListObjectsV2", None, Bucket=Bucket, **parameters)

    def get_paginator(self, operation_name: str) -> Any:
        """boto3's paginator; its errors are botocore's ClientErrors."""
        with typed("get_paginator"):
            return self._client.get_paginator(operation_name)

    def generate_presigned_url(
        self,
        ClientMethod: str,
        Params: Mapping[str, Any] | None = None,
        ExpiresIn: Any = 3600,
        HttpMethod: str | None = None,
        *,
        encryption: Strategy | None = None,
    ) -> str:
        """boto3's, always SigV4 and regional, with the encryption signed in and the profile's ceiling.

        Whoever uploads must send the signed encryption headers.
        """
        client = self._under(encryption)
        with typed("presign"):
            url: str = client.generate_presigned_url(ClientMethod, Params, ExpiresIn, HttpMethod)
        return url

    def generate_presigned_post(
        self,
        Bucket: str,
        Key: str,
        Fields: Mapping[str, str] | None = None,
        Conditions: Any = None,
        ExpiresIn: Any = 3600,
        *,
        encryption: Strategy | None = None,
    ) -> Answer:
        """boto3's, always SigV4, with the encryption in fields and conditions and the profile's ceiling."""
        client = self._under(encryption)
        with typed("presign", Bucket, Key):
            post: Answer = client.generate_presigned_post(Bucket, Key, Fields, Conditions, ExpiresIn)
        return post

    # -- inside ----------------------------------------------------------------------------------------

    def _under(self, encryption: Strategy | None) -> Any:
        return self._client if encryption is None else with_strategy(self._client, encryption)

    def _call(
        self, method: str, operation: str, encryption: Strategy | None, *, Bucket: str, **parameters: Any
    ) -> Answer:
        with typed(operation, Bucket, parameters.get("Key")):
            answer: Answer = getattr(self._under(encryption), method)(Bucket=Bucket, **parameters)
        return answer


def _explainer(client: Any, session: Any) -> Callable[..., Any]:
    """What ``error.explain()`` calls; it does not keep the client alive, which keeps it."""
    kept = weakref.ref(client)

    def explain_error(error: BaseException, **options: Any) -> Any:
        from .bucket.access.explaining import explain

        return explain(kept(), session, error, **options)

    return explain_error
