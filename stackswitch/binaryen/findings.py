"""What the pass says on stderr, turned into findings: pure text work.

Two spellings of its warnings are known: ``… name: 'NAME'`` (Binaryen 125 and later tried) and
``… name: NAME (ESCAPED)`` (before). A name may hold quotes, brackets and spaces, so a line is read by
looking for the names that were given, not by taking it apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from stackswitch.models.base import Frozen
from stackswitch.models.case import ListName

from .listfile import GUARD

_UNMATCHED = re.compile(
    r"warning: Asyncify (only|add|remove)list contained a "
    r"(?:non-existing function name|non-matching pattern): "
)
_IMPORTED = re.compile(
    r"^Fatal: Asyncify (only|add|remove)list contained an imported function name [^\n]*?: ", re.MULTILINE
)
_LISTS: dict[str, ListName] = {
    "only": "ASYNCIFY_ONLY",
    "add": "ASYNCIFY_ADD",
    "remove": "ASYNCIFY_REMOVE",
}
_MISSING_FEATURE = re.compile(r"\[--enable-([a-z0-9-]+)\]")


class Findings(Frozen):
    """``unmatched``: list and name, each once, in the order given; ``other``: lines not understood."""

    unmatched: tuple[tuple[ListName, str], ...] = ()
    other: tuple[str, ...] = ()


def read_warnings(stderr: str, lists: Mapping[ListName, Iterable[str]]) -> Findings:
    """Sort the lines of a successful pass's stderr.

    :param lists: the names that were given, by list
    """
    unmatched: list[tuple[ListName, str]] = []
    other: list[str] = []
    for line in stderr.split("\n"):
        head = _UNMATCHED.match(line)
        if not head:
            if line.strip():
                other.append(line)
            continue
        which = _LISTS[head.group(1)]
        said = line[head.end() :]
        if _names(said, GUARD):
            continue
        name = max((name for name in lists.get(which, ()) if _names(said, name)), key=len, default=None)
        if name is None:
            other.append(line)
        elif (which, name) not in unmatched:
            unmatched.append((which, name))
    return Findings(unmatched=tuple(unmatched), other=tuple(other))


def _names(said: str, name: str) -> bool:
    return said in (f"'{name}'", name) or (said.startswith(f"{name} (") and said.endswith(")"))


def imported_name(stderr: str, lists: Mapping[ListName, Iterable[str]]) -> tuple[ListName, str] | None:
    """The name of an imported function that a list must not hold, if that is why the pass gave up."""
    head = _IMPORTED.search(stderr)
    if not head:
        return None
    which = _LISTS[head.group(1)]
    said = stderr[head.end() :].split("\n", 1)[0]
    return next(((which, name) for name in lists.get(which, ()) if name == said), None)


def missing_features(stderr: str) -> tuple[str, ...]:
    """The features that Binaryen's validator asks for by flag (``[--enable-…]``), each once."""
    return tuple(dict.fromkeys(_MISSING_FEATURE.findall(stderr)))
