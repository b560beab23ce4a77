"""``secure-s3 policy test``: runs files of policy tests."""

from __future__ import annotations

import argparse

from .exits import FINDINGS, OK
from .options import Commands, command
from .output import clean, print_json
from .policy_files import read_suite

_EPILOG = """\
A file says which policies are under test, and for each case a request and what is expected of it: allowed,
denied, explicitly_denied, implicitly_denied or unknown, and by which statement. The policies' paths are
relative to it. pytest collects files named *.policy.toml and *.policy.yaml by itself.

  [policies]
  resource_policy = "bucket.json"
  [[cases]]
  name = "plain HTTP is refused"
  principal = "anonymous"
  action = "s3:GetObject"
  resource = "arn:aws:s3:::amzn-s3-demo-bucket/a"
  context = { "aws:SecureTransport" = false }
  expect = "explicitly_denied"
  statement = "DenyInsecureTransport"

exit codes: 0 all passed, 1 some failed, 2 a file cannot be read or has no cases

example:
  secure-s3 policy test bucket.policy.toml
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "test", "run policy tests", _EPILOG, run)
    parser.add_argument("files", metavar="FILE", nargs="+", help="TOML, or YAML by its name; - for stdin")


def run(args: argparse.Namespace) -> int:
    """Run the cases and tell what came of them."""
    suites = [read_suite(name) for name in args.files]  # all are read before anything is said
    results = [suite.run(policies) for suite, policies in suites]
    passed = all(result.passed for result in results)
    if args.json:
        print_json({"passed": passed, "suites": [result.to_dict() for result in results]})
    else:
        print(clean("\n".join(map(str, results))))
    return OK if passed else FINDINGS
