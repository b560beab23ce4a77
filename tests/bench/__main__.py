"""``python -m tests.bench [NAME …]``: all without a name; ``--help`` lists them.

The server is the embedded endpoint in a child process, over TLS. A ratio above 1 means that ours is faster
or smaller than the other side in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import ssl
import sys

from . import (
    audit,
    batch,
    denials,
    envelope,
    imports,
    large,
    lint,
    logs,
    memory,
    policy,
    presign,
    refusals,
    sealed,
    small,
)

BENCHMARKS = {
    "small": small.main,
    "large": large.main,
    "batch": batch.main,
    "memory": memory.main,
    "import": imports.main,
    "envelope": envelope.main,
    "sealed": sealed.main,
    "presign": presign.main,
    "policy": policy.main,
    "lint": lint.main,
    "denials": denials.main,
    "refusals": refusals.main,
    "audit": audit.main,
    "logs": logs.main,
}


def main() -> int:
    """Run what was named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS], help="which ones; all without a name")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(
        platform.machine(),
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
        ssl.OPENSSL_VERSION,
    )
    for name in arguments.names or BENCHMARKS:
        BENCHMARKS[name](arguments.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
