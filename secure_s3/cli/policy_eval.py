"""``secure-s3 policy eval``: whether policies allow a request, and which statements decide."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .exits import DENIED, FINDINGS, OK
from .options import Commands, command
from .output import clean, print_json
from .policy_files import only_one_stdin, read_policy

if TYPE_CHECKING:
    from ..policy import AccessRequest

_EPILOG = """\
FILE is the policy of the resource: of a bucket, an access point, a key or a role. Keys of the context that
are neither given nor unknown are absent from the request. Several --scp (--rcp) are policies of one level of
the organization; "secure-s3 policy test" takes levels.

exit codes: 0 allowed, 1 unknown, 2 usage, 3 denied

examples:
  secure-s3 policy eval policy.json --principal anonymous --action s3:GetObject \\
      --resource arn:aws:s3:::amzn-s3-demo-bucket/a --context aws:SecureTransport=false
  secure-s3 policy eval policy.json --principal arn:aws:iam::111122223333:role/app --identity app.json \\
      --action s3:PutObject --resource arn:aws:s3:::amzn-s3-demo-bucket/a --unknown aws:SourceIp
"""
_CODES = {"allowed": OK, "unknown": FINDINGS}


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "eval", "tell whether policies allow a request, and why", _EPILOG, run)
    parser.add_argument("file", metavar="FILE", nargs="?", help="the resource's policy; - for standard input")
    parser.add_argument("--action", required=True, metavar="NAME", help="e.g. s3:GetObject")
    parser.add_argument("--resource", required=True, metavar="ARN", help="* for actions without a resource")
    parser.add_argument(
        "--principal", required=True, metavar="ARN", help="an ARN or a service; anonymous; or unknown"
    )
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the request has; may be repeated, also for several values of one key",
    )
    parser.add_argument(
        "--unknown", action="append", default=[], metavar="KEY", help="may be there, e.g. aws:PrincipalTag/*"
    )
    parser.add_argument("--principal-account", metavar="ID", help="where its ARN does not say")
    parser.add_argument(
        "--resource-account", metavar="ID", help="whose the resource is; default: the caller's"
    )
    parser.add_argument(
        "--allow-unknown-names",
        action="store_true",
        help="take misspelt names, and values of other types, as they are",
    )
    layers = parser.add_argument_group("further policies (each may be repeated, but for --boundary)")
    for name, what in (("identity", "of the caller"), ("session", "passed with the session")):
        layers.add_argument(f"--{name}", action="append", default=[], metavar="FILE", help=what)
    layers.add_argument("--boundary", metavar="FILE", help="the caller's permissions boundary")
    for name, what in (("scp", "service control"), ("rcp", "resource control"), ("endpoint", "VPC endpoint")):
        layers.add_argument(f"--{name}", action="append", default=[], metavar="FILE", help=f"{what} policy")


def run(args: argparse.Namespace) -> int:
    """Evaluate and tell."""
    from ..policy import evaluate
    from ..policy.plausibility import plausible

    request = _request(args)
    if not args.allow_unknown_names:
        plausible(request, "the request")
    decision = evaluate(request, **_layers(args))
    if args.json:
        print_json(decision.to_dict())
    else:
        print(clean(str(decision)))
    return _CODES.get(decision.outcome, DENIED)


def _request(args: argparse.Namespace) -> AccessRequest:
    from ..policy import AccessRequest
    from ..policy.suites import who

    return AccessRequest(
        action=args.action,
        resource=args.resource,
        principal=who(args.principal),
        context=context(args.context),
        unknown=tuple(args.unknown),
        principal_account=args.principal_account,
        resource_account=args.resource_account,
    )


def context(given: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` each; a key that stands several times has several values."""
    from .presign_values import usage

    found: dict[str, tuple[str, list[str]]] = {}  # as it is first written, and its values
    for each in given:
        key, sign, value = each.partition("=")
        if not sign or not key:
            raise usage(f"--context {each!r} is no KEY=VALUE", "write e.g. aws:SecureTransport=true")
        found.setdefault(key.lower(), (key, []))[1].append(value)
    return dict(found.values())


def _layers(args: argparse.Namespace) -> dict[str, Any]:
    from .presign_values import usage

    one = {"resource_policy": args.file, "permissions_boundary": args.boundary}
    several = {
        "identity_policies": args.identity,
        "session_policies": args.session,
        "scps": args.scp,
        "rcps": args.rcp,
        "endpoint_policies": args.endpoint,
    }
    names = [
        *(name for name in one.values() if name),
        *(name for names in several.values() for name in names),
    ]
    if not names:
        raise usage(
            "there is no policy to evaluate", "name the resource's policy, or others with --identity …"
        )
    only_one_stdin(names)
    layers: dict[str, Any] = {layer: read_policy(name) for layer, name in one.items() if name}
    layers.update({layer: [read_policy(name) for name in files] for layer, files in several.items() if files})
    return layers
