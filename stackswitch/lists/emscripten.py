"""How emcc reads a list setting and what reaches Binaryen; and how a name has to be spelled to get there.

emcc takes ``-sX=a,b``, ``-sX=[a,b]``, ``-sX=["a","b"]`` and ``-sX=@file`` (JSON, or a name a line), rewrites
``.`` to a blank, ``#`` to ``&`` and ``?`` to a comma in every name, joins the names with commas and hands
the text to Binaryen, which splits it again. Sources: Emscripten ``tools/cmdline.py`` (reading),
``tools/link.py`` (rewriting and joining). ``tests/integration/lists/test_emcc_settings.py`` compares this
module with emcc.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stackswitch.tools.parsing import json_value

from .namelist import comma_trouble

Quote = Literal["", '"', "'"]
_REWRITTEN = ".#?"
_TO_BINARYEN = str.maketrans(_REWRITTEN, " &,")
_TO_EMCC = str.maketrans(" &,", _REWRITTEN)


class SettingError(ValueError):
    """A value that emcc refuses as a list; ``at`` is where in it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class Item:
    """A name in a setting's value: as emcc reads it, where it stands (quotes included), its quotes.

    ``json``: the whole value is JSON, where names may hold commas.
    """

    name: str
    start: int
    end: int
    quote: Quote
    json: bool = False


def read_items(value: str, *, fragment: bool = False) -> tuple[Item, ...]:
    r"""Read a list setting's value, after ``-sX=``, as emcc does.

    A backslash stands for itself: emcc doubles it before it tries JSON. Where the value is no JSON, the
    doubled one stays.

    :param fragment: the value is part of a list only, as a shell variable may hold it: brackets may be
        missing, commas may stand at its ends
    :raises SettingError: emcc would refuse it
    """
    start, end = 0, len(value.rstrip())
    if fragment:
        start = len(value) - len(value.lstrip(" \t\r\n,"))
        end = len(value.rstrip(" \t\r\n,"))
    if start >= end:
        return ()
    bracketed = value[start] == "["
    as_json = value[start:end] if bracketed or not fragment else f"[{value[start:end]}]"
    if bracketed and not value[start:end].endswith("]"):
        if not fragment:
            raise SettingError("a list that begins with [ must end with ]", end - 1)
        bracketed = False
        start += 1
        as_json = f"[{value[start:end]}]"
    elif fragment and not bracketed and value[end - 1] == "]" and value.count("[", start, end) == 0:
        end -= 1
        as_json = f"[{value[start:end]}]"
    try:
        parsed = json_value(as_json.replace("\\", "\\\\"))
    except ValueError:
        parsed = None
    if parsed is None and as_json != "null":
        inner = (start + 1, end - 1) if bracketed else (start, end)
        return tuple(_own_items(value, *inner))
    if not isinstance(parsed, list) or not all(isinstance(each, str) for each in parsed):
        raise SettingError("emcc takes this for JSON that is no list of names: put it in brackets", start)
    found = re.compile(r'"[^"]*"').finditer(value, start, end)
    return tuple(
        Item(name, each.start(), each.end(), '"', json=True) for name, each in zip(parsed, found, strict=True)
    )


def _own_items(value: str, start: int, end: int) -> list[Item]:
    """Read what is no JSON by emcc's own rule: commas separate, quotes hold together.

    A quoted name with a comma in it comes out wrong (3.1.6 to 6.0 at least): its first part stands in it
    twice. So such a name can only be had in a list that is JSON, or with ``?`` for the comma.
    """
    items: list[Item] = []
    if not value[start:end].strip():
        return items
    at = start
    while True:
        stop = _next_comma(value, at, end)
        begin = at
        first = stop - len(value[at:stop].lstrip())
        if first == stop:
            raise SettingError("there is an empty name in the list", at)
        quote = value[first]
        if quote in "\"'":
            first_stop = stop
            while not value[at:stop].rstrip().endswith(quote):
                if stop == end:
                    raise SettingError(f"the quote {quote} is not closed", first)
                at = stop + 1
                stop = _next_comma(value, at, end)
            name = value[first:stop].rstrip()
            if stop != first_stop:
                name = f"{value[first:first_stop]},{value[begin:stop].rstrip()}"
            name = name[1:-1]
        else:
            name = value[first:stop].rstrip()
        length = len(value[first:stop].rstrip())
        marks: Quote = '"' if quote == '"' else "'" if quote == "'" else ""
        items.append(Item(name.replace("\\", "\\\\"), first, first + length, marks))
        if stop == end:
            return items
        at = stop + 1


def _next_comma(value: str, at: int, end: int) -> int:
    comma = value.find(",", at, end)
    return end if comma < 0 else comma


def rewritten(name: str) -> str:
    """Return the name that emcc passes to Binaryen for this one."""
    return name.translate(_TO_BINARYEN)


def to_emscripten(name: str) -> str:
    """Spell a name without blanks, ``&`` and commas, so that emcc's rewriting restores it.

    A name that cannot be spelled so is returned unchanged.
    """
    return name if name != rewritten(name) else name.translate(_TO_EMCC)


@dataclass(frozen=True)
class UnsupportedName:
    """A name that emcc does not pass to Binaryen unchanged.

    :ivar wildcard: an entry that emcc passes on and that matches the name
    """

    name: str
    why: str
    wildcard: str


FILE_ADVICE = (
    'give emcc the name of a list that Binaryen reads by itself: -sASYNCIFY_ONLY=["@/path/to/list"] '
    "(a name a line, no . # or ? in the path), or run wasm-opt with --pass-arg=asyncify-onlylist@@FILE"
)
"""The way around that needs no wildcard: emcc's only entry becomes Binaryen's response file."""


def unsupported_names(names: Sequence[str]) -> tuple[UnsupportedName, ...]:
    """Return which of Binaryen's names emcc does not pass on, why, and a wildcard for each.

    What only affects the first or the last name of a list counts for each: the order may change.
    """
    found = []
    reasons = {name: trouble[0][1] for name in names if (trouble := comma_trouble([name]))}
    for name in names:
        if name != rewritten(name):
            characters = " ".join(each for each in _REWRITTEN if each in name)
            why = f"emcc turns {characters} in it into something else"
        elif name in reasons:
            why = reasons[name]
        else:
            continue
        found.append(UnsupportedName(name, why, wildcard_for(name)))
    return tuple(found)


def wildcard_for(name: str) -> str:
    """Return an entry that emcc and Binaryen pass through unchanged and that matches the name.

    What cannot pass is replaced by ``*``: ``.``, ``#``, ``?``, newlines, and (only where they do not come out
    even) brackets and the commas among them.
    """
    result = re.sub(r"[.#?\n\r\t]+", "*", name)
    if result.startswith("@"):
        result = f"*{result[1:]}"
    if result and result[-1] in " \f\v":
        result = f"{result.rstrip()}*"
    if comma_trouble([result]):
        result = re.sub(r"operator(<<=?|>>=?|->\*?|<=?|>=?|\[\])", "operator*", result)
    if comma_trouble([result]):
        result = re.sub(r"[()<>\[\]{},]+", "*", result)
    return re.sub(r"\*+", "*", result) or "*"
