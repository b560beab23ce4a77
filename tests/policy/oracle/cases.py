"""Cases for both sides: a request, its context, and the policies of every layer, drawn from a seed.

A case is plain JSON. Much of what a statement says is drawn from the request itself, so that it often
matches.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from .conditions import OPERATORS, block, context_of

Case = dict[str, Any]

HOME, AWAY = "111122223333", "444455556666"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
OBJECTS = (f"{BUCKET}/home/alice/a.txt", f"{BUCKET}/home/bob/b.txt", f"{BUCKET}/red/:x", f"{BUCKET}/axb")
NAMES = ("alice", "bob", "red")
ACTIONS = {
    "s3:GetObject": OBJECTS,
    "s3:PutObject": OBJECTS,
    "s3:DeleteObject": OBJECTS,
    "s3:ListBucket": (BUCKET,),
    "s3:GetBucketPolicy": (BUCKET,),
    "s3:PutBucketPolicy": (BUCKET,),
    "s3:ListAllMyBuckets": ("*",),
    "kms:Decrypt": ("key",),
    "kms:GenerateDataKey": ("key",),
    "sts:AssumeRole": ("role",),
}
SERVICES = ("cloudfront.amazonaws.com", "logging.s3.amazonaws.com")
KIND_WEIGHTS = {
    "user": 30,
    "path": 6,
    "session": 36,
    "role": 4,
    "root": 8,
    "federated-user": 4,
    "service": 6,
    "anonymous": 6,
}


def cases(count: int, seed: int) -> Iterator[Case]:
    """*count* cases; the same seed gives the same ones."""
    random = Random(seed)
    for number in range(count):
        yield {"id": number, **_case(random)}


def _case(random: Random) -> Case:
    action = random.choice([*ACTIONS])
    account = random.choice((HOME, HOME, AWAY))
    resource = _resource(random, action, account)
    kind = random.choices([*KIND_WEIGHTS], [*KIND_WEIGHTS.values()])[0]
    principal = principal_of(kind, random.choice((HOME, HOME, HOME, AWAY)), random.choice(NAMES))
    owner = principal.split(":")[4] if principal and principal.startswith("arn:") else account
    case: Case = {
        "action": action,
        "principal": principal,
        "resource": resource,
        "resource_account": owner if resource == "*" else account,
        "context": context_of(random, action, principal),
    }
    return case | _policies(random, case, kind)


def _policies(random: Random, case: Case, kind: str) -> Case:
    """The policies of each layer, those only that the other side takes for such a principal."""
    person = kind in ("user", "path", "session", "role", "federated-user", "root")
    role = kind in ("session", "role", "federated-user")
    own = person and kind not in ("root",)
    some = random.random
    resource = some() < 0.75 or "role/" in case["resource"] or "key/" in case["resource"]
    return {
        "identity": [_policy(random, case, "identity") for _ in range(random.choice((1, 1, 2)))]
        if own
        else [],
        "resource_policy": _policy(random, case, "resource")
        if resource and case["resource"] != "*"
        else None,
        "boundary": _policy(random, case, "boundary") if own and some() < 0.25 else None,
        "session": _policy(random, case, "session") if role and some() < 0.25 else None,
        "scps": _levels(random, case, "scp") if person and some() < 0.3 else [],
        "rcps": _levels(random, case, "rcp") if some() < 0.2 else [],
        "endpoint": [_policy(random, case, "endpoint")] if some() < 0.1 else [],
    }


def _levels(random: Random, case: Case, layer: str) -> list[list[Case]]:
    return [
        [_policy(random, case, layer) for _ in range(random.choice((1, 1, 2)))]
        for _ in range(random.choice((1, 2)))
    ]


def _policy(random: Random, case: Case, layer: str) -> Case:
    version = "2008-10-17" if random.random() < 0.04 and layer != "rcp" else "2012-10-17"
    count = random.choice((1, 1, 2, 3))
    return {"Version": version, "Statement": [_statement(random, case, layer) for _ in range(count)]}


def _statement(random: Random, case: Case, layer: str) -> Case:
    deny = layer == "rcp" or random.random() < 0.25
    said: Case = {"Effect": "Deny" if deny else "Allow"}
    if layer in ("resource", "rcp", "endpoint"):
        said |= _principals(random, case, deny, layer)
    said |= _actions(random, case, layer)
    if not (layer == "resource" and "role/" in case["resource"]):
        said |= _resources(random, case, layer)
    conditions = block(random, case["context"], case["action"], 0.75 if deny else 0.45)
    return said | ({"Condition": conditions} if conditions else {})


def _actions(random: Random, case: Case, layer: str) -> Case:
    service, name = case["action"].split(":")
    fitting = [
        case["action"],
        f"{service}:*",
        f"{service.upper()}:{name[:3]}*",
        f"{service}:*{name[-4:]}",
        f"{service}:{name[0]}?{name[2:]}",
        case["action"].lower(),
    ]
    if layer not in ("resource", "rcp"):
        fitting.append("*")
    others = [f"{service}:Nothing*", *(each for each in ACTIONS if each.startswith(f"{service}:"))]
    if layer not in ("resource",):
        others += ACTIONS
    chosen = [
        random.choice(fitting if random.random() < 0.8 else others) for _ in range(random.choice((1, 1, 2)))
    ]
    name_of = "Action"
    if layer != "rcp" and random.random() < 0.06:
        name_of, chosen = "NotAction", [random.choice(others)]
    return {name_of: _one_or_more(random, chosen)}


def _resources(random: Random, case: Case, layer: str) -> Case:
    resource = case["resource"]
    key = "key/" in resource
    fitting = ["*", resource]
    others = ["arn:aws:s3:::amzn-s3-demo-other", "arn:aws:s3:::amzn-s3-demo-other/*"]
    if resource.startswith("arn:aws:s3"):
        fitting += [
            f"{BUCKET}*",
            "arn:aws:s3:::*",
            "arn:*:s3:::*",
            "arn:aws:s3:*:*:amzn*",
            f"{resource[:-1]}?",
            f"arn:aws:s3:::*{resource[-4:]}",
            f"{BUCKET}/home/${{aws:username}}/*",
            f"{BUCKET}/${{aws:PrincipalTag/team, 'red'}}/*",
            f"{BUCKET}/a${{*}}b",
            f"{BUCKET}/*:*",
        ]
    elif resource.startswith("arn:"):
        fitting += [f"{resource[:-2]}*", "arn:aws:*:*:*:*", f"{resource[:20]}*", f"{resource[:-3]}???"]
        others = ["arn:aws:kms:eu-west-1:111122223333:key/other", "arn:aws:iam::111122223333:role/other"]
    if layer in ("resource",) and key:
        fitting, others = ["*", "*", resource], ["arn:aws:kms:eu-west-1:111122223333:key/other"]
    if layer in ("scp", "boundary", "endpoint"):
        fitting += ["*"] * 4
    chosen = [
        random.choice(fitting if random.random() < 0.85 else others) for _ in range(random.choice((1, 1, 2)))
    ]
    negated = random.random() < 0.06 and layer != "rcp"
    return {"NotResource" if negated else "Resource": _one_or_more(random, chosen)}


def _principals(random: Random, case: Case, deny: bool, layer: str) -> Case:
    if layer in ("rcp", "endpoint"):
        return {"Principal": "*"}
    named = [_named(random, case) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    if random.random() < (0.2 if deny else 0.02):
        return {"NotPrincipal": _gathered([each for each in named if each != "*"] or [("AWS", HOME)])}
    if "*" in named:
        return {"Principal": random.choice(("*", {"AWS": "*"}))}
    return {"Principal": _gathered(named)}


def _named(random: Random, case: Case) -> Any:
    """One principal: the caller in some way, two times in three, or somebody else."""
    principal = case["principal"]
    if principal is None or random.random() < 0.12:
        return "*" if random.random() < 0.8 else ("AWS", HOME)
    if not principal.startswith("arn:"):
        return ("Service", principal if random.random() < 0.7 else random.choice(SERVICES))
    account = principal.split(":")[4]
    if random.random() < 0.68:
        choices = [principal, principal, account, f"arn:aws:iam::{account}:root"]
        if "assumed-role" in principal:
            choices += [f"arn:aws:iam::{account}:role/{principal.split('/')[1]}"] * 3
        return ("AWS", random.choice(choices))
    if random.random() < 0.1:
        return ("Service", random.choice(SERVICES))
    kind = random.choice(("user", "role", "root", "session", "path"))
    return ("AWS", principal_of(kind, random.choice((HOME, AWAY)), random.choice(NAMES)))


def _gathered(named: list[tuple[str, str]]) -> Case:
    found: dict[str, list[str]] = {}
    for kind, name in named:
        found.setdefault(kind, []).append(name)
    return {kind: names[0] if len(names) == 1 else names for kind, names in found.items()}


def _one_or_more(random: Random, chosen: list[str]) -> Any:
    return chosen[0] if len(chosen) == 1 and random.random() < 0.5 else chosen


def _resource(random: Random, action: str, account: str) -> str:
    text = random.choice(ACTIONS[action])
    if text == "key":
        return f"arn:aws:kms:eu-west-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    return f"arn:aws:iam::{account}:role/{random.choice(NAMES)}" if text == "role" else text


def principal_of(kind: str, account: str, name: str) -> str | None:
    """The ARN of such a principal, the name of a service, or None for an anonymous caller."""
    return {
        "user": f"arn:aws:iam::{account}:user/{name}",
        "path": f"arn:aws:iam::{account}:user/staff/{name}",
        "session": f"arn:aws:sts::{account}:assumed-role/{name}/session-{name}",
        "role": f"arn:aws:iam::{account}:role/{name}",
        "root": f"arn:aws:iam::{account}:root",
        "federated-user": f"arn:aws:sts::{account}:federated-user/{name}",
        "service": SERVICES[len(name) % 2],
        "anonymous": None,
    }[kind]


__all__ = ["OPERATORS", "Case", "cases", "principal_of"]
