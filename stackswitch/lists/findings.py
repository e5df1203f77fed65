"""Problems of a list compared with a module's names: stale, shadowed and impossible entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .emscripten import rewritten
from .namelist import BLANKS, NameIndex

FPCAST_PREFIX = "byn$fpcast-emu$"
"""What Binaryen's fpcast-emu pass puts before the name of the wrapper it makes for a function in a table."""

StaleReason = Literal[
    "absent",
    "imported",
    "empty",
    "carriage-return",
    "surrounding-blanks",
    "quotes",
    "separator",
    "escaped",
    "dollar",
    "emcc-spelling",
    "emcc-rewritten",
    "leading-underscore",
    "fpcast-prefix",
    "signature-missing",
    "signature-spelling",
    "mangled",
    "case",
]
REASONS: dict[StaleReason, str] = {
    "absent": "no function has this name",
    "imported": "it is an imported function: those belong in ASYNCIFY_IMPORTS (Binaryen refuses the list)",
    "empty": "the entry is empty",
    "carriage-return": "it ends with a carriage return: the file has CRLF line ends, and the CR counts",
    "surrounding-blanks": "there are blanks around it, which Binaryen takes for part of the name",
    "quotes": "there are quotes around it: here they are part of the name",
    "separator": "there is a comma at its end: the separator has become part of the name",
    "escaped": r"it is escaped as in WebAssembly text (\28 for a bracket): lists take names as they are",
    "dollar": "the $ before it belongs to WebAssembly text: lists take names without it",
    "emcc-spelling": "it is spelled for emcc's command line (. # ? for a blank, & and a comma): "
    "Binaryen does not translate that",
    "emcc-rewritten": "emcc has turned . # or ? in it into a blank, & or a comma, so that it cannot match",
    "leading-underscore": "the _ before it is JavaScript's: lists take the name in the wasm",
    "fpcast-prefix": f"{FPCAST_PREFIX} is only there in a build with emulated function pointer casts",
    "signature-missing": "a C++ function's name has its parameters with it",
    "signature-spelling": "the name is spelled with other blanks; they count",
    "mangled": "it is a mangled C++ name, and the module has them in readable form",
    "case": "the name is spelled with other capitals",
}


@dataclass(frozen=True)
class Stale:
    """An entry that stands for no function: why, and the entries that may be meant."""

    entry: str
    reason: StaleReason
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shadowed:
    """An entry that adds nothing: all that it stands for, earlier or wider entries ``by`` stand for too."""

    entry: str
    by: str


@dataclass(frozen=True)
class ListFindings:
    """A list compared with a module.

    :ivar stale: entries that stand for nothing
    :ivar shadowed: entries that could go and nothing would change
    """

    stale: tuple[Stale, ...]
    shadowed: tuple[Shadowed, ...]


def examine(entries: Sequence[str], index: NameIndex) -> ListFindings:
    """Compare a list (``ASYNCIFY_ONLY``, ``_ADD`` or ``_REMOVE``, as Binaryen gets it) with a module.

    A full name of an imported function counts as stale here.
    """
    by_entry: dict[str, frozenset[int]] = {}
    shadowed: list[Shadowed] = []
    stale: list[Stale] = []
    spellings = cache(lambda: _Spellings(index))  # few lists have a stale entry; it takes a while to make
    for entry in entries:
        if entry in by_entry:
            shadowed.append(Shadowed(entry, entry))
            continue
        by_entry[entry] = found = index.matching_defined(entry)
        if not found:
            stale.append(_why_stale(entry, index, spellings))
    stale = [_unless_listed(each, by_entry) for each in stale]
    shadowed += _covered(by_entry)
    return ListFindings(tuple(stale), tuple(shadowed))


