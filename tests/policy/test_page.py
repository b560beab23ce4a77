"""Published policies: the faults of each are found, the right form raises no alarm, the page shows both."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_s3.policy import Policy, lint
from secure_s3.values import Severity
from tests.jobs.policies_page import PAGES, REQUESTS, outcome, right_form, written
from tests.policy.seed_policies import FAULTS, NOTES, RIGHT, SEEDS, SeedPolicy

each_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_what_the_code_says(path: Path):
    """The generated parts of the pages are what linter, builders and evaluator say today."""
    page = path.read_text("utf-8")
    assert "<!-- begin " in page
    assert written(page) == page, "run python -m tests.jobs.policies_page"


@each_seed
def test_faults_of_published_policies(seed: SeedPolicy):
    """Each published policy has the faults known of it, and one without any raises no alarm."""
    found = {
        each.rule
        for each in lint(Policy.parse(seed.document), kind=seed.kind)
        if each.severity is not Severity.INFO
    }
    assert found == set(seed.faults)


@each_seed
def test_the_builders_form(seed: SeedPolicy):
    """What the builders make in place of a published policy raises no alarm at all."""
    assert lint(right_form(seed)) == []


@each_seed
def test_a_fault_shows_in_what_the_policy_does(seed: SeedPolicy):
    """Where a published policy is faulty, the builders' form does something else with some request."""
    policy, right = Policy.parse(seed.document), right_form(seed)
    changed = [name for name, each in REQUESTS.items() if outcome(policy, each) != outcome(right, each)]
    assert changed or not seed.faults


def test_every_seed_is_told_of():
    """Faults and right forms are about seeds that exist, and every seed has its right form."""
    names = {seed.name for seed in SEEDS}
    assert set(RIGHT) == names
    assert set(FAULTS) | set(NOTES) < names
