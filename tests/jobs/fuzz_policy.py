"""Does anything but findings, a decision or a PolicyError come out? ``python -m tests.jobs.fuzz_policy``.

Opt-in, with atheris (``pip install atheris``): coverage-guided fuzzing of everything in ``secure_s3.policy``
that reads what others wrote. Half of the mutations know JSON and the words of the policy language, so that
what stands behind the parser is reached as well. What fails is kept, and its path printed.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.jobs.fuzz_envelope import launch

MAX_BYTES = 24_000
_WORDS = """
Version Id Statement Sid Effect Allow Deny Principal NotPrincipal AWS Service Federated
CanonicalUser Action NotAction Resource NotResource Condition 2012-10-17 2008-10-17 * ? s3:*
s3:GetObject s3:PutObject s3:ListBucket s3:PutBucketPolicy kms:Decrypt sts:AssumeRole arn:aws:s3:::b
arn:aws:s3:::b/* arn:aws:s3::b arn:aws:iam::111122223333:root arn:aws:iam::111122223333:role/R
arn:aws:iam::111122223333:role/* 111122223333 arn:aws:sts::111122223333:assumed-role/R/s
logging.s3.amazonaws.com StringEquals StringNotEquals StringLike StringEqualsIgnoreCase
NumericLessThan DateLessThan Bool BoolIfExists BinaryEquals IpAddress NotIpAddress ArnLike
ArnNotEquals Null ForAllValues:StringLike ForAnyValue:StringEqualsIfExists aws:SecureTransport
s3:TlsVersion aws:SourceIp aws:SourceVpce aws:SourceArn aws:PrincipalArn aws:PrincipalServiceName
s3:prefix aws:PrincipalTag/t s3:x-amz-server-side-encryption
s3:x-amz-server-side-encryption-aws-kms-key-id s3:signatureAge true false 1.2 1.4 aws:kms AES256
10.0.0.0/8 2001:db8::/32 ${aws:username} ${aws:PrincipalTag/t,'x'} ${*} ${ null 2026-01-01T00:00:00Z
999999999999999999999999 vpce-1a2b3c4d public-read
"""
WORDS = _WORDS.split()


def main() -> int:
    """Run the fuzzer in a process of its own, and print its figures."""
    return launch("tests.jobs.fuzz_policy", MAX_BYTES)


def one_input(data: bytes) -> None:
    """Everything that is done with a policy of others; whatever is raised but a PolicyError is a failure."""
    from secure_s3.errors import PolicyError
    from secure_s3.policy import Policy, evaluate, lint
    from secure_s3.policy.canonical import canonical
    from secure_s3.policy.difference import diff, merge

    try:
        policy = Policy.parse(data)
    except PolicyError:
        return
    again = Policy.parse(policy.to_json())
    if again.to_json() != policy.to_json() or diff(policy, canonical(policy)):
        raise AssertionError("a policy does not survive printing, or its canonical form differs")
    for request in requests():
        for layers in ({"resource_policy": policy}, {"identity_policies": [policy], "scps": [policy]}):
            decision = evaluate(request, **layers)
            str(decision), json.dumps(decision.to_dict())
    for finding in lint(policy):
        str(finding)
    with suppress(PolicyError):
        merge(policy, *policy.statements)


def requests() -> list[Any]:
    """A few requests that differ in what is known of them."""
    from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf

    who = "arn:aws:sts::111122223333:assumed-role/R/s"
    known = {
        "aws:SecureTransport": True,
        "s3:TlsVersion": OneOf("1.2", "1.3"),
        "s3:signatureAge": Between(0, 9),
    }
    return [
        AccessRequest(
            "s3:GetObject", "arn:aws:s3:::b/k", who, known, unknown=("aws:SourceIp", "aws:PrincipalTag/*")
        ),
        AccessRequest("s3:PutBucketPolicy", "arn:aws:s3:::b", None, {"s3:prefix": ["a", "b"]}),
        AccessRequest("sts:AssumeRole", "arn:aws:iam::111122223333:role/R", UNKNOWN),
    ]


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """The next input: another document with words of the language put about, or the fuzzer's own change."""
    import atheris

    chance = random.Random(seed)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if document is None or chance.random() < 0.4:
        changed: bytes = atheris.Mutate(data, len(data) or 1)
        return changed[:max_size]
    for _ in range(chance.randint(1, 4)):
        document = changed_at(document, chance)
    return json.dumps(document).encode()[:max_size]


def changed_at(value: Any, chance: random.Random) -> Any:
    """*value* with one thing in it changed, wherever chance leads."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.2:
            return {(chance.choice(WORDS) if each == key else each): item for each, item in value.items()}
        if chance.random() < 0.1:
            return {each: item for each, item in value.items() if each != key}
        return {**value, key: changed_at(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        if chance.random() < 0.15:
            return [*value, value[place]]
        return [*value[:place], changed_at(value[place], chance), *value[place + 1 :]]
    return chance.choice(
        [
            lambda: chance.choice(WORDS),
            lambda: [chance.choice(WORDS) for _ in range(chance.randint(0, 3))],
            lambda: {chance.choice(WORDS): chance.choice(WORDS)},
            lambda: {chance.choice(WORDS): {chance.choice(WORDS): [chance.choice(WORDS)]}},
            lambda: chance.choice([None, True, 7, 1.5, -1e300, "", [], {}]),
            lambda: f"{value}{chance.choice(WORDS)}" if isinstance(value, str) else value,
        ]
    )()


def seeds(corpus: Path) -> None:
    """Policies to begin with: one of every builder in a bundle, and the words alone."""
    from secure_s3.policy import bundles

    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    (corpus / "small").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    baseline = bundles.baseline("amzn-s3-demo-bucket", min_tls="1.2")
    (corpus / "baseline").write_text(baseline.to_json(None))
    for number, word in enumerate(WORDS):
        condition = {"StringLike": {word: word}, word: {"aws:SourceIp": word}}
        text = json.dumps({"Statement": [{**statement, "Action": word, "Condition": condition}]})
        (corpus / f"word-{number}").write_text(text)


def inside(arguments: list[str]) -> None:
    """Import the policy room with its branches counted, and fuzz."""
    import atheris

    with atheris.instrument_imports(include=["secure_s3.policy"]):
        for name in ("secure_s3.policy", "secure_s3.policy.bundles", "secure_s3.policy.difference"):
            importlib.import_module(name)
    if Path(arguments[0]).is_dir():
        seeds(Path(arguments[0]))
    atheris.Setup([sys.argv[0], *arguments], one_input, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--inside" in sys.argv:
        inside(sys.argv[sys.argv.index("--inside") + 1 :])
    else:
        sys.exit(main())
