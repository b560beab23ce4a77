"""``secure-s3 audit``: what is not as it should be in a bucket, and what could not be read."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .audit_files import read_snapshots, require_writable, write_report, written
from .audit_show import AUDIT_STYLES, reading, show
from .bucket_wishes import add_wishes, bucket_name, wishes_of
from .exits import DENIED, FINDINGS, OK, TRANSPORT, USAGE, code_for
from .options import Commands, add_client_options, client, command, environment
from .output import print_json, print_table
from .policy_aims import SEVERITIES, code_of
from .policy_files import only_one_stdin
from .presign_values import usage

if TYPE_CHECKING:
    from ..bucket.audit.judging import Audit
    from ..errors import SecureS3Error

_EPILOG = """\
The bucket and its account are read, and nothing is changed. What the caller may not read is listed with the
permission it takes: it counts as a finding, unless it is merely recommended, or --allow-unread is given. The
bucket is compared with the encryption and the profile that the options describe; without a key, with SSE-S3.

exit codes: 0 no finding as severe as --fail-on, 1 findings, 2 usage or no such bucket, 3 denied, 5 transport

examples:
  secure-s3 audit amzn-s3-demo-bucket
  secure-s3 audit amzn-s3-demo-bucket --log-bucket amzn-s3-demo-logs --require data-events --fail-on medium
  secure-s3 audit bucket-1 bucket-2 --html audit.html --sarif audit.sarif
  secure-s3 audit amzn-s3-demo-bucket --save-snapshot today.json
  secure-s3 audit --snapshot today.json --profile-name regulated --kms-key-arn ARN
"""
_OUTPUTS = ("sarif", "html", "save_snapshot")
_WORST_FIRST = (DENIED, TRANSPORT, USAGE, FINDINGS)


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "find what is not as it should be in buckets"
    parser = command(commands, "audit", summary, _EPILOG, run)
    parser.add_argument("buckets", metavar="BUCKET", nargs="*", help="its name, or s3://name")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="low",
        help="the least severity that ends with 1; default low",
    )
    parser.add_argument(
        "--allow-unread", action="store_true", help="what could not be read does not end with 1"
    )
    parser.add_argument(
        "--details", action="store_true", help="all evidence, and the fixes of what is merely good to have"
    )
    parser.add_argument("--checks", action="store_true", help="list all checks, without BUCKET")
    files = parser.add_argument_group("files (- is standard input or output)")
    files.add_argument("--sarif", metavar="FILE", help="write SARIF, for code scanning")
    files.add_argument("--html", metavar="FILE", help="write one page that needs nothing else")
    files.add_argument("--save-snapshot", metavar="FILE", help="write what was read")
    files.add_argument(
        "--snapshot",
        metavar="FILE",
        action="append",
        default=[],
        help="judge that, and ask nobody; repeatable",
    )
    add_wishes(parser)
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Audit and tell."""
    _check(args)
    if args.checks:
        return _list_checks(args)
    failed: list[SecureS3Error] = []
    audits = list(_offline(args) if args.snapshot else _online(args, failed))
    _write(args, audits)
    _show(args, audits, failed)
    return _code(args, audits, failed)


def _check(args: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, before anything is read."""
    on_stdout = [f"--{name.replace('_', '-')} -" for name in _OUTPUTS if getattr(args, name) == "-"]
    said = [*on_stdout, *(["--json"] if args.json else [])]
    if len(said) > 1:
        raise usage(f"{' and '.join(said)} would be mixed up", "name a file for one of them")
    if args.checks and (args.buckets or args.snapshot):
        raise usage("--checks is about the checks, not about a bucket", "leave out what is beside it")
    if args.buckets and args.snapshot:
        raise usage("--snapshot asks nobody, and a BUCKET would be read", "leave one out")
    if not (args.buckets or args.snapshot or args.checks):
        raise usage("no bucket is named", "name a BUCKET, or pass --snapshot FILE")
    only_one_stdin(args.snapshot)
    for name in _OUTPUTS:
        if (path := getattr(args, name)) not in (None, "-"):
            require_writable(path, f"--{name.replace('_', '-')}")


def _online(args: argparse.Namespace, failed: list[SecureS3Error]) -> Iterator[Audit]:
    """Each bucket's audit; of several, those that cannot be audited are put into *failed*."""
    from ..errors import SecureS3Error

    names = list(dict.fromkeys(bucket_name(each) for each in args.buckets))
    wishes = wishes_of(args)
    with client(args, only_reads=True) as s3:
        for name in names:
            try:
                with reading(f"reading {name} …"):
                    audit = s3.bucket(name).audit(**wishes)
            except SecureS3Error as error:
                if len(names) == 1:
                    raise
                failed.append(error)
            else:
                yield audit


def _offline(args: argparse.Namespace) -> Iterator[Audit]:
    from ..bucket.audit.catalogue import CHECKS
    from ..bucket.audit.judging import judge_all
    from ..bucket.wanted import BucketProfile
    from ..encryption import strategy_from_env
    from ..profile import SecurityProfile

    env = environment(args, os.environ, only_reads=True)
    profile = BucketProfile.of(SecurityProfile.from_env(env), strategy_from_env(env), **wishes_of(args))
    for name in args.snapshot:
        for snapshot in read_snapshots(name):
            yield judge_all(snapshot, profile, CHECKS)


def _write(args: argparse.Namespace, audits: Sequence[Audit]) -> None:
    if args.sarif:
        from ..bucket.reports.sarif import sarif_of

        write_report(args.sarif, json.dumps(sarif_of(audits), indent=2) + "\n", "--sarif")
    if args.html:
        from ..bucket.reports.page import page_of

        write_report(args.html, page_of(audits), "--html")
    if args.save_snapshot:
        write_report(args.save_snapshot, written(each.snapshot for each in audits), "--save-snapshot")


def _show(args: argparse.Namespace, audits: Sequence[Audit], failed: Sequence[SecureS3Error]) -> None:
    from .failures import report

    if args.json:
        told: dict[str, Any] = {"audits": [each.to_dict() for each in audits]}
        print_json(told | {"errors": [each.diagnostics() for each in failed]})
        return
    if "-" not in (args.sarif, args.html, args.save_snapshot):
        show("\n\n".join(each.text(details=args.details) for each in audits), AUDIT_STYLES)
    for error in failed:
        report(error, args)
    for path in (args.sarif, args.html, args.save_snapshot):
        if path not in (None, "-"):
            print(f"written: {path}", file=sys.stderr)


def _code(args: argparse.Namespace, audits: Sequence[Audit], failed: Sequence[SecureS3Error]) -> int:
    codes = {code_for(each) for each in failed}
    codes.add(code_of(args, (finding for audit in audits for finding in audit.findings)))
    if any(each.unanswered for each in audits) and not args.allow_unread and args.fail_on != "never":
        codes.add(FINDINGS)
    return next((code for code in _WORST_FIRST if code in codes), OK)


def _list_checks(args: argparse.Namespace) -> int:
    from ..bucket.audit.catalogue import CHECKS

    if args.json:
        names = ("id", "title", "topic", "why", "fix", "refs", "hardened", "recommended", "source")
        listed = [
            {name: getattr(each, name) for name in names} | {"severity": each.severity.value}
            for each in CHECKS
        ]
        print_json({"checks": listed})
    else:
        rows = [(each.id, each.severity.value, each.topic, each.title) for each in CHECKS]
        print_table(("check", "severity", "topic", "the good case"), rows)
    return OK
