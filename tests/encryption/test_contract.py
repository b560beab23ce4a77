"""One contract for every strategy there is, with botocore's model and serialiser as the oracle."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

from secure_s3 import errors
from secure_s3.encryption import (
    STRATEGIES,
    ClientSide,
    DsseKms,
    SseC,
    SseKms,
    SseS3,
    Strategy,
    strategy_from_env,
)
from secure_s3.encryption.operations import CUSTOMER_KEY, HEADERS, MEMBERS, SESSIONS, WRITES
from secure_s3.encryption.strategy import ServerSide
from secure_s3.envelope.keys import KmsKeys, RawAesKey
from secure_s3.profile import STRATEGY_NAMES

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_ARN = KEY_ARN.replace("1234abcd", "ffffffff")
RAW_KEY = b"MARKED-sse-c-key-0123456789abcd!"
EXAMPLES: dict[type[Strategy], list[Strategy]] = {
    SseKms: [SseKms(KEY_ARN), SseKms(KEY_ARN, bucket_key=False, context={"a": "b", "ä": "ö"})],
    DsseKms: [DsseKms(KEY_ARN), DsseKms(KEY_ARN, context={"a": "b"})],
    SseS3: [SseS3()],
    SseC: [SseC(RAW_KEY)],
    ClientSide: [
        ClientSide(KmsKeys(KEY_ARN)),
        ClientSide(KmsKeys(KEY_ARN, OTHER_ARN), server_side=SseKms(KEY_ARN), context={"a": "b"}),
        ClientSide(KmsKeys.discovery("111122223333"), server_side=DsseKms(KEY_ARN), bind_location=False),
        ClientSide(KmsKeys(KEY_ARN)).for_batch("photos/", "2026-11-21"),
        ClientSide(RawAesKey("vault/1", RAW_KEY), frame_bytes=4096, allow_non_committing_suites=True),
        ClientSide(KmsKeys(KEY_ARN), server_side=SseC(RAW_KEY)),
    ],
}
ALL = [example for examples in EXAMPLES.values() for example in examples]
MODEL: ServiceModel = botocore.session.Session().get_service_model("s3")
OPERATIONS = sorted(MODEL.operation_names)
REQUIRED: dict[str, Any] = {
    "Bucket": "bucket",
    "Key": "key",
    "CopySource": "b/k",
    "UploadId": "u",
    "PartNumber": 1,
    "ObjectAttributes": ["ETag"],
    "Expression": "x",
    "ExpressionType": "SQL",
    "InputSerialization": {},
    "OutputSerialization": {},
}

each_strategy = pytest.mark.parametrize("strategy", ALL, ids=repr)


def holds_a_key(strategy: Strategy) -> bool:
    """Whether a strategy, or what it is made of, has the bytes of a key in it."""
    if isinstance(strategy, ClientSide):
        return isinstance(strategy.keys, RawAesKey) or holds_a_key(strategy.server_side)
    return isinstance(strategy, SseC)


def members(operation: str, side: str) -> set[str]:
    shape = getattr(MODEL.operation_model(operation), f"{side}_shape")
    return set(shape.members) if shape is not None else set()


def test_every_strategy_has_an_example() -> None:
    """The suite covers every strategy there is, under a name of its own that profiles know."""
    assert set(EXAMPLES) == set(STRATEGIES)
    assert len({cls.label for cls in STRATEGIES}) == len(STRATEGIES)
    assert {cls.__name__ for cls in STRATEGIES} <= STRATEGY_NAMES


@each_strategy
class TestValue:
    """A strategy is a value."""

    def test_frozen(self, strategy: Strategy) -> None:
        """No attribute of a strategy can be set, added or deleted."""
        names = [field.name for field in dataclasses.fields(strategy)]  # type: ignore[arg-type]
        for name in [*names, "another"]:
            with pytest.raises((AttributeError, TypeError)):
                setattr(strategy, name, None)
        for name in names:
            with pytest.raises((AttributeError, TypeError)):
                delattr(strategy, name)
        assert not hasattr(strategy, "__dict__")

    def test_equal_and_hashable(self, strategy: Strategy) -> None:
        """A strategy equals its like and no other, and can be a key."""
        twin = copy.deepcopy(strategy)
        assert twin == strategy
        assert hash(twin) == hash(strategy)
        assert {strategy: 1}[twin] == 1
        assert [other for other in ALL if other == strategy] == [strategy]

    def test_representation(self, strategy: Strategy) -> None:
        """Its representation names the class and holds no secret."""
        assert repr(strategy).startswith(type(strategy).__name__)
        for text in (repr(strategy), str(strategy)):
            assert "MARKED" not in text

    def test_pickle(self, strategy: Strategy) -> None:
        """It survives pickling, or refuses it because it holds a key."""
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            if holds_a_key(strategy):
                with pytest.raises(TypeError):
                    pickle.dumps(strategy, protocol)
            elif protocol >= 2:  # older protocols know no slots
                assert pickle.loads(pickle.dumps(strategy, protocol)) == strategy


@each_strategy
@pytest.mark.parametrize("operation", OPERATIONS)
def test_members_exist(strategy: Strategy, operation: str) -> None:
    """What a strategy sends and expects are members that botocore's model has, and nothing but encryption."""
    assert set(strategy.parameters(operation)) <= members(operation, "input") & MEMBERS
    assert set(strategy.answer(operation)) <= members(operation, "output") & MEMBERS


