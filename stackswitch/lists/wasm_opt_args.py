"""Lists in ``wasm-opt``'s own arguments: ``--pass-arg=asyncify-onlylist@a,b`` and ``…@@FILE``."""

from __future__ import annotations

import re

from stackswitch.errors import ConfigError, ListFileError

from .elements import Element, Place
from .namelist import BLANKS, split_text
from .source import Text, line_of

OPTION = re.compile(r"(?:--pass-arg[= ])?asyncify-(onlylist|whitelist|addlist|removelist|blacklist|imports)@")
"""What a pass argument with a list begins with; the older names are still taken by Binaryen 132."""
VARIABLES = {
    "onlylist": "ASYNCIFY_ONLY",
    "whitelist": "ASYNCIFY_ONLY",
    "addlist": "ASYNCIFY_ADD",
    "removelist": "ASYNCIFY_REMOVE",
    "blacklist": "ASYNCIFY_REMOVE",
    "imports": "ASYNCIFY_IMPORTS",
}
"""The setting that each option is for."""
FORMAT = "wasm-opt argument"


def argument_place(source: str, value: Text, variable: str) -> Place:
    """Make a place of the text after ``asyncify-…@``.

    :raises ListFileError: Binaryen would refuse to split it
    """
    line = line_of(source, value.place(0))
    expansions = value.expansions(source)
    file = value.chars[1:] if value.chars.startswith("@") else None
    spans: list[tuple[str, int, int]] = []
    if file is None and not expansions:
        try:
            spans = _entries(value.chars)
        except ConfigError as error:
            raise ListFileError(f"{variable}: {error}", line=line) from None
    elements = tuple(Element(name, *value.span(start, end)) for name, start, end in spans)
    places = {element.start: start for element, (_, start, _) in zip(elements, spans, strict=True)}

    def render(name: str, like: Element | None) -> str:
        if like is None:
            return value.encode(0, name)
        opening = source[like.start : value.starts[places[like.start]]]
        closing = opening if opening in ("'", '"') else ""
        return opening + value.encode(places[like.start], name) + closing

    separator = "\n" if "\n" in value.chars.rstrip(BLANKS) else ","
    return Place(
        format=FORMAT,
        variable=variable,
        line=line,
        elements=elements,
        spelling="binaryen",
        start=min(value.place(0), elements[0].start) if elements else value.place(0),
        end=max(value.limit, elements[-1].end) if elements else value.limit,
        at=value.place(0),
        render=render,
        file=file,
        expansions=expansions,
        gap=separator,
    )


def _entries(text: str) -> list[tuple[str, int, int]]:
    """Split as Binaryen does, and tell where each entry stands."""
    found = []
    at = 0
    for entry in split_text(text):
        # Entries come in order; only parts without text may lie between.
        at = text.index(entry, at)
        found.append((entry, at, at + len(entry)))
        at += len(entry)
    return [each for each in found if each[0]]
