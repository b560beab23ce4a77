"""Writes the generated parts of the pages on policies anew: ``python -m tests.jobs.policies_page``.

The pages have marks, ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. What stands between them comes from
running the linter, the builders and the evaluator; ``tests/policy/test_page.py`` compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from secure_s3.policy import UNKNOWN, AccessRequest, Policy, bundles, evaluate, lint, statements
from secure_s3.policy import witnesses as w
from secure_s3.policy.canonical import meaning
from secure_s3.policy.rules import RULES
from secure_s3.values import Severity
from tests.jobs.pages import filled
from tests.policy.seed_policies import ARTICLES, BUCKET, KEY_ARN, SEEDS, SeedPolicy

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (DOCS / "policies.md", DOCS / "policy-reference.md")
WIDTH = 110
ROWS = 8

OBJECT, THE_BUCKET = w.bucket_arn(BUCKET, "key"), w.bucket_arn(BUCKET)
ACCESS_POINT = "arn:aws:s3:us-east-2:111122223333:accesspoint/my-access-point"
DISTRIBUTION = "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE"
MFA = "aws:MultiFactorAuthPresent"


def _get(principal: str | None = w.APP, **context: Any) -> AccessRequest:
    return w.witness("s3:GetObject", OBJECT, principal, context)


def _delete(action: str = "s3:DeleteObject", **context: Any) -> AccessRequest:
    return w.witness(action, OBJECT, w.USER, context)


def _policy_put(principal: str) -> AccessRequest:
    return w.witness("s3:PutBucketPolicy", THE_BUCKET, principal)


REQUESTS: dict[str, AccessRequest] = {
    "GET over plain HTTP": w.over_http(_get()),
    "a list over plain HTTP": w.over_http(w.witness("s3:ListBucket", THE_BUCKET)),
    "a list of another prefix": w.witness("s3:ListBucket", THE_BUCKET, context={"s3:prefix": "secret/"}),
    "GET over TLS 1.1": _get(**{"s3:TlsVersion": "1.1"}),
    "GET over TLS 1.3": _get(),
    "PUT without headers": w.put(BUCKET),
    "PUT with the right key": w.put(BUCKET, sse="aws:kms", sse_key=KEY_ARN),
    "PUT with DSSE-KMS and the right key": w.put(BUCKET, sse="aws:kms:dsse", sse_key=KEY_ARN),
    "PUT with another key": w.put(BUCKET, sse="aws:kms", sse_key=w.OTHER_KEY),
    "PUT with SSE-S3": w.put(BUCKET, sse="AES256"),
    # Whether S3 judges a part by the headers of its upload is documented nowhere.
    "a part of a multipart upload": w.with_context(
        w.upload_part(BUCKET), {w.SSE: UNKNOWN, w.SSE_KEY: UNKNOWN}
    ),
    "PUT with the ACL public-read": w.put(BUCKET, sse="aws:kms", sse_key=KEY_ARN, acl="public-read"),
    "PutObjectAcl authenticated-read": w.witness(
        "s3:PutObjectAcl", OBJECT, context={"s3:x-amz-acl": "authenticated-read"}
    ),
    "the admin's PutBucketPolicy": _policy_put(w.ADMIN),
    "an application's PutBucketPolicy": _policy_put(w.APP),
    "GET by the distribution": w.from_service(
        _get(), "cloudfront.amazonaws.com", arn=DISTRIBUTION, account="111122223333"
    ),
    "GET by another distribution": w.from_service(
        _get(), "cloudfront.amazonaws.com", arn=DISTRIBUTION[:-1] + "X", account="444455556666"
    ),
    "GET by another account": _get(w.OTHER_ACCOUNT),
    "GET by another account, tagged for it": _get(
        f"arn:aws:iam::{w.STRANGER}:root", **{"s3:ExistingObjectTag/Department": "Finance"}
    ),
    "GET by anybody": _get(w.ANYONE),
    "GET from 203.0.113.7": _get(**{"aws:SourceIp": "203.0.113.7"}),
    "GET from elsewhere": _get(**{"aws:SourceIp": "192.0.2.10"}),
    "GET through the VPC endpoint": w.through_endpoint(_get(), "vpce-1234567890abcdef0"),
    "GET through another endpoint": w.through_endpoint(_get(), "vpce-0a0a0a0a0a0a0a0a0"),
    "delivery of access logs": w.from_service(
        w.put(BUCKET), "logging.s3.amazonaws.com", arn="arn:aws:s3:::amzn-s3-demo-source", account=w.OWNER
    ),
    "DELETE with long-term keys, no MFA": _delete(),
    "DELETE with MFA": _delete(**{MFA: True, "aws:MultiFactorAuthAge": "60"}),
    "DELETE of a version, no MFA": _delete("s3:DeleteObjectVersion"),
    "GET through the access point, TLS 1.2": w.witness(
        "s3:GetObject", f"{ACCESS_POINT}/object/key", context={"s3:TlsVersion": "1.2"}
    ),
    "GET through the access point, TLS 1.3": w.witness("s3:GetObject", f"{ACCESS_POINT}/object/key"),
    "a list through the access point, TLS 1.2": w.witness(
        "s3:ListBucket", ACCESS_POINT, context={"s3:TlsVersion": "1.2"}
    ),
}


def right_form(seed: SeedPolicy) -> Policy:
    """The builders' form of a seed's policy, made by running its source."""
    names = {"statements": statements, "bundles": bundles, "Policy": Policy, "KEY": KEY_ARN}
    made = eval(seed.right.strip(), names)
    return made if isinstance(made, Policy) else Policy.of(made)


def outcome(policy: Policy, request: AccessRequest) -> str:
    """What a policy for itself does to a request."""
    identity = all(each.principals is None for each in policy.statements)
    layer: Any = {"identity_policies": [policy]} if identity else {"resource_policy": policy}
    found = evaluate(request, **layer).outcome
    return {"explicitly_denied": "denied", "implicitly_denied": "left to others"}.get(found, found)


def _seeds() -> Iterator[str]:
    shown: dict[str, str] = {}
    for seed in SEEDS:
        number, _, name = seed.name.partition(" ")
        policy = Policy.parse(seed.document)
        title, meant = f"{ARTICLES[number]}: {name}", "".join(map(meaning, policy.statements))
        yield f"### {title}\n"
        if meant in shown:
            yield f'The same as in "{shown[meant]}", under another Sid.\n'
            continue
        shown[meant] = title
        yield f"{seed.meant}\n"
        yield f"```json\n{_document(seed.statements)}\n```\n"
        yield from _judged(seed, policy)


def _judged(seed: SeedPolicy, policy: Policy) -> Iterator[str]:
    findings = [each for each in lint(policy, kind=seed.kind) if each.severity is not Severity.INFO]
    yield from (
        f"- `{each.rule}` ({each.severity.value}, {each.statement or 'document'}): {each.message}"
        for each in findings
    )
    yield "" if findings else "The linter has nothing to say.\n"
    if seed.note:
        yield f"{seed.note}\n"
    right = right_form(seed)
    yield f"Built:\n\n```python\n{_code(seed.right)}\n```\n"
    yield from _changes(policy, right)


def _document(raw: Any) -> str:
    return f'{{"Version": "2012-10-17", "Statement": [\n{_compact(raw)}\n]}}'


def _compact(raw: Any) -> str:
    texts = [json.dumps(dict(each), ensure_ascii=False) for each in raw]
    return ",\n".join("\n".join(_wrapped(text)) for text in texts)


def _wrapped(text: str, width: int = WIDTH) -> Iterator[str]:
    indent = ""
    while len(indent + text) > width:
        at = max(text.rfind(mark, 0, width - len(indent)) for mark in (", ", ": ")) + 1
        if at <= 0:
            break
        yield indent + text[:at]
        text, indent = text[at + 1 :], "  "
    yield indent + text


def _code(source: str) -> str:
    return f"built = {source.strip()}".replace("KEY", "key")


def _changes(policy: Policy, right: Policy) -> Iterator[str]:
    rows = []
    for name, request in REQUESTS.items():
        before, after = outcome(policy, request), outcome(right, request)
        if before != after:
            rows.append(f"| {name} | {before} | {after} |")
    if rows:
        yield "| request | published | built |\n|---|---|---|\n" + "\n".join(rows[:ROWS]) + "\n"


def _rules() -> Iterator[str]:
    yield "| rule | severity | what goes wrong | right |\n|---|---|---|---|"
    for rule in sorted(RULES, key=lambda rule: rule.id):
        cells = (f"`{rule.id}`", rule.severity.value, rule.title, rule.fix)
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _builders() -> Iterator[str]:
    yield "| builder | you get |\n|---|---|"
    for module in (statements, bundles):
        for name in module.__all__:
            function: Callable[..., Any] = getattr(module, name)
            first = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
            room, text = module.__name__.rpartition(".")[2], first.replace("``", "`").replace("|", "\\|")
            yield f"| `{room}.{name}` | {text} |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {"seeds": _seeds, "rules": _rules, "builders": _builders}


def written(page: str) -> str:
    """*page* with its generated parts made anew."""
    return filled(page, PARTS)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(written(path.read_text("utf-8")), "utf-8")