@each_strategy
@pytest.mark.parametrize("operation", OPERATIONS)
def test_headers_are_what_botocore_writes(strategy: Strategy, operation: str) -> None:
    """The headers that a strategy announces are what botocore serialises from its parameters."""
    wanted = strategy.parameters(operation)
    if not wanted:
        assert strategy.headers(operation) == {}
        return
    model = MODEL.operation_model(operation)
    params = {name: REQUIRED[name] for name in model.input_shape.required_members} | dict(wanted)
    assert not ParamValidator().validate(params, model.input_shape).has_errors()
    request = create_serializer("rest-xml").serialize_to_request(params, model)
    names = {header.lower() for header in HEADERS.values()}
    written = {name.lower(): value for name, value in request["headers"].items() if name.lower() in names}
    assert written == strategy.headers(operation)
    assert not [name for name in request["query_string"] if "encryption" in name.lower()]


@each_strategy
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_writes_are_declared_and_proven(strategy: Strategy, operation: str) -> None:
    """Every write has parameters, and an answer that proves them."""
    assert strategy.parameters(operation)
    assert strategy.answer(operation)
    for member, value in strategy.answer(operation).items():
        assert strategy.parameters(operation)[member] == value


@each_strategy
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in WRITES | SESSIONS])
def test_server_side_reads_need_nothing(strategy: Strategy, operation: str) -> None:
    """Where S3 holds or asks for the key, nothing but a write needs members."""
    if isinstance(strategy, ServerSide):
        assert strategy.parameters(operation) == {}
        assert strategy.answer(operation) == {}


@each_strategy
@pytest.mark.parametrize(
    "operation", ["", "putobject", "PUTOBJECT", "put_object", "PutObjectNever", "CreateBucket"]
)
def test_unknown_operations_need_nothing(strategy: Strategy, operation: str) -> None:
    """An operation that is none gets nothing."""
    assert strategy.parameters(operation) == {}
    assert strategy.answer(operation) == {}
    assert strategy.headers(operation) == {}


@each_strategy
def test_what_is_handed_out_cannot_change_the_strategy(strategy: Strategy) -> None:
    """Changing a mapping that was handed out changes nothing about the strategy."""
    before = dict(strategy.parameters("PutObject"))
    for handed in (
        strategy.parameters("PutObject"),
        strategy.answer("PutObject"),
        strategy.headers("PutObject"),
        strategy.copy_source(),
    ):
        if isinstance(handed, dict):
            handed["ServerSideEncryption"] = "none"
    assert dict(strategy.parameters("PutObject")) == before
    for operation in ("GetObject", "ListBuckets"):
        handed = strategy.parameters(operation)
        if isinstance(handed, dict):
            handed["X"] = "y"
    assert "X" not in strategy.parameters("HeadObject")
    assert "X" not in SseS3().parameters("GetObject")


@each_strategy
def test_the_source_of_a_copy(strategy: Strategy) -> None:
    """What a copy needs for its source are members of both copies; only SSE-C needs any."""
    at_rest = strategy.server_side if isinstance(strategy, ClientSide) else strategy
    source = set(strategy.copy_source())
    for operation in ("CopyObject", "UploadPartCopy"):
        assert source <= members(operation, "input")
    assert bool(source) is isinstance(at_rest, SseC)


