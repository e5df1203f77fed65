"""What Emscripten's glue of a JSPI build says: which imports it lets suspend, which exports are promising.

The glue tests the keys of its object of imports with patterns that the linker wrote into it, and marks
functions of its own with ``isAsync``. Minified builds have short keys; the object says what they stand for.
Sources: ``src/library_async.js`` of Emscripten 3.1 (``ASYNCIFY_IMPORTS``, ``importPatterns``),
``src/lib/libasync.js`` of 6.0 (``importPattern``, ``exportPattern``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

EXPRESSIONS = {
    "pattern": r"\b{which}Pattern[ \t\r\n]*=[ \t\r\n]*/\^([^/\n]*)\$/",
    "patterns": r"\b(?:{which}Patterns|ASYNCIFY_{upper}S)[ \t\r\n]*=[ \t\r\n]*\[([^\]\n]*)\]",
    "item": r"/\^([^/]*)\$/|\"([^\"]*)\"|'([^']*)'",
    "async": r"\b_?([A-Za-z0-9$_]+)\.isAsync[ \t\r\n]*=[ \t\r\n]*(?:true|!0)",
    "imports": r"\b(?:wasmImports|asmLibraryArg)[ \t\r\n]*=[ \t\r\n]*\{",
    "entry": r"[ \t\r\n]*(?:/\*[^*]*\*/[ \t\r\n]*)?([\"']?)([A-Za-z0-9_$.]+)\1[ \t\r\n]*"
    r"(?::[ \t\r\n]*([A-Za-z0-9_$]+)[ \t\r\n]*)?(,|\})",
    "name": r"[A-Za-z0-9_$*.]+",
}
"""Regular expressions, such that Python and JavaScript read them alike: the npm package has the same."""
_ITEM, _ASYNC, _IMPORTS, _ENTRY, _NAME = (
    re.compile(EXPRESSIONS[name], re.ASCII) for name in ("item", "async", "imports", "entry", "name")
)


@dataclass(frozen=True)
class Glue:
    """The patterns and marks.

    :ivar imports, exports: patterns of names, ``*`` for any characters
    :ivar marked: functions of the glue that are marked as asynchronous, without their first ``_``
    :ivar names: what the keys of the object of imports stand for
    """

    imports: tuple[str, ...]
    exports: tuple[str, ...]
    marked: frozenset[str]
    names: dict[str, str]

    @property
    def is_jspi(self) -> bool:
        """Whether it says anything of JSPI."""
        return bool(self.imports or self.exports or self.marked)

    def suspends(self, name: str) -> bool:
        """Whether an import of this name (without its module) may suspend."""
        return _any(name, self.imports) or self.names.get(name, name) in self.marked

    def promises(self, name: str) -> bool:
        """Whether an export of this name is promising."""
        return _any(name, self.exports)


def read_glue(text: str) -> Glue:
    """Read glue as ``emcc`` writes it, minified or not; not if closure has renamed properties."""
    return Glue(
        imports=tuple(_patterns(text, "import")),
        exports=tuple(_patterns(text, "export")),
        marked=frozenset(_ASYNC.findall(text)),
        names=_import_names(text),
    )


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, each) for each in patterns)


def _patterns(text: str, which: str) -> list[str]:
    """Return the patterns that the glue has for imports, or for exports, without duplicates."""
    found = re.findall(_expression("pattern", which), text)
    for items in re.findall(_expression("patterns", which), text):
        found += [next(filter(None, each), "") for each in _ITEM.findall(items)]
    names: list[str] = []
    for each in found:
        alternatives = each.removeprefix("(").removesuffix(")").split("|")
        names += [_glob(alternative) for alternative in alternatives if _NAME.fullmatch(alternative)]
    return list(dict.fromkeys(names))


def _expression(name: str, which: str) -> re.Pattern[str]:
    """Return the expression of imports or exports."""
    text = EXPRESSIONS[name].replace("{which}", which).replace("{upper}", which.upper())
    return re.compile(text, re.ASCII)


def _glob(pattern: str) -> str:
    """Return a pattern of the linker's as one of ours, without a module (``env.f`` is tested as ``f``)."""
    return pattern.replace(".*", "*").rpartition(".")[2]


def _import_names(text: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for opening in _IMPORTS.finditer(text):
        at = opening.end()
        while (match := _ENTRY.match(text, at)) is not None:
            _, key, value, end = match.groups()
            names[key] = (value or key).removeprefix("_")
            at = match.end()
            if end == "}":
                break
    return names
