"""The value of a setting, as emcc reads it, found in a file under any layers of quoting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from stackswitch.errors import ListFileError

from .elements import Element, Place
from .emscripten import Item, Quote, SettingError, read_items, to_emscripten
from .source import Text, line_of

_TEMPLATE = re.compile(r"\{\{.*\}\}|<<\s.*\s>>|@[A-Za-z_]\w*@", re.DOTALL)
"""An entry that is nothing but a place for other text: of just, Task, Ansible, CI services, autoconf."""


def setting_place(
    source: str, value: Text, *, variable: str, fragment: bool = False, command_line: bool = True
) -> Place:
    """Make a place of a setting's value.

    :param value: the text after ``=``
    :param fragment: it is a variable's, and may be part of a list only
    :raises ListFileError: emcc would refuse it
    """
    line = line_of(source, value.place(0))
    expansions = value.expansions(source)
    elements: tuple[Element, ...] = ()
    items: tuple[Item, ...] = ()
    file = value.chars[1:].strip() if value.chars.startswith("@") and command_line else None
    if file is None and not expansions:
        try:
            items = read_items(value.chars, command_line=command_line, fragment=fragment)
        except SettingError as error:
            where = line_of(source, value.place(error.at))
            raise ListFileError(f"{variable} is no list that emcc reads: {error}", line=where) from None
        filled_in = tuple(item.name for item in items if _TEMPLATE.fullmatch(item.name))
        expansions, items = filled_in, () if filled_in else items
        elements = tuple(Element(item.name, *value.span(item.start, item.end)) for item in items)
    first = len(value.chars) - len(value.chars.lstrip())
    if value.chars[first : first + 1] == "[":
        first += 1
    return Place(
        variable=variable,
        line=line,
        elements=elements,
        spelling="emscripten",
        start=min(value.place(0), elements[0].start) if elements else value.place(0),
        end=max(value.limit, elements[-1].end) if elements else value.limit,
        at=value.place(first),
        render=_renderer(source, value, items, elements, first, command_line=command_line, fragment=fragment),
        file=file,
        expansions=expansions,
    )


def _renderer(
    source: str,
    value: Text,
    items: tuple[Item, ...],
    elements: tuple[Element, ...],
    first: int,
    *,
    command_line: bool,
    fragment: bool,
) -> Callable[[str, Element | None], str]:
    by_start = {element.start: item for element, item in zip(elements, items, strict=True)}

    def render(name: str, like: Element | None) -> str:
        if like is None:
            quote = _quote_for(value, first)
            as_json = quote == '"' and (fragment or value.chars[first - 1 : first] == "[")
            return value.encode(first, quoted(name, quote, as_json=as_json, command_line=command_line))
        item = by_start[like.start]
        spelled = value.encode(
            item.start, quoted(name, item.quote, as_json=item.json, command_line=command_line)
        )
        # Quotes of an outer layer around just this name: the new one gets the same.
        opening = source[like.start : value.starts[item.start]]
        closing = source[value.ends[item.end - 1] : like.end]
        return opening + spelled + closing

    return render


def _quote_for(value: Text, at: int) -> Quote:
    """Choose emcc's quotes for a place where no outer layer has to escape them; none, outside all quotes."""
    if _stands_for_itself(value, at, '"'):
        return '"'
    return "'" if _stands_for_itself(value, at, "'") else ""


def _stands_for_itself(value: Text, at: int, quote: str) -> bool:
    try:
        return value.encode(at, quote) == quote
    except ListFileError:  # it cannot be written there at all
        return False


def quoted(name: str, quote: Quote, *, as_json: bool, command_line: bool) -> str:
    """Write a name in emcc's own quotes, or bare and in emcc's spelling where there are none.

    :param as_json: the list is JSON: a comma in a name is no trouble
    """
    if as_json:
        return f'"{name}"' if command_line else json.dumps(name, ensure_ascii=False)
    if not quote:
        plain = to_emscripten(name, plain=True)
        if plain and not set(plain) & set(",\"'[]\\") and plain == plain.strip():
            return plain
        quote = '"'
    name = name.replace(",", "?")
    if quote in name and not {"'", '"'} <= set(name):
        quote = "'" if quote == '"' else '"'
    return f"{quote}{name}{quote}"
