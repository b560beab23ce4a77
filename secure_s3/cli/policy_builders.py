"""The builders of policies as commands: their options are their arguments, and so are the help texts."""

from __future__ import annotations

import argparse
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..errors import PolicyError
from ..policy import Policy, Statement, bundles, statements
from ..policy.difference import merge
from ..policy.spelling import nearest
from .parsing import Parser

_TIME = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_ARGUMENT = re.compile(r"^ {4}(?P<names>[a-z_]+(?:, [a-z_]+)*): (?P<text>.+)$")
_OURS = "merge_into"
_NAMED = re.compile(r"""\b([a-z_]+)=(\(["'].*?["'],?\)|'[^']*'|"[^"]*"|[A-Za-z0-9.-]*)""")
_AS_FOR = re.compile(r"As for ([a-z_]+)\.?")
# What is the same everywhere, and said in the docstrings of the builders' neighbours alone.
_USUAL = {
    "account": "the twelve digits of the account",
    "bucket": "the bucket's name",
    "distributions": "ARNs of CloudFront distributions",
    "except_principals": "ARNs of roles and users that are spared",
    "organization": "the organization's id, o-…",
    "partition": "e.g. aws-us-gov",
    "permission": "full-control, read, read-acp, write or write-acp",
    "prefix": "the literal beginning of keys",
    "principals": "ARNs of roles and users, or accounts",
    "put": "also storing objects",
    "region": "the region, e.g. eu-west-1",
    "sid": "the statement's Sid",
    "source_buckets": "names of the buckets it is about",
    "trails": "ARNs of CloudTrail's trails",
}


