"""Pages of which parts are generated: between two comments that name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Parts = Mapping[str, Callable[[], Iterator[str]]]


def filled(page: str, parts: Parts) -> str:
    """*page* with its generated parts made anew."""
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, found, rest = page.partition(begin)
        if found:
            text = re.sub(r"\n{3,}", "\n\n", "\n".join(part()).strip())
            page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return page
