"""botocore is the oracle: for the same clock, our URLs and forms are its own, byte for byte.

The cases are made by a generator with a fixed seed, so that a red run is red again. Their number is CASES.
"""

from __future__ import annotations

import base64
import random
import string
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from secure_s3 import DsseKms, SseC, SseKms, SseS3
from secure_s3.encryption import Strategy
from secure_s3.guard import guard_of
from secure_s3.guard.presigning import METHODS
from secure_s3.presign.options import _PART, _READ, _WRITE, Option
from secure_s3.profile import SecurityProfile
from tests.presign.support import KEY_ARN, PLACES, TOKEN, Place, client, raw_client, stopped_botocore

CASES = 10_000
OWNER = "x-amz-expected-bucket-owner"
STRATEGIES: tuple[Strategy, ...] = (
    SseS3(),
    SseKms(KEY_ARN),
    SseKms(KEY_ARN, bucket_key=False, context={"department": "finance", "b": "ü"}),
    DsseKms(KEY_ARN),
    SseC(bytes(range(32))),
)
ALPHABETS = (
    string.ascii_letters + string.digits + "-_.~/",
    string.printable,
    "+ %&=?#;:@!$'()*,[]{}|\\^`<>\"/",
    "äöüßéñçøåλπЖш中文日本語한글ひらカタ",
    "😀🎉🏳️‍🌈\u200d\u0301\u202e\u00a0\u2028\x00\x1f\x7f",
)
OPERATIONS = ("GetObject", "GetObject", "HeadObject", "PutObject", "PutObject", "UploadPart", "POST")


def a_key(dice: random.Random) -> str:
    """A key with every kind of character, but no path segment that clients resolve."""
    while True:
        letters = dice.choice(ALPHABETS) if dice.random() < 0.7 else "".join(ALPHABETS)
        key = "".join(dice.choice(letters) for _ in range(dice.randint(1, 40)))
        if not {".", ".."} & set(key.split("/")):
            return key


def a_text(dice: random.Random, letters: str = string.ascii_letters + string.digits + "/;=\"'+*.,:-") -> str:
    return "".join(dice.choice(letters) for _ in range(dice.randint(1, 20)))