@pytest.mark.parametrize("operation", sorted(CUSTOMER_KEY))
def test_a_customer_key_goes_everywhere_it_is_needed(operation: str) -> None:
    """SSE-C sends algorithm, key and MD5 with every operation on such an object."""
    names = {"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"}
    assert set(SseC(RAW_KEY).parameters(operation)) == names
    assert "SSECustomerKey" not in SseC(RAW_KEY).answer(operation)


# --- from the environment -------------------------------------------------------------------------------


def environment(label: str, folder: Path) -> dict[str, str]:
    (folder / "key").write_bytes(RAW_KEY)
    return {
        "SECURE_S3_ENCRYPTION": label,
        "SECURE_S3_KMS_KEY_ARN": KEY_ARN,
        "SECURE_S3_SSE_C_KEY_FILE": str(folder / "key"),
    }


@pytest.mark.parametrize("cls", STRATEGIES)
@pytest.mark.parametrize("spell", [str, str.upper, "  {} ".format])
def test_from_env(cls: type[Strategy], spell: Any, tmp_path: Path) -> None:
    """Every strategy can be named in the environment, in any case."""
    env = environment(spell(cls.label), tmp_path)
    assert type(strategy_from_env(env)) is cls
    assert cls.from_env(env) == strategy_from_env(env)


def test_the_default_is_a_configured_key(tmp_path: Path) -> None:
    """Without a name the strategy is SSE-KMS with the configured key."""
    assert strategy_from_env({"SECURE_S3_KMS_KEY_ARN": KEY_ARN}) == SseKms(KEY_ARN)
    assert strategy_from_env({"SECURE_S3_KMS_KEY_ARN": KEY_ARN, "SECURE_S3_ENCRYPTION": ""}) == SseKms(
        KEY_ARN
    )


@pytest.mark.parametrize("label", [" ", "none", "aes256", "sse_kms", "SseKms", "sse-kms,sse-s3", "sse-kms\0"])
def test_unknown_names(label: str, tmp_path: Path) -> None:
    """A name that is no strategy is refused, never taken for a default."""
    with pytest.raises(errors.ConfigurationError, match="SECURE_S3_ENCRYPTION"):
        strategy_from_env({**environment("x", tmp_path), "SECURE_S3_ENCRYPTION": label})


@pytest.mark.parametrize(
    ("label", "variable"),
    [
        ("client-side", "SECURE_S3_KMS_KEY_ARN"),
        ("sse-kms", "SECURE_S3_KMS_KEY_ARN"),
        ("dsse-kms", "SECURE_S3_KMS_KEY_ARN"),
        ("sse-c", "SECURE_S3_SSE_C_KEY_FILE"),
    ],
)
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing_variables(label: str, variable: str, value: str | None, tmp_path: Path) -> None:
    """A strategy whose variable is missing or empty is refused."""
    env = environment(label, tmp_path)
    del env[variable]
    if value is not None:
        env[variable] = value
    with pytest.raises(errors.ConfigurationError):
        strategy_from_env(env)


def test_another_key_is_another_strategy() -> None:
    """Strategies with other keys, contexts or switches differ."""
    different = [
        SseKms(KEY_ARN),
        SseKms(OTHER_ARN),
        SseKms(KEY_ARN, bucket_key=False),
        SseKms(KEY_ARN, context={"a": "b"}),
        SseKms(KEY_ARN, context={"a": "c"}),
        DsseKms(KEY_ARN),
        DsseKms(OTHER_ARN),
        SseS3(),
        SseC(RAW_KEY),
        SseC(bytes(32)),
        *EXAMPLES[ClientSide],
        ClientSide(KmsKeys(OTHER_ARN)),
        ClientSide(KmsKeys(KEY_ARN), frame_bytes=4096),
        ClientSide(KmsKeys(KEY_ARN), context={"a": "b"}),
        ClientSide(KmsKeys(KEY_ARN), context={"a": "c"}),
        ClientSide(KmsKeys(KEY_ARN), bind_location=False),
        ClientSide(KmsKeys(KEY_ARN), allow_non_committing_suites=True),
        ClientSide(KmsKeys(KEY_ARN)).for_batch("photos/", "2026-11-22"),
        ClientSide(KmsKeys(KEY_ARN)).for_batch("", "2026-11-21"),
        ClientSide(RawAesKey("vault/1", RAW_KEY)),
        ClientSide(RawAesKey("vault/1", bytes(32))),
        ClientSide(RawAesKey("vault/2", RAW_KEY)),
        ClientSide(RawAesKey("vault/1", RAW_KEY, namespace="other")),
    ]
    assert len(set(different)) == len(different)
