"""What a list of names matches, as Binaryen's Asyncify pass matches it.

Names are text with surrogate escapes for bytes that are no UTF-8, as
``wasm.function_names.binaryen_names`` has them.
Sources: Binaryen ``src/support/string.cpp`` (splitting, wildcards) and ``src/passes/Asyncify.cpp`` (what an
entry may name). ``tests/integration/lists/test_binaryen_lists.py`` compares this module with Binaryen.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from stackswitch.errors import ConfigError
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module

BLANKS = " \n\r\t\f\v"
"""What C's ``isspace`` takes for a blank: Binaryen drops these at the end of a list's text."""
_OPENING = "(<[{"
_CLOSING = ")>]}"


def split_text(text: str) -> tuple[str, ...]:
    """Split a list's text into entries: that of ``--pass-arg=asyncify-onlylist@TEXT``, or of ``@@FILE``.

    Blanks at the end of the whole are dropped. With a newline left inside, every line is an entry,
    exactly as it stands; otherwise commas separate, save where brackets are open.

    :raises ConfigError: commas separate and the brackets do not come out even (fatal in Binaryen)
    """
    text = text.rstrip(BLANKS + "\0")
    if "\n" in text:
        return tuple(text.split("\n"))
    entries, left = split_commas(text)
    if left:
        raise ConfigError(
            f"Binaryen cannot split this list on commas: the brackets from {shorten(left)} on do not come "
            "out even (as in operator< or operator->); put each name on a line of a file"
        )
    return tuple(entries)


def split_commas(text: str) -> tuple[list[str], str]:
    """Split on commas outside brackets; the second value is what was left over with a bracket open.

    Brackets are counted and not matched: ``->`` closes one that was never opened, and what follows is
    joined to it. Parts without text are dropped.
    """
    entries: list[str] = []
    pending = ""
    nesting = 0
    for part in text.split(","):
        if not part:
            continue
        nesting += bracket_balance(part)
        pending = f"{pending},{part}" if pending else part
        if nesting == 0:
            entries.append(pending)
            pending = ""
    return entries, pending


def bracket_balance(text: str) -> int:
    """Count opening brackets of any kind, less closing ones."""
    return sum(map(text.count, _OPENING)) - sum(map(text.count, _CLOSING))


def comma_trouble(entries: Sequence[str]) -> list[tuple[str, str]]:
    """Return the entries that a list joined by commas cannot hold, and why."""
    found: list[tuple[str, str]] = []
    for at, entry in enumerate(entries):
        if not entry:
            found.append((entry, "an empty entry is dropped"))
        elif "\n" in entry:
            found.append((entry, "a newline in a list makes Binaryen split it on newlines only"))
        elif bracket_balance(entry):
            found.append(
                (entry, "its brackets do not come out even, which is fatal in a list split on commas")
            )
        elif split_commas(entry) != ([entry], ""):
            found.append((entry, "it is split at its comma"))
        elif at == 0 and entry[0] == "@":
            found.append((entry, "a list that begins with @ is taken for a file's name"))
        elif at == len(entries) - 1 and entry[-1] in BLANKS:
            found.append((entry, "blanks at the end of a list are dropped"))
    return found


def shorten(text: str, most: int = 60) -> str:
    """Quote a text for a message, cut to a bearable length."""
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")


class NameIndex:
    """A module's function names, made ready for many look-ups.

    :param names: by function index, imports first (``wasm.function_names.binaryen_names``)
    :param imported: how many of them are imports: a list cannot name those
    """

    def __init__(self, names: Sequence[str], imported: int = 0) -> None:
        self.names = tuple(names)
        self.imported = imported

    @classmethod
    def of(cls, module: Module) -> NameIndex:
        """Return the index of a module."""
        return cls(binaryen_names(module), module.imported_function_count)

    def matching(self, entry: str) -> frozenset[int]:
        """Return the functions that an entry stands for; imported ones only if it names one in full.

        ``*`` is any run of characters, none included; there is no way to escape it. A full name of an
        imported function is fatal in Binaryen; a wildcard passes imports over.
        """
        if "*" not in entry:
            index = self.by_name.get(entry)
            return frozenset() if index is None else frozenset((index,))
        first, *middle, last = re.split(r"\*+", entry)
        if first:
            candidates = self._between(self._sorted, first)
        elif last:
            candidates = self._between(self._reversed, last[::-1])
        elif middle:
            candidates = self._containing(max(middle, key=len))
        else:
            candidates = range(self.imported, len(self.names))
        # All candidates begin with ``first``.
        names = self.names
        shortest = len(first) + len(last)
        return frozenset(
            index
            for index in candidates
            if index >= self.imported
            and len(name := names[index]) >= shortest
            and name.endswith(last)
            and (not middle or _in_turn(name, middle, len(first), len(name) - len(last)))
        )

    def matching_any(self, entries: Iterable[str]) -> frozenset[int]:
        """Return the functions that any of these entries match."""
        return frozenset().union(*map(self.matching, entries))

    def matching_defined(self, *entries: str) -> frozenset[int]:
        """Return the defined functions that any of these entries match."""
        return frozenset(each for each in self.matching_any(entries) if each >= self.imported)

    def defined(self, functions: Iterable[int]) -> set[str]:
        """Return the names of those of these functions that are defined, as Binaryen matches them."""
        return {self.names[each] for each in functions if each >= self.imported}

    @cached_property
    def by_name(self) -> dict[str, int]:
        """The function that has a name; Binaryen makes names unique."""
        return {name: index for index, name in reversed(list(enumerate(self.names)))}

    @cached_property
    def _sorted(self) -> tuple[list[str], list[int]]:
        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        return [self.names[index] for index in order], order

    @cached_property
    def _reversed(self) -> tuple[list[str], list[int]]:
        backwards = [name[::-1] for name in self.names]
        order = sorted(range(len(backwards)), key=backwards.__getitem__)
        return [backwards[index] for index in order], order

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        return "\0".join(self.names), list(accumulate((len(name) + 1 for name in self.names), initial=0))

    def _containing(self, part: str) -> Iterable[int]:
        """Return the functions whose names hold a text, and maybe some between whose names it lies."""
        text, starts = self._joined
        at = text.find(part)
        while at >= 0:
            index = bisect_right(starts, at) - 1
            yield index
            at = text.find(part, starts[index + 1])

    @staticmethod
    def _between(table: tuple[list[str], list[int]], prefix: str) -> Iterable[int]:
        keys, order = table
        start = bisect_left(keys, prefix)
        return order[start : bisect_right(keys, prefix, start, key=lambda name: name[: len(prefix)])]


def _in_turn(name: str, parts: Sequence[str], start: int, end: int) -> bool:
    """Whether the parts stand in the name one after the other; the leftmost place each is as good as any."""
    for part in parts:
        found = name.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True
