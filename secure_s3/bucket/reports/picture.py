"""The picture of a bucket: its layers, one within the other, as SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .layers import Layer, State
from .markup import Markup, element

WIDTH = 360
_STEP = 40  # from the head of a layer to that of the next within it
_INSET = 10
_TOP = 26
_OBJECTS = 44
_BEHIND = 2  # layers that requests do not pass

_SHAPES = {
    State.SOUND: ('<circle r="9"/>', '<path d="M-4 .2l2.8 3 5.2-6"/>'),
    State.NOTED: ('<circle r="9"/>', '<path d="M0-.8v5M0-4.6v.2"/>'),
    State.WARNED: ('<path d="M0-9.5 10 8H-10z"/>', '<path d="M0-3.6v5M0 4.7v.2"/>'),
    State.BROKEN: (
        '<path d="M-4-9.5h8L9.5-4v8L4 9.5h-8L-9.5 4v-8z"/>',
        '<path d="M-3.4-3.4 3.4 3.4M3.4-3.4-3.4 3.4"/>',
    ),
    State.UNKNOWN: (
        '<rect x="-9" y="-9" width="18" height="18" rx="4"/>',
        '<path d="M-2.8-2.4a2.8 2.8 0 1 1 4 2.5C.3.6 0 1 0 2M0 4.8v.2"/>',
    ),
}
"""Each state has a shape of its own, so that it is told without colours as well."""


def symbols() -> Markup:
    """The icons, once in a page; ``icon`` refers to them."""
    drawn = [
        Markup(
            f'<symbol id="i-{state.value}" viewBox="-12 -12 24 24">'
            f'<g class="shape">{shape}</g><g class="sign">{sign}</g></symbol>'
        )
        for state, (shape, sign) in _SHAPES.items()
    ]
    return element("svg", drawn, class_="symbols", width=0, height=0, aria_hidden="true", focusable="false")


def icon(state: State, *, size: int = 20) -> Markup:
    """The icon of a state; words beside it say the same."""
    used = element("use", href=f"#i-{state.value}")
    return element("svg", used, class_=f"icon {state.value}", width=size, height=size, aria_hidden="true")


def picture(layers: Sequence[Layer], anchor: str, name: str, places: Mapping[str, str]) -> Markup:
    """The layers from the account to the objects, and what stands behind; each leads to its findings.

    Args:
        layers: As ``layers_of`` has them.
        anchor: What ids of this bucket begin with.
        name: Of the bucket.
        places: By layer, the id of the part of the page that it leads to.
    """
    passed, behind = layers[:-_BEHIND], layers[-_BEHIND:]
    inner = _TOP + _STEP * len(passed) + _OBJECTS  # where the box of the objects ends
    bottom = inner + _INSET * len(passed)
    drawn = [
        _frame(each, places[each.id], depth, _TOP + _STEP * depth, inner + _INSET * (len(passed) - depth))
        for depth, each in enumerate(passed)
    ]
    below = [
        _frame(each, places[each.id], 0, bottom + 34 + 48 * place, bottom + 34 + 48 * place + _STEP)
        for place, each in enumerate(behind)
    ]
    height = bottom + 34 + 48 * len(behind) - 6
    said = "; ".join(f"{each.name}: {each.told}" for each in layers)
    title, about = f"{anchor}-picture", f"{anchor}-picture-about"
    return element(
        "svg",
        element("title", f"The layers of {name}", id=title),
        element("desc", f"From the outside to the data: {said}.", id=about),
        _caption("A request passes, from the outside in", _TOP - 10),
        drawn,
        _objects(len(passed), inner),
        _caption("Behind it", bottom + 24),
        below,
        class_="picture",
        viewBox=f"0 0 {WIDTH} {height}",
        role="group",
        aria_labelledby=title,
        aria_describedby=about,
    )


def _frame(layer: Layer, place: str, depth: int, top: int, end: int) -> Markup:
    left, width = 1 + _INSET * depth, WIDTH - 2 - 2 * _INSET * depth
    middle = top + _STEP // 2
    state = layer.state.value
    marked = element("use", href=f"#i-{state}", x=left + 10, y=middle - 11, width=22, height=22)
    return element(
        "a",
        element("rect", x=left, y=top, width=width, height=end - top, rx=10),
        element("g", marked, class_=f"icon {state}"),
        element("text", layer.name, class_="name", x=left + 40, y=middle + 5),
        element("text", layer.told, class_="told", x=left + width - 14, y=middle + 5, text_anchor="end"),
        class_=f"layer {state}",
        href=f"#{place}",
        aria_label=f"{layer.name}: {layer.told}",
    )


def _objects(depth: int, end: int) -> Markup:
    left, width = 1 + _INSET * depth, WIDTH - 2 - 2 * _INSET * depth
    return element(
        "g",
        element("rect", x=left, y=end - _OBJECTS, width=width, height=_OBJECTS - 2, rx=8),
        element("text", "Objects", x=WIDTH // 2, y=end - _OBJECTS // 2 + 4, text_anchor="middle"),
        class_="objects",
    )


def _caption(text: str, y: int) -> Markup:
    return element("text", text, class_="caption", x=2, y=y)


def strip(layers: Sequence[Layer]) -> Markup:
    """The same in one line, for an overview: a mark for each layer, with its words for those who hover."""
    marks = [
        element("span", icon(each.state, size=16), title=f"{each.name}: {each.told}", class_="mark")
        for each in layers
    ]
    return element("span", marks, class_="strip", aria_hidden="true")
