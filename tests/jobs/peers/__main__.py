"""``python -m tests.jobs.peers --prowler PROGRAM --checkov PROGRAM`` writes docs/peers.md.

Both are installed in virtual environments of their own, never into the one of this project.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from secure_s3 import SseKms
from secure_s3.local import LocalAws

from .auditors import QUESTIONS, checkov, joined, ours, prowler
from .buckets import bucket_of, make, make_log_bucket, write_terraform
from .cases import CASES
from .page import Row, write
from .truth import Truth


def main() -> None:
    """Make the buckets, ask everybody, write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.jobs.peers", description=__doc__)
    parser.add_argument("--prowler", required=True, help="the program prowler")
    parser.add_argument("--checkov", required=True, help="the program checkov")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as there, LocalAws() as aws:
        folder = Path(there)
        s3 = aws.session().client("s3")
        make_log_bucket(aws, s3)
        for case in CASES:
            make(aws, s3, case)
        rows = _rows(aws, arguments, folder)
    write(rows, CASES)
    for question, counts in _counts(rows).items():
        print(question, dict(counts))


def _rows(aws: Any, arguments: argparse.Namespace, folder: Path) -> list[Row]:
    client, truth = aws.client(SseKms(aws.kms_key_arn)), Truth(aws)
    told_ours = {case.name: ours(client, bucket_of(case)) for case in CASES}
    out, terraform = folder / "prowler", folder / "terraform"
    out.mkdir()
    terraform.mkdir()
    environment = aws.environment()
    told_prowler = prowler(arguments.prowler, environment, out)
    write_terraform(terraform, CASES)
    told_checkov = checkov(arguments.checkov, terraform)
    rows = []
    for case in CASES:
        for question in QUESTIONS:
            bucket = bucket_of(case)
            right, why = truth(question.id, bucket)
            rows.append(
                Row(
                    case=case.name,
                    question=question.id,
                    right=right,
                    why=why,
                    ours=told_ours[case.name][question.id],
                    prowler=joined(told_prowler, bucket, question.prowler),
                    checkov=joined(told_checkov, bucket, question.checkov),
                )
            )
    return rows


def _counts(rows: list[Row]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        counts = found.setdefault(row.question, Counter())
        for who in ("ours", "prowler", "checkov"):
            said = getattr(row, who)
            counts[f"{who} {'silent' if said is None else 'right' if said == row.right else 'wrong'}"] += 1
    return found


if __name__ == "__main__":
    main()
