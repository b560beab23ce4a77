"""JSON Patch on policies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy
from secure_s3.policy.patches import apply, steps

from .lint_checks import B, O, allow, deny, policy

DOCUMENT = policy(
    deny("s3:*", [B, O], {"Bool": {"aws:SecureTransport": "false"}}, Sid="a"), allow("s3:GetObject")
)


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    """The document after a patch."""
    return apply(Policy.parse(DOCUMENT), operations).to_dict()


def test_replace_changes_a_value() -> None:
    """Replacing changes what the pointer names, and nothing else."""
    mended = patched(
        {"op": "replace", "path": "/Statement/0/Condition/Bool/aws:SecureTransport", "value": "true"}
    )
    assert mended["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "true"}}
    assert mended["Statement"][1] == DOCUMENT["Statement"][1]


def test_add_puts_into_objects_and_lists() -> None:
    """Adding sets a member, inserts before an index, and appends at "-"."""
    statement = allow("s3:PutObject")
    mended = patched(
        {"op": "add", "path": "/Id", "value": "x"},
        {"op": "add", "path": "/Statement/0/Resource/1", "value": f"{B}/a"},
        {"op": "add", "path": "/Statement/-", "value": statement},
    )
    assert mended["Id"] == "x"
    assert mended["Statement"][0]["Resource"] == [B, f"{B}/a", O]
    assert mended["Statement"][-1] == statement


def test_remove_takes_away_members_and_items() -> None:
    """Removing an item moves those after it forward."""
    mended = patched(
        {"op": "remove", "path": "/Statement/0/Sid"}, {"op": "remove", "path": "/Statement/0/Resource/0"}
    )
    assert mended["Statement"][0]["Resource"] == [O]
    assert "Sid" not in mended["Statement"][0]


def test_operations_follow_one_another() -> None:
    """Each operation is applied to what the one before left."""
    removed = {"op": "remove", "path": "/Statement/0"}
    assert patched(removed, {"op": "test", "path": "/Statement/0/Action", "value": "s3:GetObject"})[
        "Statement"
    ]


def test_the_policy_itself_stays() -> None:
    """A policy does not change; patching makes another one."""
    read = Policy.parse(DOCUMENT)
    apply(read, [{"op": "remove", "path": "/Statement/0"}])
    assert read == Policy.parse(DOCUMENT)


def test_escaped_tokens_name_keys_with_slashes() -> None:
    """A slash in a key is ~1 in the pointer, a tilde ~0."""
    document = policy(allow("s3:GetObject", O, {"StringEquals": {"aws:PrincipalTag/a~b": "x"}}))
    pointer = "/Statement/0/Condition/StringEquals/aws:PrincipalTag~1a~0b"
    mended = apply(Policy.parse(document), [{"op": "replace", "path": pointer, "value": "y"}])
    assert mended.statements[0].conditions[0].values == ("y",)


def test_positions_are_there_again_if_there_were_any() -> None:
    """A policy read from text has lines after the patch; one made of values has none."""
    removal = [{"op": "remove", "path": "/Statement/0/Sid"}]
    text = Policy.parse(DOCUMENT).to_json()
    assert apply(Policy.parse(text), removal).place("/Statement/1") is not None
    assert apply(Policy.parse(DOCUMENT), removal).place("/Statement/1") is None


def test_duplicate_keys_survive_a_patch_elsewhere() -> None:
    """What a patch does not touch stays as it was written, duplicate keys included."""
    text = '{"Version": "2008-10-17", "Version": "2012-10-17", "Statement": [{"Sid": "a", "Sid": "b"}]}'
    mended = apply(Policy.parse(text), [{"op": "replace", "path": "/Statement/0/Sid", "value": "c"}])
    assert mended.to_json(None) == (
        '{"Version":"2008-10-17","Version":"2012-10-17","Statement":[{"Sid":"a","Sid":"c"}]}'
    )
    gone = apply(mended, [{"op": "remove", "path": "/Version"}, {"op": "add", "path": "/Id", "value": "x"}])
    assert gone.to_json(None) == '{"Statement":[{"Sid":"a","Sid":"c"}],"Id":"x"}'
    assert len(gone.duplicates) == 1


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "move", "path": "/Id", "from": "/Version"},
        {"op": "copy", "path": "/Id", "from": "/Version"},
        {"op": "replace", "path": "/Id", "value": "x"},
        {"op": "remove", "path": "/Id"},
        {"op": "remove", "path": ""},
        {"op": "remove"},
        {"op": "add", "path": "/Id"},
        {"op": "add", "path": "Id", "value": "x"},
        {"op": "add", "path": "/a~2", "value": "x"},
        {"op": "add", "path": 3, "value": "x"},
        {"op": "add", "path": "/Statement/9", "value": {}},
        {"op": "add", "path": "/Statement/01", "value": {}},
        {"op": "add", "path": "/Statement/-1", "value": {}},
        {"op": "add", "path": "/Version/x", "value": {}},
        {"op": "add", "path": "/Id", "value": object()},
        {"op": "replace", "path": "/Statement/-", "value": {}},
        {"op": "replace", "path": "/Statement/2", "value": {}},
        {"op": "replace", "path": "/Statement/0/Sid/x", "value": {}},
        {"op": "replace", "path": "/Statement", "value": "none"},
        {"op": "replace", "path": "", "value": []},
        {"op": "remove", "path": "/Statement"},
        {"op": "test", "path": "/Version", "value": "2008-10-17"},
        {"path": "/Id", "value": "x"},
        "remove",
        None,
    ],
)
def test_patch_that_does_not_fit_is_refused(operation: Any) -> None:
    """An operation that is none, or that names nothing here, is a PolicyError that says how to go on."""
    with pytest.raises(PolicyError) as caught:
        patched(operation)
    assert caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize("patch", ["remove", {"op": "remove"}, None, 3, b""])
def test_what_is_no_patch_is_refused(patch: Any) -> None:
    """A patch is a list of operations."""
    with pytest.raises(PolicyError):
        apply(Policy.parse(DOCUMENT), patch)
    with pytest.raises(PolicyError):
        apply(DOCUMENT, [])  # type: ignore[arg-type]


@given(st.lists(st.text(alphabet="ab~/01")))
def test_pointer_is_read_as_it_is_written(tokens: list[str]) -> None:
    """Escaping tokens and taking a pointer apart are inverse."""
    pointer = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
    assert steps(pointer) == tuple(tokens)


OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "test"])},
    optional={
        "path": st.sampled_from(
            ["", "/Id", "/Statement", "/Statement/0/Action", "/Statement/-", "/Statement/1"]
        )
        | st.text(max_size=5),
        "value": st.recursive(
            st.none() | st.text(max_size=3) | st.integers(0, 3),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    },
)


@given(st.lists(OPERATIONS, max_size=4))
def test_any_patch_gives_a_policy_or_an_error(patch: list[dict[str, Any]]) -> None:
    """Whatever the patch: a policy that can be printed and read again, or a PolicyError."""
    try:
        mended = apply(Policy.parse(DOCUMENT), patch)
    except PolicyError:
        return
    assert Policy.parse(mended.to_json()) == mended
