"""One bucket, seen by its owner: ``s3.bucket(name)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..encryption import Strategy
from ..errors import ConfigurationError
from ..profile import SecurityProfile
from .wanted import BucketProfile, known_wishes

if TYPE_CHECKING:
    from .audit.judging import Audit
    from .hardening.plan import Applied, Plan
    from .points.points import AccessPoints
    from .reencryption.keys import KeyRotation
    from .reencryption.manifest import Manifest
    from .reencryption.reencrypting import Reencryption
    from .retention.object_lock import ObjectLock
    from .snapshot.values import Snapshot

Further = Mapping[str, Callable[..., Any]]
"""Fields of the snapshot that other rooms read; see ``snapshot.taking``."""


class Bucket:
    """Is this bucket in order, and how does it get there?

    It is made by ``s3.bucket(name)`` and asks nobody until a method is called.

    Args:
        client: The hardened S3 client.
        session: The hardened session, for clients of other services.
        name: The bucket's.
        profile, encryption: Of the client; the bucket should fit them.
        further: What other rooms read for a snapshot.
    """

    def __init__(
        self,
        client: Any,
        session: Any,
        name: str,
        *,
        profile: SecurityProfile,
        encryption: Strategy,
        further: Further,
    ) -> None:
        self.name = name
        self._client, self._session, self._further = client, session, further
        self._profile = BucketProfile.of(profile, encryption)

    def __repr__(self) -> str:
        return f"Bucket({self.name!r})"

    def profile(self, profile: BucketProfile | None = None, **wishes: Any) -> BucketProfile:
        """What the bucket is compared with: the client's settings, or *profile*, with *wishes* put in."""
        if profile is not None and not isinstance(profile, BucketProfile):
            raise ConfigurationError(
                f"profile= is a {type(profile).__name__}, and no BucketProfile",
                why="what a bucket should be like is a BucketProfile",
                fix="pass a BucketProfile; the client's SecurityProfile is taken by itself",
            )
        wanted = replace(profile or self._profile, **known_wishes(wishes))
        if wanted.requires:
            from .audit.catalogue import require_known

            require_known(wanted.requires)
        return wanted

    def snapshot(self, **options: Any) -> Snapshot:
        """Everything that decides the bucket's security, read once; see ``snapshot.taking.take``."""
        from .snapshot.taking import take

        options.setdefault("keys", self._profile.key_arns)
        return take(self._client, self._session, self.name, further=self._further, **options)

    def audit(
        self, profile: BucketProfile | None = None, *, snapshot: Snapshot | None = None, **wishes: Any
    ) -> Audit:
        """What is not as the profile asks, and what could not be read. Nothing is changed.

        ``print(audit)``; ``audit.findings``, the worst first; ``audit.unanswered``; ``audit.to_dict()``; and
        ``audit.require()``, which raises if something is not as it should be, or is not known to be.

        Args:
            profile: Instead of one that fits the client.
            snapshot: One that is there already; else the bucket is read.
            wishes: Fields of BucketProfile, e.g. ``log_bucket="amzn-s3-demo-logs"``.

        Raises:
            NotFound: There is no such bucket.
            ConfigurationError: It is no general purpose bucket, a wish cannot be meant, the snapshot is of
                another bucket, or there are no credentials.
            AccessDenied, TransportError: Not one setting of the bucket could be read.
        """
        from .audit.catalogue import CHECKS
        from .audit.judging import judge_all
        from .snapshot.required import require_read

        wanted = self.profile(profile, **wishes)
        found = self._seen(snapshot, wanted)
        if snapshot is None:
            require_read(self._client, found, wanted)
        return judge_all(found, wanted, CHECKS)

    def plan(
        self,
        profile: BucketProfile | None = None,
        *,
        snapshot: Snapshot | None = None,
        replace: Sequence[str] = (),
        **wishes: Any,
    ) -> Plan:
        """The changes that bring the bucket to its profile, in order. Nothing is changed.

        ``print(plan)`` shows them, ``print(plan.diff())`` in full; ``bool(plan)`` is whether there is any.

        Args:
            profile, snapshot, wishes: As of ``audit``.
            replace: Sids of statements that the profile's own of that name may replace, for another key or
                algorithm than before, e.g. ``("DenyWrongKmsKey",)``. Nothing else is ever replaced.

        Raises:
            NotFound, ConfigurationError: As of ``audit``; or *replace* names a statement that is not there,
                or in whose place the profile puts nothing.
            LockoutRefused: The bucket policy that comes out would lock out the caller or an administrator.
            AccessDenied: No setting of the bucket may be read; if it belongs to another account than the
                profile expects, S3 answers in the same way.
            SecureS3Error: No setting of the bucket could be read, for another reason.
        """
        from .hardening.planning import plan
        from .hardening.reading import with_log_target
        from .snapshot.required import require_read

        wanted = self.profile(profile, **wishes)
        found = self._seen(snapshot, wanted)
        require_read(self._client, found, wanted)
        sids = (replace,) if isinstance(replace, str) else tuple(replace)
        return plan(with_log_target(self._client, self._session, found, wanted), wanted, sids)

    def apply(self, plan: Plan) -> Applied:
        """Do what *plan* says, one change after the other.

        Before each change the setting is read again: if it is not what it was, nothing is overwritten. S3 has
        no conditional writes for settings, so that a change within that moment goes unseen.

        Raises:
            PlanNotApplied: A change failed; ``done`` and ``not_done`` say which were made.
            PlanOutdated: A setting was changed since the plan was made.
            ConfigurationError: It is a plan for another bucket.
        """
        from .hardening.applying import apply
        from .hardening.plan import Plan

        if not isinstance(plan, Plan):
            raise ConfigurationError(
                f"plan= is a {type(plan).__name__}, and no Plan", fix="pass what plan() returned"
            )
        self._check_mine(plan.bucket, "plan")
        return apply(self._client, self._session, plan)

    def harden(
        self, profile: BucketProfile | None = None, *, replace: Sequence[str] = (), **wishes: Any
    ) -> Applied:
        """``plan`` and ``apply``; a second time it changes nothing.

        ``applied.complete`` is whether all that was asked for is there; ``applied.plan.blocked`` is what is
        not.

        Raises:
            NotFound, ConfigurationError, LockoutRefused, AccessDenied, SecureS3Error: As of
                ``plan``.
            PlanNotApplied, PlanOutdated: As of ``apply``.
        """
        return self.apply(self.plan(profile, replace=replace, **wishes))

    @cached_property
    def object_lock(self) -> ObjectLock:
        """Retention and legal holds of its objects, and the default retention."""
        from .retention.object_lock import ObjectLock

        return ObjectLock(self._client, self.name)

    @cached_property
    def access_points(self) -> AccessPoints:
        """Its access points: list, make, give policies."""
        from .points.points import AccessPoints

        return AccessPoints(self._client, self._session, self.name)

    def reencrypt(self, prefix: str = "", *, to: Strategy | None = None, **options: Any) -> Reencryption:
        """Put objects that are there under another encryption; options as of ``reencryption.reencrypt``."""
        from .reencryption.reencrypting import reencrypt

        return reencrypt(self._client, self.name, prefix, to=to or self._profile.default, **options)

    def write_manifest(self, prefix: str = "", **options: Any) -> Manifest:
        """The objects' list for an S3 Batch Operations job, which ``reencryption.job.batch_job`` describes.

        Options as of ``reencryption.manifest.write_manifest``: ``into="s3://bucket/key"`` or a path, ….
        """
        from .reencryption.manifest import write_manifest

        return write_manifest(self._client, self.name, prefix, **options)

    def key_rotation(self) -> tuple[KeyRotation, ...]:
        """Whether its KMS keys rotate: that of the default encryption, and those of the client's settings.

        What cannot be read is told in ``unread``, and is no exception.
        """
        from .reencryption.keys import rotations

        return rotations(self._session, self._client, self.name, self._profile.key_arns)

    def _seen(self, snapshot: Snapshot | None, wanted: BucketProfile) -> Snapshot:
        if snapshot is None:
            return self.snapshot(keys=wanted.key_arns)
        from .snapshot.values import Snapshot

        if not isinstance(snapshot, Snapshot):
            raise ConfigurationError(
                f"snapshot= is a {type(snapshot).__name__}, and no Snapshot",
                fix="pass what snapshot() returned, or leave it out",
            )
        self._check_mine(snapshot.bucket, "snapshot")
        return snapshot

    def _check_mine(self, bucket: str, what: str) -> None:
        if bucket != self.name:
            raise ConfigurationError(
                f"the {what} is of {bucket}, and not of {self.name}",
                why="what is right for one bucket may open or lock another",
                fix=f"take it from s3.bucket({self.name!r})",
            )