@dataclass(frozen=True, slots=True)
class Builder:
    """One function that makes a statement or a policy.

    Args:
        name: As it is named on the command line, e.g. ``deny-sse-c``.
        kind: ``bundle`` or ``statement``.
        function: From keyword arguments to a Policy or a Statement.
    """

    name: str
    kind: str
    function: Callable[..., Any]

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What it takes, but for the existing policy, which is read from a file."""
        found = inspect.signature(self.function).parameters
        return {name: each for name, each in found.items() if name != _OURS}

    def parser(self, *, json: bool, debug: bool) -> argparse.ArgumentParser:
        """The parser of its options."""
        description, texts = _documented(self.function)
        parser = Parser(
            prog=f"secure-s3 policy build {self.name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        hints = typing.get_type_hints(self.function)
        for name, parameter in self.parameters.items():
            _add(parser, name, parameter, hints[name], texts.get(name) or _USUAL.get(name, ""))
        parser.add_argument("--merge-into", metavar="FILE", help="the policy that is there; - for stdin")
        if self.kind == "statement":
            parser.add_argument(
                "--replace", metavar="SID", action="append", help="a statement of it that may be replaced"
            )
        parser.add_argument("--json", action="store_true", default=json, help="print one JSON document")
        parser.add_argument("--debug", action="store_true", default=debug, help="show tracebacks of errors")
        return parser

    def build(self, given: Mapping[str, Any], existing: Policy | None) -> Policy:
        """The policy: what it makes, put into *existing*.

        Raises:
            PolicyError: A value does not do; the error names its option.
        """
        values = {name: given[_dest(name)] for name in self.parameters if given[_dest(name)] is not None}
        try:
            if self.kind == "bundle":
                return typing.cast(Policy, self.function(**values, merge_into=existing))
            made: Statement = self.function(**values)
            return merge(existing, made, replace=given.get("replace") or ())
        except PolicyError as error:
            names = (*self.parameters, "replace")
            told = [in_options(text, names, values) for text in (error.what, error.why, error.fix)]
            raise PolicyError(told[0], why=told[1], fix=told[2]) from error


def builders() -> dict[str, Builder]:
    """Every builder by its name on the command line, bundles first."""
    found: dict[str, Builder] = {}
    for kind, module in (("bundle", bundles), ("statement", statements)):
        for function in (getattr(module, each) for each in module.__all__):
            name = function.__name__.replace("_", "-")
            found[name] = Builder(name, kind, function)
    return found


def builder(name: str) -> Builder:
    """The builder of that name; PolicyError with the nearest one if there is none."""
    known = builders()
    folded = name.replace("_", "-")
    if folded in known:
        return known[folded]
    near = nearest(folded, known)
    raise PolicyError(
        f"there is nothing to build named {name!r}", fix=f"did you mean {near}?" if near else "see --list"
    )


# -- options --------------------------------------------------------------------------------------------


def _add(
    parser: argparse.ArgumentParser, name: str, parameter: inspect.Parameter, hint: Any, text: str
) -> None:
    needed = parameter.default is inspect.Parameter.empty
    options: dict[str, Any] = {"dest": _dest(name), "required": needed, "default": None}
    kinds = {hint, *typing.get_args(hint)}
    several = any(typing.get_origin(each) is not None and _iterable(each) for each in kinds)
    if bool in kinds:
        options["action"] = argparse.BooleanOptionalAction
    else:
        options["metavar"] = "N" if int in kinds else "TIME" if timedelta in kinds else "VALUE"
    if timedelta in kinds:
        options |= {"type": _time, "metavar": "TIME"}
    elif int in kinds:
        options["type"] = _whole
    if several:
        options["action"] = "append"
    options["help"] = _help(text, several, parameter.default)
    parser.add_argument(f"--{name.replace('_', '-')}", **options)


def _iterable(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and origin is not types.UnionType and issubclass(origin, Iterable)


def _help(text: str, several: bool, default: Any) -> str:
    parts = [text.rstrip(".")] if text else []
    parts += ["may be repeated"] if several else []
    if isinstance(default, str | int) and not isinstance(default, bool) and default != "":
        parts.append(f"default {default}")
    elif default is True:
        parts.append("the default")
    return "; ".join(parts).replace("%", "%%")


def _dest(name: str) -> str:
    return f"of_builder_{name}"


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _time(text: str) -> timedelta:
    found = _TIME.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write e.g. 300, 90s, 15m, 2h or 1d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def in_options(text: str, names: Iterable[str], values: Mapping[str, Any]) -> str:
    """What a builder says of its arguments, ``name=value``, said of the options of the command line.

    A bundle hands arguments on to statements that name them differently: what has the value of one of
    *values* is that option.

    Args:
        text: What it says.
        names: The arguments of the builder.
        values: Those that were given.
    """
    options = {name: f"--{name.replace('_', '-')}" for name in names}
    for name, value in _NAMED.findall(text):
        same = [each for each, given in values.items() if repr(given) == value]
        if name not in options and len(same) == 1:
            options[name] = options[same[0]]

    def said(match: re.Match[str]) -> str:
        option = options.get(match[1])
        if option is None:
            return match[0]
        value = re.sub(r"""^[(\[](["'].*?["']),?[)\]]$""", r"\1", match[2])
        return option if value in ("", "True") else f"{option} {value}"

    return _NAMED.sub(said, text)


# -- docstrings -----------------------------------------------------------------------------------------


def _documented(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What a docstring says before its sections, and what it says of each argument."""
    before, _, after = (inspect.getdoc(function) or "").partition("\nArgs:\n")
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in after.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        match = _ARGUMENT.match(line)
        if match:
            names = match["names"].split(", ")
            texts.update(dict.fromkeys(names, match["text"]))
        elif line.strip():
            texts.update({name: f"{texts[name]} {line.strip()}" for name in names})
    for name, text in texts.items():
        other = _AS_FOR.fullmatch(text)
        found = getattr(bundles, other[1], getattr(statements, other[1], None)) if other else None
        if found is not None:
            texts[name] = _documented(found)[1].get(name, "")
    description = re.split(r"\n(?:Returns|Raises):\n", before)[0].strip()
    texts = {name: text.replace("``", "") for name, text in texts.items()}
    return description.replace("%", "%%"), texts
