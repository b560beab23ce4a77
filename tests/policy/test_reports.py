"""Findings as text, as plain values and as SARIF."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy
from secure_s3.policy.linter import RULES, lint
from secure_s3.policy.lockout import lockout
from secure_s3.policy.patches import apply
from secure_s3.policy.reports import as_dict, as_sarif, as_text, explain
from secure_s3.policy.rulebook import LOCK_OUT, RULEBOOK, rule_named
from secure_s3.policy.rulebook import as_dict as rule_as_dict
from secure_s3.policy.sarif import sarif_of
from secure_s3.values import Finding, Severity

from .lint_checks import B, O, allow, deny, policy

TEXT = f"""{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Sid": "Tls",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": ["{B}", "{O}"],
      "Condition": {{"Bool": {{"aws:SecureTranport": "false"}}}}
    }},
    {{
      "Sid": "Read",
      "Effect": "Allow",
      "Principal": {{"AWS": "arn:aws:iam::111122223333:role/App"}},
      "Action": [
        "s3:HeadObject",
        "s3:ListBucket"
      ],
      "Resource": "{O}"
    }}
  ]
}}"""
READ = Policy.parse(TEXT)
FOUND = [
    each
    for each in lint(READ)
    if each.rule in ("unknown-condition-key", "unknown-action", "bucket-action-on-objects")
]


def test_text_has_line_and_column() -> None:
    """A line of the report begins with the file, line and column, as editors take it."""
    lines = as_text(READ, FOUND, name="bucket.json").splitlines()
    assert lines[0].startswith("bucket.json:10:52: high: there is no condition key 'aws:SecureTranport'")
    assert lines[0].endswith("[unknown-condition-key]")
    assert "    fix: write aws:SecureTransport" in lines
    assert any(line.startswith('    patch: {"op": "remove"') for line in lines)
    assert any(
        line.startswith("bucket.json:17:9: high: there is no action 's3:HeadObject'") for line in lines
    )


def test_text_has_pointers_where_there_are_no_lines() -> None:
    """A policy made of Python values has no lines; the JSON pointer stands there."""
    document = policy(allow("s3:HeadObject"))
    assert as_text(Policy.parse(document), lint(Policy.parse(document))).startswith(
        "policy:/Statement/0/Action: high:"
    )


def test_text_steers_no_terminal() -> None:
    """Control characters in a policy come out escaped, line breaks included."""
    document = policy(deny("s3:\x1b[31mGet\nObject", Sid="x"))
    text = as_text(Policy.parse(document), lint(Policy.parse(document)), name="a\nb")
    assert "\x1b" not in text
    assert text.splitlines()[0].startswith("a\\nb:")


def test_nothing_found_is_no_text() -> None:
    """No finding, no line."""
    assert as_text(READ, []) == ""
    assert as_dict(READ, [])["findings"] == []


def test_dict_is_json() -> None:
    """Plain values: all of a finding, with line and column, and how many there are of each severity."""
    report = json.loads(json.dumps(as_dict(READ, FOUND)))
    first = report["findings"][0]
    assert (first["rule"], first["severity"], first["statement"]) == ("unknown-condition-key", "high", "Tls")
    assert (first["line"], first["column"]) == (10, 52)
    assert first["patch"][0] == {"op": "remove", "path": "/Statement/0/Condition/Bool/aws:SecureTranport"}
    assert report["counts"] == {"info": 0, "low": 0, "medium": 0, "high": len(FOUND), "critical": 0}


def required(value: dict[str, Any], *names: str) -> None:
    """The properties are there that the schema requires."""
    assert set(names) <= value.keys(), value


def check_region(region: dict[str, int], text: str) -> str:
    """A region is where its line and column say as well as where its offset says; what stands there."""
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: region["startLine"] - 1]) + region["startColumn"] - 1
    end = sum(len(line) + 1 for line in lines[: region["endLine"] - 1]) + region["endColumn"] - 1
    assert (start, end - start) == (region["charOffset"], region["charLength"])
    return text[start:end]


def test_sarif_has_what_its_schema_requires() -> None:
    """The log has every property that SARIF 2.1.0 requires, of the types and values that it takes."""
    log = json.loads(json.dumps(as_sarif(READ, FOUND, uri="policies/bucket.json")))
    required(log, "version", "runs")
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    required(run, "tool", "results")
    assert run["columnKind"] == "unicodeCodePoints"
    required(run["tool"]["driver"], "name", "rules")
    ids = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert len(set(ids)) == len(ids) == len(RULEBOOK)
    for each in run["tool"]["driver"]["rules"]:
        assert each["shortDescription"]["text"]
        assert each["fullDescription"]["text"]
        assert each["help"]["text"]
        assert each["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert 0 <= float(each["properties"]["security-severity"]) <= 10
        assert len(set(each["properties"]["tags"])) == len(each["properties"]["tags"])
    for result in run["results"]:
        required(result, "message", "ruleId", "ruleIndex", "level", "locations")
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "policies/bucket.json"
        assert json.loads(check_region(location["physicalLocation"]["region"], TEXT)) is not None


def replaced(text: str, result: dict[str, Any]) -> str:
    """*text* after the one replacement of the one change of the one fix of a result."""
    (fix,) = result["fixes"]
    required(fix, "artifactChanges")
    (change,) = fix["artifactChanges"]
    required(change, "artifactLocation", "replacements")
    (replacement,) = change["replacements"]
    required(replacement, "deletedRegion")
    region = replacement["deletedRegion"]
    check_region(region, text)
    at = region["charOffset"]
    return text[:at] + str(replacement["insertedContent"]["text"]) + text[at + region["charLength"] :]


@pytest.mark.parametrize("text", [TEXT, Policy.parse(TEXT).to_json(None)], ids=["lines", "one line"])
def test_sarif_fix_does_what_the_patch_does(text: str) -> None:
    """Replacing the region by the text that is given makes the policy that the patch makes."""
    read = Policy.parse(text)
    findings = [each for each in lint(read) if each.patch]
    results = as_sarif(read, findings)["runs"][0]["results"]
    assert len(results) == len(findings) >= 3
    for finding, result in zip(findings, results, strict=True):
        assert Policy.parse(replaced(text, result)) == apply(read, finding.patch)


def test_sarif_fix_replaces_no_more_than_it_must() -> None:
    """A replaced value is replaced alone; the rest of the file keeps its form."""
    finding = next(each for each in FOUND if each.rule == "unknown-action")
    (result,) = as_sarif(READ, [finding])["runs"][0]["results"]
    assert replaced(TEXT, result) == TEXT.replace("s3:HeadObject", "s3:GetObject")


def test_sarif_without_text_has_no_regions() -> None:
    """A policy made of Python values has logical places only, and no fixes."""
    document = Policy.parse(policy(allow("s3:HeadObject")))
    (result, *_) = as_sarif(document, lint(document))["runs"][0]["results"]
    assert "fixes" not in result
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "/Statement/0/Action"


def test_path_of_the_file_becomes_a_uri() -> None:
    """White space and backslashes of a path are no part of a URI; one that is encoded already stays."""
    for path, uri in (("my policy.json", "my%20policy.json"), ("a\\b.json", "a/b.json"), ("a%20b", "a%20b")):
        (result,) = as_sarif(READ, FOUND[:1], uri=path)["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("policies/a.json", {"uri": "policies/a.json", "uriBaseId": "%SRCROOT%"}),
        ("/srv/a b.json", {"uri": "file:///srv/a%20b.json"}),
        ("C:\\srv\\a.json", {"uri": "file:///C:/srv/a.json"}),
        ("file:///srv/a.json", {"uri": "file:///srv/a.json"}),
        ("https://example.com/a.json", {"uri": "https://example.com/a.json"}),
        ("./a:b.json", {"uri": "./a:b.json", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_relative_paths_are_below_the_root(path: str, location: dict[str, str]) -> None:
    """A relative path is relative to the repository; an absolute one is a file URI, a URI stays."""
    (run,) = as_sarif(READ, FOUND[:1], uri=path)["runs"]
    assert run["artifacts"][0]["location"] == location
    placed = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert placed == {**location, "index": 0}


def test_sarif_of_several_policies_is_one_run() -> None:
    """The findings of all policies stand in one run, each with the file that it is in."""
    other = Policy.parse(policy(allow("s3:HeadObject")))
    (run,) = sarif_of([(READ, FOUND, "a.json"), (READ, [], "b.json"), (other, lint(other), "c.json")])["runs"]
    assert [each["location"]["uri"] for each in run["artifacts"]] == ["a.json", "b.json", "c.json"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in run["results"]]
    assert {(each["uri"], each["index"]) for each in places} == {("a.json", 0), ("c.json", 2)}
    assert len(places) == len(FOUND) + len(lint(other))
    changed = [fix for each in run["results"] for fix in each.get("fixes", ())]
    assert {fix["artifactChanges"][0]["artifactLocation"]["uri"] for fix in changed} == {"a.json"}


def test_sarif_of_no_policy_is_a_run_without_results() -> None:
    """Nothing linted is a valid log that says nothing."""
    (run,) = sarif_of([])["runs"]
    assert (run["results"], run["artifacts"]) == ([], [])


def test_patch_that_does_not_fit_is_left_out() -> None:
    """A finding on another policy is reported, without a fix."""
    stale = Finding(
        "elsewhere", Severity.LOW, "x", pointer="/Nowhere", patch=({"op": "remove", "path": "/Id"},)
    )
    (result,) = as_sarif(READ, [stale])["runs"][0]["results"]
    assert "fixes" not in result
    assert "ruleIndex" not in result
    assert result["level"] == "note"


def test_columns_are_counted_in_code_points() -> None:
    """Characters beyond the basic plane are one column, as the log says."""
    statement = '{"Effect": "Allow", "Action": "s3:HeadObject", "Resource": "*"}'
    text = f'{{"Id": "\N{SMILING FACE WITH OPEN MOUTH}", "Statement": {statement}}}'
    read = Policy.parse(text)
    (result,) = as_sarif(read, [each for each in lint(read) if each.rule == "unknown-action"])["runs"][0][
        "results"
    ]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert check_region(region, text) == '"s3:HeadObject"'


def test_rule_explains_itself() -> None:
    """What a rule is about can be asked for by its id."""
    text = explain("duplicate-json-key")
    assert text.startswith("duplicate-json-key (high): ")
    assert "fix: " in text
    assert "RFC 8259" in text
    assert json.loads(json.dumps(rule_as_dict(rule_named("duplicate-json-key"))))["severity"] == "high"


@pytest.mark.parametrize(("id", "fix"), [("duplicate-json-keys", "'duplicate-json-key'"), ("x", "RULEBOOK")])
def test_unknown_rule_is_told(id: str, fix: str) -> None:
    """There is no other id; the nearest one is suggested."""
    with pytest.raises(PolicyError, match="no lint rule") as told:
        explain(id)
    assert fix in told.value.fix
    with pytest.raises(PolicyError):
        rule_named(None)  # type: ignore[arg-type]


def test_every_finding_has_its_rule() -> None:
    """The rule of lock-outs is explained with the others, as severe as its worst finding."""
    locking = Policy.parse(policy(deny("s3:*", [B, O])))
    (found, *_) = lockout(
        locking, "arn:aws:iam::111122223333:role/App", bucket="amzn-s3-demo-bucket"
    ).findings
    rule = rule_named(found.rule)
    assert rule is LOCK_OUT
    assert (rule.severity, rule.refs) == (found.severity, found.refs)
    assert {each.id for each in RULEBOOK} == {each.id for each in RULES} | {found.rule}
    assert as_sarif(locking, [found])["runs"][0]["results"][0]["ruleIndex"] == RULEBOOK.index(LOCK_OUT)
