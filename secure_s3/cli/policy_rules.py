"""``secure-s3 policy lint --rules`` and ``--explain``: what the lint rules are about."""

from __future__ import annotations

import argparse

from ..errors import PolicyError
from .exits import OK
from .output import clean, print_json, print_table


def tell(args: argparse.Namespace) -> int:
    """List the rules, or explain one."""
    from ..policy.rulebook import RULEBOOK, as_dict

    if args.explain is not None:
        return _explain(args)
    if args.json:
        print_json({"rules": [as_dict(each) for each in RULEBOOK]})
    else:
        print_table(
            ("rule", "severity", "title"), [(each.id, each.severity.value, each.title) for each in RULEBOOK]
        )
    return OK


def _explain(args: argparse.Namespace) -> int:
    from ..policy.rulebook import RULEBOOK, as_dict, explain, rule_named
    from ..policy.spelling import nearest

    try:
        rule = rule_named(args.explain)
    except PolicyError as error:
        near = nearest(args.explain, [each.id for each in RULEBOOK])
        fix = f"did you mean {near}?" if near else "--rules lists all of them"
        raise PolicyError(error.what, fix=fix) from error
    if args.json:
        print_json(as_dict(rule))
    else:
        print(clean(explain(rule.id)))
    return OK
