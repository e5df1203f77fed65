"""How Emscripten reads ``ASYNCIFY_IMPORTS`` and ``JSPI_IMPORTS``, and what needs no entry there.

An entry without a module is one of ``env``: ``js_wait`` and ``env.js_wait`` are one import. Source:
``get_full_import_name`` in Emscripten's ``emcc.py`` (3.1.6) and ``tools/link.py`` (6.0.9). What Emscripten
makes asynchronous by itself is data, in ``emscripten_async.toml``, with its sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.tools.parsing import toml_value

IMPORT_LISTS: tuple[ListName, ...] = ("ASYNCIFY_IMPORTS", "JSPI_IMPORTS")
GLUE_MODULE = "env"
UNKNOWN = "?"
"""The module of an import that a trace could not name: ``?.f``, ``f`` being the JavaScript behind it."""
_JS_NAME = re.compile(r"[\w$]+")


INVOKE = "invoke_"
"""How Emscripten's imports begin that call a function of the table in JavaScript's ``try``."""


def is_invoke(name: str) -> bool:
    """Whether an import (full name) is one of Emscripten's ``invoke_*``."""
    return name.partition(".")[2].startswith(INVOKE)


class _Source(Frozen):
    emscripten: str
    where: str
    lists: tuple[ListName, ...] = IMPORT_LISTS
    imports: tuple[str, ...]


@lru_cache(maxsize=1)
def _sources() -> tuple[_Source, ...]:
    text = Path(__file__).with_name("emscripten_async.toml").read_text("utf-8")
    return tuple(_Source.model_validate(each) for each in toml_value(text)["source"])


def full_import_name(entry: str) -> str:
    """Return an entry as Emscripten completes it: with ``env.`` in front where it names no module."""
    return entry if "." in entry else f"{GLUE_MODULE}.{entry}"


def same_spelling(name: str, entries: Iterable[str]) -> str:
    """Return an import's full name as a list spells its own: without ``env.`` where all entries are."""
    listed = tuple(entries)
    if listed and not any("." in each for each in listed):
        return name.removeprefix(f"{GLUE_MODULE}.")
    return name


@lru_cache(maxsize=4)
def asynchronous_imports(which: ListName) -> tuple[str, ...]:
    """Return the imports that Emscripten puts into a list by itself.

    :returns: names without their module, ``*`` for any characters at the end
    """
    return tuple(sorted({name for each in _sources() if which in each.lists for name in each.imports}))


def in_list_by_itself(which: ListName, name: str) -> bool:
    """Whether Emscripten treats an import (full name) as if the list had it."""
    base = name.partition(".")[2]
    return any(
        base.startswith(each[:-1]) if each.endswith("*") else base == each
        for each in asynchronous_imports(which)
    )


def imports_behind(function: str, imports: Iterable[str]) -> tuple[str, ...]:
    """Return the imports (full names) that a JavaScript function may be, by its name in a stack.

    Emscripten's glue puts ``_`` before the name; an engine puts the object before it (``Object.js_wait``).
    """
    words = _JS_NAME.findall(function.partition(" (")[0])
    if not words:
        return ()
    known = tuple(dict.fromkeys(imports))
    for name in dict.fromkeys((words[-1].removeprefix("_"), words[-1])):
        found = tuple(each for each in known if each.partition(".")[2] == name)
        if found:
            return found
    return ()
