"""The value of an option under any layers of quoting, as emcc or ``wasm-opt`` reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from stackswitch.errors import ConfigError, ListFileError

from ..elements import Element, ListInFile, Spelling
from ..emscripten import Item, Quote, SettingError, read_items, to_emscripten
from ..namelist import BLANKS, split_text
from ..source import DecodedText, line_of

_TEMPLATE = re.compile(r"\{\{.*\}\}|<<\s.*\s>>|@[A-Za-z_]\w*@", re.DOTALL)
"""An entry that is only a placeholder: of just, Task, Ansible, CI services, autoconf."""
OPTION = re.compile(r"(?:--pass-arg[= ])?asyncify-(onlylist|whitelist|addlist|removelist|blacklist|imports)@")
"""What a pass argument of ``wasm-opt`` begins with; Binaryen 132 still accepts the older names."""
_VARIABLES = {
    "onlylist": "ASYNCIFY_ONLY",
    "whitelist": "ASYNCIFY_ONLY",
    "addlist": "ASYNCIFY_ADD",
    "removelist": "ASYNCIFY_REMOVE",
    "blacklist": "ASYNCIFY_REMOVE",
    "imports": "ASYNCIFY_IMPORTS",
}
OPTION_FORMAT = "wasm-opt argument"
_Spell = Callable[[str, Item | None], str]
"""Spells a name in the value, as an item that is there already, or (None) as a first one."""


def setting_list(value: DecodedText, *, variable: str, fragment: bool = False) -> ListInFile:
    """Return the list in a setting's value, as emcc reads it.

    :param value: the text after ``=``
    :param fragment: it is a variable's, and may be part of a list only
    :raises ListFileError: emcc would refuse it
    """
    expansions = value.expansions
    items: tuple[Item, ...] = ()
    file = value.chars[1:].strip() if value.chars.startswith("@") else None
    if file is None and not expansions:
        try:
            items = read_items(value.chars, fragment=fragment)
        except SettingError as error:
            raise value.error(f"{variable} is no list that emcc reads: {error}", error.at) from None
        expansions = tuple(item.name for item in items if _TEMPLATE.fullmatch(item.name))
        items = () if expansions else items
    first = len(value.chars) - len(value.chars.lstrip())
    bracketed = value.chars.startswith("[", first)
    first += bracketed

    def spell(name: str, like: Item | None) -> str:
        if like is not None:
            return _quoted(name, like.quote, as_json=like.json)
        quote = _quote_for(value, first)
        return _quoted(name, quote, as_json=quote == '"' and (fragment or bracketed))

    return _list(value, variable, items, spell, at=first, file=file, expansions=expansions)


def option_list(argument: DecodedText, option: re.Match[str]) -> ListInFile:
    """Return the list in an argument of ``wasm-opt``: the text after ``asyncify-…@``.

    :param option: the match of ``OPTION``
    :raises ListFileError: Binaryen would refuse to split it
    """
    value, variable = argument.slice(option.end()), _VARIABLES[option[1]]
    expansions = value.expansions
    items: list[Item] = []
    file = value.chars[1:] if value.chars.startswith("@") else None
    if file is None and not expansions:
        try:
            at = 0
            for entry in split_text(value.chars):
                # Entries come in order; only parts without text may lie between.
                at = value.chars.index(entry, at) + len(entry)
                items += [Item(entry, at - len(entry), at, "")] if entry else []
        except ConfigError as error:
            raise value.error(f"{variable}: {error}") from None
    return _list(
        value,
        variable,
        items,
        lambda name, _like: name,
        at=0,
        file=file,
        expansions=expansions,
        format_=OPTION_FORMAT,
        spelling="binaryen",
        gap="\n" if "\n" in value.chars.rstrip(BLANKS) else ",",
    )


def _list(
    value: DecodedText,
    variable: str,
    items: Sequence[Item],
    spell: _Spell,
    *,
    at: int,
    file: str | None,
    expansions: tuple[str, ...],
    format_: str = "",
    spelling: Spelling = "emscripten",
    gap: str = ",",
) -> ListInFile:
    elements = tuple(Element(item.name, *value.span(item.start, item.end)) for item in items)
    by_start = {element.start: item for element, item in zip(elements, items, strict=True)}
    start = value.place(0)

    def render(name: str, like: Element | None) -> str:
        if like is None:
            return value.encode(at, spell(name, None))
        item = by_start[like.start]
        # Quotes of an outer layer around just this name: the new one gets the same.
        opening = value.source[like.start : value.starts[item.start]]
        closing = value.source[value.ends[item.end - 1] : like.end]
        return opening + value.encode(item.start, spell(name, item)) + closing

    return ListInFile(
        format=format_,
        variable=variable,
        line=line_of(value.source, start),
        elements=elements,
        spelling=spelling,
        start=min(start, elements[0].start) if elements else start,
        end=max(value.limit, elements[-1].end) if elements else value.limit,
        at=value.place(at),
        render=render,
        file=file,
        expansions=expansions,
        gap=gap,
    )


def _quote_for(value: DecodedText, at: int) -> Quote:
    """Choose emcc's quotes for a place where no outer layer has to escape them; none, outside all quotes."""
    quotes: tuple[Quote, ...] = ('"', "'")
    for quote in quotes:
        try:
            if value.encode(at, quote) == quote:
                return quote
        except ListFileError:  # it cannot be written there at all
            continue
    return ""


def _quoted(name: str, quote: Quote, *, as_json: bool) -> str:
    """Write a name in emcc's own quotes, or bare and in emcc's spelling where there are none.

    :param as_json: the list is JSON: a comma in a name is no trouble
    """
    if as_json:
        return f'"{name}"'
    if not quote:
        plain = to_emscripten(name)
        if plain and not set(plain) & set(",\"'[]\\") and plain == plain.strip():
            return plain
        quote = '"'
    name = name.replace(",", "?")
    if quote in name and not {"'", '"'} <= set(name):
        quote = "'" if quote == '"' else '"'
    return f"{quote}{name}{quote}"