def _covered(by_entry: dict[str, frozenset[int]]) -> list[Shadowed]:
    """Find the entries that one wildcard covers; of two that are equal, the later counts as covered."""
    wide = sorted((each for each in by_entry if "*" in each), key=lambda each: -len(by_entry[each]))
    order = {entry: at for at, entry in enumerate(by_entry)}
    covered = []
    for entry, found in by_entry.items():
        if not found:
            continue
        for other in wide:
            theirs = by_entry[other]
            if len(theirs) < len(found):
                break
            first = len(found) < len(theirs) or order[other] < order[entry] or "*" not in entry
            if other != entry and found <= theirs and first:
                covered.append(Shadowed(entry, other))
                break
    return covered


def _why_stale(entry: str, index: NameIndex, spellings: Callable[[], _Spellings]) -> Stale:
    if not entry:
        return Stale(entry, "empty")
    if entry in index.by_name:
        return Stale(entry, "imported")
    for reason, other in _variants(entry):
        if other and other != entry and index.matching_defined(other):
            return Stale(entry, reason, (other,))
    return spellings().explain(entry)


_CHANCE: frozenset[StaleReason] = frozenset({"case", "leading-underscore", "fpcast-prefix"})


def _unless_listed(stale: Stale, by_entry: dict[str, frozenset[int]]) -> Stale:
    """Take a likeness for chance where the list has the other name as well."""
    if stale.reason in _CHANCE and all(by_entry.get(each) for each in stale.suggestions):
        return Stale(stale.entry, "absent")
    return stale


def _variants(entry: str) -> list[tuple[StaleReason, str]]:
    """Other spellings of an entry, each with what would be wrong with this one."""
    bare = entry.strip(BLANKS)
    unquoted = bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'`" else bare
    readable = _unescape(bare)
    return [
        ("carriage-return", entry.removesuffix("\r")),
        ("surrounding-blanks", bare),
        ("separator", bare.removesuffix(",")),
        ("quotes", unquoted),
        ("quotes", bare.removesuffix(",").strip("\"'")),
        ("escaped", readable),
        ("dollar", bare.removeprefix("$")),
        ("dollar", readable.removeprefix("$").strip('"')),
        ("emcc-spelling", rewritten(bare)),
        ("emcc-rewritten", bare.replace(" ", ".").replace("&", "#").replace(",", "?")),
        ("fpcast-prefix", bare.removeprefix(FPCAST_PREFIX)),
        ("leading-underscore", bare.removeprefix("_")),
    ]


def _unescape(text: str) -> str:
    r"""Undo the escapes of WebAssembly text's names (``\28`` is a byte in hexadecimal)."""
    raw = re.sub(
        rb"\\([0-9a-fA-F]{2})",
        lambda found: bytes([int(found[1], 16)]),
        text.encode("utf-8", "surrogateescape"),
    )
    return raw.decode("utf-8", "surrogateescape")


class _Spellings:
    """The defined names by what is left of them when blanks, parameters or capitals do not count."""

    def __init__(self, index: NameIndex) -> None:
        self.blankless: defaultdict[str, list[str]] = defaultdict(list)
        self.plain: defaultdict[str, list[str]] = defaultdict(list)
        self.folded: defaultdict[str, list[str]] = defaultdict(list)
        self.has_mangled = False
        for name in sorted(index.names[index.imported :]):
            self.blankless["".join(name.split())].append(name)
            self.folded[name.casefold()].append(name)
            if "(" in name:
                self.plain[name[: name.index("(")]].append(name)
            self.has_mangled = self.has_mangled or name.startswith("_Z")

    def explain(self, entry: str) -> Stale:
        """Find the name that was meant, or say that there is none."""
        if entry.startswith("_Z") and not self.has_mangled:
            return Stale(entry, "mangled")
        tries: list[tuple[StaleReason, list[str] | None]] = [
            ("signature-spelling", self.blankless.get("".join(entry.split()))),
            ("signature-missing", self.plain.get(entry)),
            ("case", self.folded.get(entry.casefold())),
        ]
        for reason, close in tries:
            if close:
                return Stale(entry, reason, tuple(close))
        return Stale(entry, "absent")
