"""The findings in what the pass writes to stderr.

Two spellings of its warnings are known: ``… name: 'NAME'`` (Binaryen 125 and later tried) and
``… name: NAME (ESCAPED)`` (before). A name may hold quotes, brackets and spaces, so a line is read by
looking for the names that were given, not by taking it apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName

from .listfile import GUARD, matches

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
# Names of labels, which only people read.
_IGNORED = re.compile(r"warning: unknown name subsection with id \d+ at \d+\Z")
_MISSING_FEATURE = re.compile(r"(?:\[| requires )--enable-([a-z0-9-]+)")


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
            if line.strip() and not _IGNORED.match(line):
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


def explain_unmatched(
    unmatched: Iterable[tuple[ListName, str]],
    lists: Mapping[ListName, Iterable[str]],
    imported: Mapping[str, str],
) -> list[str]:
    """Return sentences about entries that match nothing, and about what Binaryen does without a warning.

    :param imported: the names of imported functions as the lists match them, to ``module.name``
    """
    lines = []
    for which, name in unmatched:
        if which == "ASYNCIFY_IMPORTS":
            lines.append(f"{which}: no imported function is {name}")
        elif name in imported:
            lines.append(f"{which}: {name} is imported: it belongs in ASYNCIFY_IMPORTS, as {imported[name]}")
        elif "\n" in name:
            lines.append(f"{which}: {name!r} has a line break, which a list can't hold: write * in its place")
        else:
            shown = name if name == name.strip() else repr(name)
            lines.append(f"{which}: no function has the name {shown}")
    for pattern in lists.get("ASYNCIFY_REMOVE", ()):
        if "*" in pattern:
            hit = [full for name, full in imported.items() if matches(pattern, name)]
            lines += [
                f"ASYNCIFY_REMOVE: {pattern} matches the import {full}: it can't suspend" for full in hit
            ]
    return lines


def missing_features(stderr: str) -> tuple[str, ...]:
    """The flags (without ``--enable-``) that Binaryen's validator requires, each once."""
    return tuple(dict.fromkeys(_MISSING_FEATURE.findall(stderr)))
