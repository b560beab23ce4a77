"""The pytest plugin that runs policy tests: files named ``*.policy.toml``, ``*.policy.yaml`` or ``….yml``.

Each case is one test. One that fails prints the decision and its reasons. ``-p no:secure_s3.policy_pytest``
turns this off. pytest loads this module in every run of every project that has the package installed, so it
imports nothing but pytest until there is such a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from secure_s3.policy import Policy
    from secure_s3.policy.cases import Case, CaseResult, Suite

SUFFIXES = (".policy.toml", ".policy.yaml", ".policy.yml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Our files are ours to collect."""
    if file_path.name.endswith(SUFFIXES):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class SuiteFile(pytest.File):
    """A file of policy tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its cases; one that cannot be read is an error of the collection."""
        from secure_s3.cli.policy_files import read_suite
        from secure_s3.errors import SecureS3Error

        try:
            suite, policies = read_suite(str(self.path))
        except SecureS3Error as error:
            raise self.CollectError(str(error)) from error
        for case in suite.cases:
            yield CaseItem.from_parent(self, name=case.name, suite=suite, case=case, policies=policies)


class CaseFailed(Exception):
    """A case came out otherwise than expected."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.problem)
        self.result = result


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, suite: Suite, case: Case, policies: Mapping[str, Policy], **rest: Any) -> None:
        super().__init__(**rest)
        self.suite, self.case, self.policies = suite, case, policies

    def runtest(self) -> None:
        """Evaluate it."""
        result = self.suite.run_case(self.case, self.policies)
        if not result.passed:
            raise CaseFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The decision instead of a traceback."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value.result)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """What the headline of a failure says."""
        return self.path, None, f"policy case: {self.name}"