def a_value(name: str, option: Option, dice: random.Random) -> Any:
    """A value that the option takes."""
    if name == "content_length":
        return dice.choice([0, 1, 5 * 1024**3, dice.randint(0, 10**9)])
    if name == "range":
        return dice.choice(["bytes=0-99", "bytes=5-", "bytes=-100", f"bytes=7-{dice.randint(7, 10**9)}"])
    if name == "part_number":
        return dice.randint(1, 10_000)
    if "expires" in name:
        return datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=dice.randint(0, 10**9))
    if name == "metadata":
        return {f"{a_text(dice, 'abcXYZ019-_.')}{n}": a_text(dice) for n in range(dice.randint(1, 3))}
    sizes = {"md5": 16, "crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
    if (kind := name.rpartition("_")[2]) in sizes:
        return base64.b64encode(dice.randbytes(sizes[kind])).decode()
    if name == "storage_class":
        return dice.choice(["STANDARD_IA", "GLACIER", "INTELLIGENT_TIERING"])
    if option.place == "query":
        return "".join(
            dice.choice(string.ascii_letters + " +%&=?äé\"';/ÿ¡") for _ in range(dice.randint(1, 20))
        )
    return a_text(dice)


def some_options(known: dict[str, Option], dice: random.Random) -> dict[str, Any]:
    names = dice.sample(sorted(known), dice.choice([0, 0, 1, 1, 2, 3, 5]) if len(known) > 4 else 1)
    checksums = [name for name in names if name.startswith("checksum_")][1:]  # S3 and botocore take one
    return {name: a_value(name, known[name], dice) for name in names if name not in checksums}


def boto3_parameters(known: dict[str, Option], options: dict[str, Any]) -> dict[str, Any]:
    return {known[name].member: value for name, value in options.items()}


class Case:
    """One thing to presign, by us and by botocore."""

    def __init__(self, place: Place, dice: random.Random, sides: Sides) -> None:
        self.operation = dice.choice(OPERATIONS)
        self.place, self.sides = place, sides
        self.key, self.seconds = a_key(dice), dice.choice([1, 300, 3600, 604_800, dice.randint(1, 604_800)])
        self.strategy = dice.choice(STRATEGIES[:4] if self.operation == "POST" else STRATEGIES)
        self.at = datetime.fromtimestamp(dice.randint(10**9, 4 * 10**9), timezone.utc)
        known = {"GetObject": _READ, "HeadObject": _READ, "UploadPart": _PART}.get(self.operation, _WRITE)
        self.known, self.options = known, some_options(known, dice)
        self.upload, self.part = a_text(dice, string.ascii_letters + "._+/="), dice.randint(1, 10_000)
        self.range = sorted((dice.randint(0, 10**9), dice.randint(0, 10**9)))
        self.prefix = dice.random() < 0.3

    def ours(self) -> Any:
        presign, more = self.sides.ours, {"encryption": self.strategy, "at": self.at}
        bucket = self.place.bucket
        if self.operation == "POST":
            key: dict[str, Any] = {"key_prefix": self.key} if self.prefix else {"key": self.key}
            post = presign.post(
                bucket, expires_in=self.seconds, content_length_range=tuple(self.range), **key, **more
            )
            return post.url, dict(post.fields), post.expires_at
        if self.operation == "UploadPart":
            made = presign.upload_part(
                bucket, self.key, self.upload, self.part, self.seconds, **more, **self.options
            )
        else:
            name = {"GetObject": "get", "HeadObject": "head", "PutObject": "put"}[self.operation]
            made = getattr(presign, name)(bucket, self.key, self.seconds, **more, **self.options)
        return made.url, set(made.required_headers), made.expires_at

    def theirs(self) -> Any:
        self.sides.clock.now = self.at + timedelta(microseconds=999_999)
        ends = self.at + timedelta(seconds=self.seconds)
        if self.operation == "POST":
            fields = self.strategy.headers("PutObject")
            post = self.sides.theirs.generate_presigned_post(
                self.place.bucket,
                self.key + "${filename}" * self.prefix,
                Fields=dict(fields),
                Conditions=[
                    ["content-length-range", *self.range],
                    *({name: value} for name, value in fields.items()),
                ],
                ExpiresIn=self.seconds,
            )
            return post["url"], post["fields"], ends
        method = {
            "GetObject": "get_object",
            "HeadObject": "head_object",
            "PutObject": "put_object",
            "UploadPart": "upload_part",
        }[self.operation]
        parameters = {"Bucket": self.place.bucket, "Key": self.key}
        if self.operation == "UploadPart":
            parameters |= {"UploadId": self.upload, "PartNumber": self.part}
        parameters |= boto3_parameters(self.known, self.options)
        parameters |= dict(self.strategy.parameters(self.operation))
        if self.sides.owner:
            parameters["ExpectedBucketOwner"] = self.sides.owner
        url = self.sides.theirs.generate_presigned_url(method, parameters, self.seconds)
        signed = url.partition("X-Amz-SignedHeaders=")[2].partition("&")[0].split("%3B")
        return url, set(signed) - {"host"}, ends


class Sides:
    """Our presigner and botocore for one kind of address and one kind of credentials."""

    def __init__(self, place: Place, token: str | None, owner: str | None, clock: Any) -> None:
        profile = SecurityProfile(presign_ceiling=604_800, expected_bucket_owner=owner)
        s3 = client(profile=profile, place=place, token=token)
        self.guard, self.boto3 = guard_of(s3.boto3 if hasattr(s3, "boto3") else s3._client), s3._client
        self.ours: Any = s3.presign
        self.theirs, self.clock, self.owner = raw_client(place, token), clock, owner
        if owner:
            self.theirs.meta.events.register_last("before-sign", self._hoist)

    @staticmethod
    def _hoist(request: Any, operation_name: str, **_: Any) -> None:
        """Browsers send no header of ours: there the owner stands in the query."""
        if operation_name in ("GetObject", "HeadObject") and OWNER in request.headers:
            request.params = {OWNER: request.headers[OWNER]}
            del request.headers[OWNER]


@pytest.fixture
def clock() -> Iterator[Any]:
    with stopped_botocore() as stopped:
        yield stopped


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_the_same_as_botocore(place: Place, clock: Any) -> None:
    """Every URL and form is what botocore makes for the same clock, byte for byte, and signed by us."""
    dice = random.Random(place.name)
    kinds = [(None, None), (TOKEN, None), (None, "111122223333"), (TOKEN, "111122223333")]
    sides = [Sides(place, token, owner, clock) for token, owner in kinds]
    seen: Counter[str] = Counter()
    for _ in range(-(-CASES // len(PLACES))):
        side = dice.choice(sides)
        case = Case(place, dice, side)
        if case.operation == "POST" and place.bucket.startswith("arn:"):
            case.operation = "GetObject"
            case.known, case.options = _READ, {}
        ours, theirs = case.ours(), case.theirs()
        assert ours == theirs, (case.operation, case.key, case.options, case.strategy)
        seen[case.operation] += 1
    assert set(seen) >= {"GetObject", "HeadObject", "PutObject", "UploadPart"}
    for side in sides:
        guard = guard_of(side.boto3)
        assert guard is not None
        kinds = [kind for kind in METHODS if kind != "POST" or not place.bucket.startswith("arn:")]
        for kind in kinds:
            assert guard.addresses.of(side.boto3, place.bucket, kind, guard.strategy, guard.profile).direct
