"""Writes the generated parts of the page on denials anew: ``python -m tests.jobs.denials_page``.

The page has marks, ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. What stands between them comes from the
catalogue of causes; ``tests/denials/test_page.py`` compares.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from secure_s3.denials import parse_denial
from secure_s3.denials.catalogue import CATALOGUE, Cause, Wording
from secure_s3.denials.catalogue.entry import CALLER
from secure_s3.denials.causes import Example, fix_for, worded
from tests.jobs.pages import filled

PAGE = Path(__file__).resolve().parents[2] / "docs" / "denials.md"
WIDTH = 110
POLICY = "arn:aws:iam::111122223333:policy/Limits"
ORGANIZATION = "arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5"
POLICIES = {
    "service_control_policy": f"{ORGANIZATION}/service_control_policy/p-a1b2c3d4",
    "resource_control_policy": f"{ORGANIZATION}/resource_control_policy/p-a1b2c3d4",
}
SENTENCE = re.compile(r"^User: \{principal\} is not authorized to perform: (\{action\})(\{on\})?")


def _example(cause: Cause, wording: Wording) -> Example:
    arn = POLICIES.get(cause.name, POLICY) if wording.explicit else None
    return worded(wording, wording.action or cause.action, cause.resource, CALLER, arn)


def _index() -> Iterator[str]:
    """Each message, without the names in it, and where it is explained."""
    yield "| status, code | message | what refuses |\n|---|---|---|"
    for cause in CATALOGUE.values():
        for wording in cause.wordings:
            code = " ".join(filter(None, (str(wording.status or ""), f"`{wording.code}`")))
            yield f"| {code} | {_without_names(cause, wording)} | {_link(cause)} |"


def _without_names(cause: Cause, wording: Wording) -> str:
    """A message without the names in it; where KMS or STS is asked, that stays."""
    service = cause.action.partition(":")[0]
    action = f"{service}:…" if service in ("kms", "sts") else "…"
    text = SENTENCE.sub(r"… \1" if action != "…" else "…", wording.message)
    text = text.format(principal="…", action=action, on="", resource="…", named="")
    return text.replace("|", "\\|")


def _link(cause: Cause) -> str:
    anchor = re.sub(r"[^\w -]", "", cause.title.lower()).replace(" ", "-")
    return f"[{cause.title}](#{anchor})"


def _causes() -> Iterator[str]:
    for cause in CATALOGUE.values():
        yield f"### {cause.title[0].upper()}{cause.title[1:]}\n"
        yield _wrapped(cause.meaning)
        yield f"\n`cause`: `{cause.name}`. Who can change it: {cause.fixed_by}.\n"
        yield "```text\n" + "\n\n".join(_answers(cause)) + "\n```\n"
        yield from _fixes(cause)
        names = [f"[{page.rpartition('/')[2].partition('.')[0]}]({page})" for page in cause.pages]
        yield "\nAWS on it:\n" + ",\n".join(names) + ".\n"


def _answers(cause: Cause) -> Iterator[str]:
    for wording in cause.wordings:
        answer = _example(cause, wording)
        start = " ".join(filter(None, (str(answer.status or ""), answer.code)))
        more = [f"{name}: {text}" for name, text in answer.fields.items()]
        yield "\n".join(each for part in (start, answer.message, *more) for each in _lines(part))


def _fixes(cause: Cause) -> Iterator[str]:
    """The fixes of its wordings, and for which details each is."""
    found: dict[str, list[str]] = {}
    for wording in cause.wordings:
        answer = _example(cause, wording)
        denial = parse_denial(
            service=answer.service,
            operation=answer.operation,
            status=answer.status,
            code=answer.code,
            message=answer.message,
            fields=answer.fields,
        )
        found.setdefault(fix_for(denial), []).append(_when(wording))
    for fix, when in found.items():
        told = ", ".join(dict.fromkeys(filter(None, when)))
        yield _wrapped(
            f"- {told}: {fix}." if told and len(found) > 1 else f"- {fix[0].upper()}{fix[1:]}.", "  "
        )


def _when(wording: Wording) -> str:
    said = (
        {True: "explicit", False: "implicit"}.get(bool(wording.explicit), "")
        if wording.explicit is not None
        else ""
    )
    layer = wording.layer.replace("_", " ") if wording.layer else ""
    detail = wording.detail or (wording.code if wording.code not in ("AccessDenied",) else "")
    return " ".join(filter(None, (layer, said, detail if not said or wording.detail else "")))


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]


def _wrapped(text: str, indent: str = "") -> str:
    return "\n".join(
        textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )


PARTS: dict[str, Callable[[], Iterator[str]]] = {"index": _index, "causes": _causes}


def written(page: str) -> str:
    """*page* with its generated parts made anew."""
    return filled(page, PARTS)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
