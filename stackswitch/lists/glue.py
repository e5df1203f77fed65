"""What Emscripten's glue of a JSPI build says: which imports it lets suspend, which exports are promising.

The glue tests the keys of its object of imports with patterns that the linker wrote into it, and marks
functions of its own with ``isAsync``. Minified builds have short keys; the object says what they stand for.
The Closure Compiler renames variables and properties. Then the patterns are known by the loops around
``WebAssembly.Suspending`` and ``WebAssembly.promising``, and the mark by its test beside the pattern's.
Sources: ``src/library_async.js`` of Emscripten 3.1 (``ASYNCIFY_IMPORTS``, ``importPatterns``),
``src/lib/libasync.js`` of 6.0 (``importPattern``, ``exportPattern``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

EXPRESSIONS = {
    "pattern": r"\b{which}Pattern[ \t\r\n]*=[ \t\r\n]*/\^([^/\n]*)\$/",
    "assigned": r"\b{which}Pattern[ \t\r\n]*=(?!=|[ \t\r\n]*/\^[^/\n]*\$/)[ \t\r\n]*([^;\n]{0,80})",
    "patterns": r"\b(?:{which}Patterns|ASYNCIFY_{upper}S)[ \t\r\n]*=[ \t\r\n]*\[([^\]\n]*)\]",
    "item": r"/\^([^/]*)\$/|\"([^\"]*)\"|'([^']*)'",
    "async": r"\b_?([A-Za-z0-9$_]+)\.{mark}[ \t\r\n]*=[ \t\r\n]*(?:true|!0)",
    "imports": r"\b(?:wasmImports|asmLibraryArg)[ \t\r\n]*=[ \t\r\n]*\{",
    "key": r"[ \t\r\n]*(?:/\*(?:[^*]|\*(?!/))*\*/[ \t\r\n]*)?([\"']?)([A-Za-z0-9_$.]+)\1[ \t\r\n]*"
    r"(?::[ \t\r\n]*([A-Za-z0-9_$]+)[ \t\r\n]*)?",
    # What has commas and braces of its own, up to a mark that counts.
    "skipped": r"\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`(?:[^`\\]|\\[^`]|\\`)*`"
    r"|(?:(?<=[(,=:\[!&|?{};])|(?<=return))[ \t]*"
    r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}\]){1,400}/"
    r"|([(){}\[\],])",
    # Of glue with renamed variables: a pattern, its test behind the renamed mark, the wrapping, the object.
    "literal": r"\b([A-Za-z0-9_$]+)[ \t\r\n]*=[ \t\r\n]*/\^([^/\n]*)\$/",
    "tested": r"(?:\.([A-Za-z0-9_$]+)[ \t\r\n]*\|\|[ \t\r\n]*|(?<![A-Za-z0-9_$.])){variable}\.test\(",
    "wrapped": r"\bWebAssembly\.(Suspending|promising)\b",
    "modules": r"\{[ \t\r\n]*[\"']?(?:a|env|wasi_snapshot_preview1)[\"']?[ \t\r\n]*:"
    r"[ \t\r\n]*([A-Za-z0-9_$]+)[ \t\r\n]*[,}]",
    "object": r"(?<![A-Za-z0-9_$.]){variable}[ \t\r\n]*=[ \t\r\n]*\{",
    "name": r"[A-Za-z0-9_$*.]+",
}
"""Regular expressions, such that Python and JavaScript read them alike: the npm package has the same."""
_ITEM, _IMPORTS, _KEY, _SKIPPED, _LITERAL, _WRAPPED, _MODULES, _NAME = (
    re.compile(EXPRESSIONS[name], re.ASCII)
    for name in ("item", "imports", "key", "skipped", "literal", "wrapped", "modules", "name")
)
LOOP_CHARS = 800
"""Within so many characters after a renamed pattern, glue tests keys with it and wraps their values."""


@dataclass(frozen=True)
class Glue:
    """The patterns and marks.

    :ivar imports, exports: patterns of names, ``*`` for any characters
    :ivar marked: functions of the glue that are marked as asynchronous, without their first ``_``
    :ivar names: what the keys of the object of imports stand for
    :ivar renamed: the Closure Compiler has renamed variables: ``marked`` and the values of ``names`` are no
        names of Emscripten's
    :ivar unread: patterns, or parts of them, that are none of the linker's and cannot be read
    """

    imports: tuple[str, ...]
    exports: tuple[str, ...]
    marked: frozenset[str]
    names: dict[str, str]
    renamed: bool = False
    unread: tuple[str, ...] = ()

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
    """Read glue as ``emcc`` writes it, minified or not, also what the Closure Compiler makes of it."""
    renamed = _renamed_patterns(text)
    marks = sorted({"isAsync", *(each.mark for each in renamed if each.mark)})
    imports = _alternatives(text, "import", [each.pattern for each in renamed if each.suspends])
    exports = _alternatives(text, "export", [each.pattern for each in renamed if not each.suspends])
    unread = [each for each in (*imports, *exports) if each and not _NAME.fullmatch(each)]
    for which in ("import", "export"):
        unread += [each.strip() for each in _expression("assigned", which=which).findall(text)]
    return Glue(
        imports=_globs(imports),
        exports=_globs(exports),
        marked=frozenset(name for mark in marks for name in _expression("async", mark=mark).findall(text)),
        names=_import_names(text, renamed=bool(renamed)),
        renamed=bool(renamed),
        unread=tuple(dict.fromkeys(unread)),
    )


@dataclass(frozen=True)
class _RenamedPattern:
    """A pattern whose variable is renamed: of imports (``suspends``) or exports.

    ``mark``: the property that stands for ``isAsync``; empty: the loop tests none.
    """

    pattern: str
    suspends: bool
    mark: str


def _renamed_patterns(text: str) -> list[_RenamedPattern]:
    found = []
    for match in _LITERAL.finditer(text):
        variable, pattern = match.groups()
        loop = text[match.end() : match.end() + LOOP_CHARS]
        tested = _expression("tested", variable=variable).search(loop)
        wrapped = tested and _WRAPPED.search(loop, tested.end())
        if tested and wrapped and not variable.endswith("Pattern"):
            found.append(_RenamedPattern(pattern, wrapped[1] == "Suspending", tested[1] or ""))
    return found


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, each) for each in patterns)


def _alternatives(text: str, which: str, renamed: list[str]) -> list[str]:
    """Return the alternatives of the patterns that the glue has for imports, or for exports."""
    parts = {"which": which, "upper": which.upper()}
    found = renamed + _expression("pattern", **parts).findall(text)
    for items in _expression("patterns", **parts).findall(text):
        found += [next(filter(None, each), "") for each in _ITEM.findall(items)]
    return [part for each in found for part in each.removeprefix("(").removesuffix(")").split("|")]


def _globs(alternatives: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_glob(each) for each in alternatives if _NAME.fullmatch(each)))


def _expression(name: str, **parts: str) -> re.Pattern[str]:
    """Return an expression with its ``{parts}``, which are names."""
    text = EXPRESSIONS[name]
    for part, value in parts.items():
        text = text.replace(f"{{{part}}}", value.replace("$", r"\$"))
    return re.compile(text, re.ASCII)


def _glob(pattern: str) -> str:
    """Return a pattern of the linker's as one of ours, without a module (``env.f`` is tested as ``f``)."""
    return pattern.replace(".*", "*").rpartition(".")[2]


def _import_names(text: str, *, renamed: bool) -> dict[str, str]:
    """Return what the keys of the object of imports stand for.

    :param renamed: its variable may have any name: it is the one that an object of modules has
    """
    openings = list(_IMPORTS.finditer(text))
    for variable in dict.fromkeys(_MODULES.findall(text) if renamed else ()):
        openings += _expression("object", variable=variable).finditer(text)
    names: dict[str, str] = {}
    for opening in openings:
        at = opening.end()
        while (match := _KEY.match(text, at)) is not None:
            _, key, value = match.groups()
            end = _entry_end(text, match.end())
            if end == match.end():  # a name and no more; the key of a function or an expression is its name
                names[key] = (value or key).removeprefix("_")
            if text[end : end + 1] != ",":
                break
            at = end + 1
    return names


def _entry_end(text: str, at: int) -> int:
    """Return the offset of the comma or the brace that ends an object's entry, or that of the text's end."""
    depth = 0
    for match in _SKIPPED.finditer(text, at):
        mark = match[1]
        if mark is None:
            continue
        if depth == 0 and mark in ",}":
            return match.start()
        depth += (mark in "([{") - (mark in ")]}")
        if depth < 0:
            break
    return len(text)
