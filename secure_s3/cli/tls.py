"""``secure-s3 tls URL``: which TLS an endpoint offers, and whether a client here would talk to it."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from .exits import OK, TRANSPORT
from .options import Commands, command
from .output import clean, print_json, print_table

if TYPE_CHECKING:
    from ..guard.probe import TlsReport

_EPILOG = """\
exit codes: 0 accepted, 5 not accepted or not reachable

example:
  secure-s3 tls https://s3.eu-west-1.amazonaws.com
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "show an endpoint's TLS versions and certificate, and whether they would be accepted"
    parser = command(commands, "tls", summary, _EPILOG, run)
    parser.add_argument("url", metavar="URL", help="https://host[:port], or host[:port]")
    parser.add_argument("--ca-bundle", metavar="FILE", help="PEM file of the CA (SECURE_S3_CA_BUNDLE)")
    parser.add_argument(
        "--min-tls", choices=("1.2", "1.3"), help="oldest version (SECURE_S3_MIN_TLS, or 1.2)"
    )
    parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="for each connection")


def run(args: argparse.Namespace) -> int:
    """Probe and print."""
    from ..guard.probe import probe_tls

    report = probe_tls(
        args.url if "://" in args.url else f"https://{args.url}",
        ca_bundle=args.ca_bundle or os.environ.get("SECURE_S3_CA_BUNDLE") or None,
        min_tls=args.min_tls or os.environ.get("SECURE_S3_MIN_TLS") or "1.2",
        timeout=args.timeout,
    )
    if args.json:
        print_json(report.to_dict())
    else:
        _show(report)
    return OK if report.accepted else TRANSPORT


def _show(report: TlsReport) -> None:
    rows: list[tuple[str, str]] = [
        (f"TLS {version.version}", f"{version.detail}{f', {version.cipher}' if version.cipher else ''}")
        for version in report.versions
    ]
    if report.certificate:
        shown = report.certificate
        known: list[tuple[str, object]] = [
            ("subject", shown.subject),
            ("names", ", ".join(shown.names or ())),
            ("issuer", shown.issuer),
            ("valid until", shown.not_after and f"{shown.not_after:%Y-%m-%d} ({shown.days_left} days left)"),
            ("SHA-256", shown.sha256),
        ]
        rows += [(name, str(value)) for name, value in known if value]
    rows.append(("verification", report.verification))
    rows.append((f"accepted (TLS {report.min_tls}+)", "yes" if report.accepted else "no"))
    print_table((report.url, ""), rows)
    for reason in report.reasons:
        print(f"- {clean(reason)}")
