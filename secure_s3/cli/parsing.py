"""The parser of the commands: what it refuses is an error like others, with advice, and JSON if asked for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

_CHOICE = re.compile(r"invalid choice: '([^']*)'")
_NEAR = 0.7  # lower, and options are proposed that have little more than -- in common


class Misuse(Exception):
    """Arguments that are refused: the usage of the command that they were for, what is wrong, and advice."""

    def __init__(self, usage: str, what: str, fix: str) -> None:
        super().__init__(what)
        self.usage = usage
        self.what = what
        self.fix = fix


class Parser(argparse.ArgumentParser):
    """A parser that raises Misuse, and refuses by itself the options that it does not know.

    Left to argparse, what a command does not know is refused at the root, with the usage of no command.
    """

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """What argparse gives; there is nothing left over.

        Raises:
            Misuse: The arguments are refused.
        """
        self._words = sys.argv[1:] if args is None else list(args)
        found, left = super().parse_known_args(self._words, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left

    def error(self, message: str) -> NoReturn:
        """Raise Misuse. A misspelt option is told rather than what is missing because of it."""
        consequence = message.startswith(("unrecognized arguments", "the following arguments are required"))
        misspelt = next(self._misspelt(), None) if consequence else None
        if misspelt is not None:
            fix = self._option_advice(misspelt)
            raise Misuse(self.format_usage(), f"there is no option {misspelt}", fix)
        wrong = _CHOICE.search(message)
        near = nearest(wrong[1], self._choices()) if wrong else None
        raise Misuse(self.format_usage(), message, self._advice(near))

    def _misspelt(self) -> Iterator[str]:
        known = frozenset(self._options())
        for word in self._words:
            if word == "--":
                return
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in name and name not in known:
                yield name

    def _option_advice(self, misspelt: str) -> str:
        below = [each for action in self._actions for each in _parsers(action)]
        if any(misspelt in parser._option_string_actions for parser in below):
            return "write it after the command"
        return self._advice(nearest(misspelt, self._options()))

    def _advice(self, near: str | None) -> str:
        return f"did you mean {near}?" if near else f"see {self.prog} --help"

    def _options(self) -> list[str]:
        return [each for each in self._option_string_actions if each.startswith("--")]

    def _choices(self) -> list[str]:
        return [str(each) for action in self._actions for each in action.choices or ()]


def asked(words: Iterable[str], option: str) -> bool:
    """Whether a flag stands among the words of a command line that could not be parsed."""
    for word in words:
        if word == "--":
            return False
        if word == option:
            return True
    return False


def _parsers(action: argparse.Action) -> list[argparse.ArgumentParser]:
    """The parsers of the commands that an action chooses among; none for other actions."""
    choices = action.choices.values() if isinstance(action.choices, dict) else ()
    return [each for each in choices if isinstance(each, argparse.ArgumentParser)]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the *known* words that *word* is a misspelling of, if any is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:100], list(known), n=1, cutoff=_NEAR)), None)
