"""Lists as Binaryen takes them: a file each, a name a line.

Binaryen trims a list's text and splits it on newlines if one is left inside; otherwise on commas, where a
name such as ``operator<`` is fatal; and a list without text counts as not given, which for the imports
means *all*, and for the only-list *everything*. So every text begins and ends with a line that can match
nothing: names keep their spaces, a single name is a list of lines too, and an empty list is an empty list.
Source: Binaryen ``src/support/string.cpp`` and ``src/passes/Asyncify.cpp``; tried on 132.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stackswitch.models.expect import ListName

GUARD = "stackswitch-list-guard"
"""The line that matches nothing. An import's full name has a dot in it, so this can't be one."""

OPTIONS: dict[ListName, str] = {
    "ASYNCIFY_IMPORTS": "asyncify-imports",
    "ASYNCIFY_ONLY": "asyncify-onlylist",
    "ASYNCIFY_ADD": "asyncify-addlist",
    "ASYNCIFY_REMOVE": "asyncify-removelist",
}
"""The pass argument that takes each list."""


def list_text(names: Iterable[str]) -> bytes:
    r"""Write a list file; names that a line can't hold (with ``\n`` in them) are left out.

    Names are bytes to Binaryen: those that are no UTF-8 travel as surrogate escapes.
    """
    lines = [GUARD, *(name for name in names if "\n" not in name), GUARD]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def matches(pattern: str, name: str) -> bool:
    """Whether a list entry matches a name, as Binaryen sees it: ``*`` is any run of characters.

    A linear search for the parts between the stars, so that no pattern takes long.
    """
    first, *rest = re.split(r"\*+", pattern)
    if not rest:
        return pattern == name
    if not name.startswith(first):
        return False
    at = len(first)
    *middle, last = rest
    for part in middle:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(name) - at >= len(last) and name.endswith(last)
