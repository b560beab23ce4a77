"""Elements of HTML and SVG, in which every text is escaped because there is no other way to put one in."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from ...values import printable_text


class Markup(str):
    """Text that is markup already; only ``element`` and constants of this package make it."""

    __slots__ = ()


Child: TypeAlias = str | int | Iterable["Child"] | None

_VOID = frozenset({"meta", "link", "br"})


def element(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """``<name attribute="…">children</name>``.

    Args:
        name: Of the element.
        children: Elements, and texts, which are escaped; None is left out, and lists are put in one by one.
        attributes: With ``_`` for a hyphen, and one at the end where Python has a word of that name; None and
            False are left out, True has no value.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Elements and texts, one after the other."""
    return Markup("".join(_content(each) for each in children))


def _content(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int):
        return escape(printable_text(str(child)))
    return join(child)


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(printable_text(str(value)))}"'
