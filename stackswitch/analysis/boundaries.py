"""Where calls of a JSPI build begin and wait: from glue, traces, lists and patterns, all together."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stackswitch.errors import ConfigError
from stackswitch.lists.emscripten_imports import full_import_name, in_list_by_itself
from stackswitch.lists.glue import read_glue
from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension
from stackswitch.reports.text import counted
from stackswitch.transform.reentrant.adapter import mistake
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.linking import ADDRESS
from stackswitch.wasm.module import Module
from stackswitch.wasm.obstacles import asyncify_path

from .imports import function_import_names, import_indexes, imports_matching

NEVER = (
    "*.emscripten_resize_heap",
    "*.emscripten_notify_memory_growth",
    "*.emscripten_memcpy*",
    "*._emscripten_memcpy*",
    "*.abort",
    "*._abort_js",
    "*.__assert_fail",
    "*.__cxa_*",
    "*.__resumeException",
    "*.invoke_*",
    "*.*etTempRet0",
    "*._emscripten_throw_longjmp",
    "*.emscripten_longjmp",
    "*.__handle_stack_overflow",
    "*.proc_exit",
)
"""Imports that never suspend. The allocator calls the first two, and allocates the C stacks."""
_MINIFIED = re.compile(r"(?:a|env|wasi_snapshot_preview1)\.[A-Za-z_$][A-Za-z0-9_$]?")
"""A full name as Emscripten minifies it."""
MAIN_EXPORTS = ("main", "__main_argc_argv")
"""The exports that Emscripten makes promising by itself."""


@dataclass
class Boundaries:
    """What was found, and what says so.

    :ivar linked: functions that are other modules', by name: they are not JavaScript
    :ivar suspend: imports, ``module.name``
    :ivar addresses: imports ``GOT.func.name``: the addresses of functions that may suspend
    :ivar promise: exports
    :ivar import_names: what imports (full names) stand for in the glue, if it is minified
    :ivar sources: for people: ``app.js: 3 imports, 2 exports``
    """

    module: Module
    linked: Collection[str] = ()
    suspend: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    promise: set[str] = field(default_factory=set)
    import_names: dict[str, str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)

    @property
    def exports(self) -> tuple[str, ...]:
        """The functions that the module exports."""
        return tuple(each.name for each in self.module.exports if each.kind == "func")

    def _add(self, source: str, suspend: Sequence[str], promise: Sequence[str]) -> None:
        self.suspend.update(suspend)
        self.promise.update(promise)
        self.sources.append(f"{source}: {counted(len(suspend), 'import')}, {counted(len(promise), 'export')}")

    def _add_addresses(self, suspends: Callable[[str], bool]) -> None:
        """Add the addresses of imported functions; ``suspends`` gets their full names."""
        own = {*self.exports, *self.linked}
        self.addresses.update(
            each.full_name
            for each in self.module.imports
            if each.module == ADDRESS and each.name not in own and suspends(full_import_name(each.name))
        )

    def add_glue(self, text: str, name: str) -> None:
        """Add what Emscripten's glue says.

        :raises ConfigError: nothing in it is about JSPI, or it has patterns that cannot be read
        """
        glue = read_glue(text)
        if glue.unread:
            raise mistake("glue_patterns", name=name, patterns=", ".join(glue.unread))
        if not glue.is_jspi:
            raise mistake("glue", name=name)
        imports = [each.full_name for each in self.module.function_imports() if glue.suspends(each.name)]
        self.import_names.update(
            (each.full_name, glue.names[each.name])
            for each in self.module.function_imports()
            if each.name in glue.names and not glue.renamed
        )
        self._add(name, imports, [each for each in self.exports if glue.promises(each)])
        self._add_addresses(lambda each: glue.suspends(each.partition(".")[2]))

    def add_stacks(self, suspensions: Sequence[Suspension], name: str) -> None:
        """Add the imports and the exports of observed waits."""
        known = set(function_import_names(self.module))
        imports = {each.import_ for each in suspensions} & known
        exports = {each.export for each in suspensions} & set(self.exports)
        self._add(name, sorted(imports), sorted(exports))
        self._add_addresses({each.import_ for each in suspensions}.__contains__)

    def add_lists(self, lists: Mapping[ListName, tuple[str, ...]], name: str) -> None:
        """Add ``JSPI_IMPORTS`` and ``JSPI_EXPORTS``, and what Emscripten adds to them.

        :raises ConfigError: neither is there
        """
        if not lists.keys() & {"JSPI_IMPORTS", "JSPI_EXPORTS"}:
            raise ConfigError(f"{name}: it has neither JSPI_IMPORTS nor JSPI_EXPORTS")
        patterns = [full_import_name(each) for each in lists.get("JSPI_IMPORTS", ())]

        def suspends(name: str) -> bool:
            return in_list_by_itself("JSPI_IMPORTS", name) or _any(name, patterns)

        imports = [each for each in function_import_names(self.module) if suspends(each)]
        self._add_addresses(suspends)
        wanted = (*lists.get("JSPI_EXPORTS", ()), *MAIN_EXPORTS)
        self._add(name, imports, [each for each in self.exports if _any(each, wanted)])

    def add_patterns(self, suspend: Sequence[str], promise: Sequence[str]) -> None:
        """Add imports and exports that patterns match; ``*`` stands for any characters.

        :raises ConfigError: one matches nothing
        """
        if not suspend and not promise:
            return
        for pattern in promise:
            if not any(fnmatchcase(each, pattern) for each in self.exports):
                raise mistake("exports", names=pattern)
        patterns = [full_import_name(each) for each in suspend]
        imports = imports_matching(self.module, patterns) if suspend else ()
        self._add_addresses(lambda each: _any(each, patterns))
        self._add("options", imports, [each for each in self.exports if _any(each, promise)])

    def add_every_import(self, never: Sequence[str] = ()) -> None:
        """Add all imports but those that never suspend.

        :param never: more patterns of such imports
        :raises ConfigError: a pattern matches nothing, or the names are minified, and no glue says what they
            stand for
        """
        left_out = (*NEVER, *map(full_import_name, never))
        imports = function_import_names(self.module)
        known = {*imports, *map(full_import_name, self.import_names.values())}
        known.update(full_import_name(each.name) for each in self.module.imports if each.module == ADDRESS)
        for pattern in map(full_import_name, never):
            if not any(fnmatchcase(each, pattern) for each in known):
                raise mistake("imports", names=pattern)
        if not self.import_names and imports and all(_MINIFIED.fullmatch(each) for each in imports):
            raise mistake("minified", names=", ".join(imports[:3]))
        names = [
            each
            for each in imports
            if not _any(each, left_out)
            and not _any(full_import_name(self.import_names.get(each, each)), left_out)
        ]
        self._add("all imports", names, [])
        self._add_addresses(lambda each: not _any(each, left_out))

    def complete(self) -> None:
        """Without any promising export, take those from which an import that suspends can be reached."""
        if self.suspend and not self.promise:
            graph = call_graph(self.module)
            path = asyncify_path(graph, import_indexes(self.module, self.suspend))
            found = [each.name for each in self.module.exports if each.kind == "func" and each.index in path]
            self._add("the call graph", [], found)


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
