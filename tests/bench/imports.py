"""``import secure_s3`` against ``import boto3``, each in fresh processes, both from compiled bytecode."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from .measure import compare


def main(rounds: int) -> None:
    """Seconds from start to end of an interpreter that imports it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def importing(name: str) -> None:
            for _ in range(5):
                subprocess.run([sys.executable, "-c", f"import {name}"], check=True, env=environment)

        compare(
            "import",
            lambda: importing("secure_s3"),
            lambda: importing("boto3"),
            rounds=max(5, rounds),
            per_round="5 processes",
        )
