"""Lists in JSON: command lines in strings (``package.json``), arrays of arguments, and settings as keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from stackswitch.errors import ListFileError
from stackswitch.tools.parsing import json_value

from .elements import Element, Place
from .source import Text, TextBuilder, line_of
from .values import setting_place
from .words import VARIABLE, argument_places, mentions_list

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)|.", re.DOTALL
)
_KEY = re.compile(rf"{VARIABLE}\Z")


def recognise(source: str) -> bool:
    """Whether a text is JSON with a list's name in it."""
    if not source.lstrip().startswith(("{", "[")) or not mentions_list(source):
        return False
    try:
        json_value(source)
    except ValueError:
        return False
    return True


def places(source: str) -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed, or the text is no JSON
    """
    try:
        document = json_value(source)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise ListFileError(f"not valid JSON: {error}", line=line) from None
    if isinstance(document, dict) and "schema_version" in document:
        return  # a result of ours: lists in it are of what was missing
    tokens = [(each[0], each.start(), each.end()) for each in _TOKEN.finditer(source)]
    previous = ""
    skip_to = 0
    for at, (token, start, end) in enumerate(tokens):
        if not token.startswith('"') or start < skip_to:
            continue
        text = string_text(source, start, end)
        following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if following == ":" and _KEY.match(text.chars) and at + 2 < len(tokens):
            value, value_start, value_end = tokens[at + 2]
            if value == "[":
                place = _array(source, tokens, at + 2, text.chars)
                if place:
                    yield place
                    skip_to = place.elements[-1].end if place.elements else value_end
            elif value.startswith('"'):
                inner = string_text(source, value_start, value_end)
                yield setting_place(source, inner, variable=text.chars, fragment=True)
                skip_to = value_end
        elif following != ":" and mentions_list(text.chars):
            yield from argument_places(source, text, previous)
        previous = text.chars


def _array(source: str, tokens: list[tuple[str, int, int]], at: int, variable: str) -> Place | None:
    """Make a place of an array of strings; None if something else is in it."""
    elements = []
    for token, start, end in tokens[at + 1 :]:
        if token == "]":  # noqa: S105  (a bracket)
            break
        if token.startswith('"'):
            elements.append(Element(json.loads(token), start, end))
        elif token != ",":  # noqa: S105
            return None
    end = next((begin for token, begin, _ in tokens[at + 1 :] if token == "]"), len(source))  # noqa: S105
    return array_place(source, tuple(elements), (tokens[at][2], end), variable)


def array_place(source: str, elements: tuple[Element, ...], inside: tuple[int, int], variable: str) -> Place:
    """Make a place of a JSON array: an entry each, as emcc takes its settings.

    :param inside: the offsets behind the opening bracket and before the closing one
    """
    # A file that escapes what is not ASCII goes on doing so.
    escaped = any("\\u" in source[each.start : each.end] for each in elements)
    return Place(
        variable=variable,
        line=line_of(source, inside[0]),
        elements=elements,
        spelling="emscripten",
        start=inside[0],
        end=inside[1],
        at=inside[0],
        render=lambda name, _like: json.dumps(name, ensure_ascii=escaped),
        gap=", ",
    )


def string_text(source: str, start: int, end: int) -> Text:
    """Decode a JSON string, quotes included, to text with places."""
    built = TextBuilder()
    for piece in _ESCAPE.finditer(source, start + 1, end - 1):
        built.take(json.loads(f'"{piece[0]}"', strict=False), *piece.span())
    return built.text(lambda _at, text: json.dumps(text, ensure_ascii=False)[1:-1], limit=end - 1)
