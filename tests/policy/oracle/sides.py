"""The two sides: our evaluator, and iam-simulate in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secure_s3.policy import AccessRequest, Decision, Policy, evaluate
from secure_s3.policy.principals import Requester

from .cases import Case

HERE = Path(__file__).parent
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TOLD = ("arn", "account", "type", "isawsservice", "servicename")


@contextmanager
def installed() -> Iterator[Path]:
    """A folder with the script and, beside it, the package."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "simulate.mjs", folder)
        there = os.environ.get("IAM_SIMULATE_DIR")
        if there:
            Path(folder, "node_modules").symlink_to(Path(there, "node_modules").resolve())
        else:
            shutil.copy(HERE / "package.json", folder)
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        yield Path(folder)


def theirs(folder: Path, asked: Iterable[Case], *arguments: str) -> list[dict[str, Any]]:
    """What iam-simulate answers to each case."""
    lines = "\n".join(map(json.dumps, asked)) + "\n"
    command = ["node", str(folder / "simulate.mjs"), *arguments]
    done = subprocess.run(command, input=lines, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def request_of(case: Case) -> AccessRequest:
    """The case's request as we take it; a session's role has no path."""
    who = Requester.parse(case["principal"])
    role = {"aws:PrincipalArn": who.principal_arn} if who.kind == "session" else {}
    return AccessRequest(
        case["action"],
        case["resource"],
        case["principal"],
        role | case["context"],
        resource_account=case["resource_account"],
    )


def layers_of(case: Case) -> dict[str, Any]:
    """The case's policies as ``evaluate`` takes them."""

    def read(policy: Case | None) -> Policy | None:
        return Policy.parse(policy) if policy else None

    def each(policies: list[Case]) -> list[Any]:
        return [Policy.parse(policy) for policy in policies]

    return {
        "resource_policy": read(case["resource_policy"]),
        "identity_policies": each(case["identity"]),
        "permissions_boundary": read(case["boundary"]),
        "session_policies": each([case["session"]] if case["session"] else []),
        "scps": [each(level) for level in case["scps"]],
        "rcps": [each(level) for level in case["rcps"]],
        "endpoint_policies": each(case["endpoint"]),
    }


def ours(case: Case) -> Decision:
    """What we make of it."""
    return evaluate(request_of(case), **layers_of(case))


def told(case: Case) -> Case:
    """The case with what iam-simulate does not fill in: what the principal tells, a root user's rights."""
    request = request_of(case)
    names = [*(f"aws:Principal{name}" for name in TOLD), "aws:username", "aws:ResourceAccount"]
    found = {name: request.lookup(name.lower()) for name in names}
    known = {name: value[0] for name, value in found.items() if isinstance(value, tuple)}
    root = request.requester is not None and request.requester.kind == "root"
    return case | {
        "context": known | case["context"],
        "identity": [EVERYTHING] if root else case["identity"],  # a root user needs no policy
    }
