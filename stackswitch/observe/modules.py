"""Which module a frame is of, what its functions are called, and which of them Asyncify has instrumented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from pathlib import Path

from stackswitch.errors import WasmFormatError
from stackswitch.models.expect import ListName
from stackswitch.wasm.asyncified import (
    checks_state_after_call,
    instrumented_functions,
    is_asyncified,
    suspending_imports,
)
from stackswitch.wasm.callgraph import CallSite, call_graph, call_sites
from stackswitch.wasm.function_names import binaryen_names, display_name
from stackswitch.wasm.module import Import, Module, parse_module
from stackswitch.wasm.obstacles import asyncify_path

from .parts import MODULES, Flat, Part

STATE = "__asyncify_state"
"""The global by which linked modules share Asyncify's state. Source: Binaryen, ``Asyncify.cpp``."""
SHORT = 8
"""Digits of a hash that stand before the names of another module's functions."""
_NEARLY_ALL, _MOST = 0.98, 0.8
"""Shares of the functions that Binaryen would instrument. Inlining after the pass removes some."""
_MOST_FRAMES = 2_000
"""Frames that a module's identity is drawn from, for each URL."""


class ObservedModule:
    """A module of the program, read as far as it is asked about.

    :raises WasmFormatError: (properties and methods) its code is malformed
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self._sites: dict[int, dict[int, CallSite]] = {}
        self._waiting: set[int] = set()

    @cached_property
    def asyncified(self) -> bool:
        """Whether it is an Asyncify build."""
        return is_asyncified(self.module)

    @cached_property
    def has_own_state(self) -> bool:
        """Whether its Asyncify state is its own, not that of a group of modules (``__asyncify_state``)."""
        shared = {each.name for each in self.module.imports} | {each.name for each in self.module.exports}
        return self.asyncified and STATE not in shared

    @cached_property
    def instrumented(self) -> frozenset[int]:
        """The functions that can be suspended and brought back."""
        return instrumented_functions(self.module)

    @cached_property
    def _suspending(self) -> frozenset[int]:
        return suspending_imports(self.module) or frozenset()

    def can_wait(self, function: int, offset: int, called: int) -> bool:
        """Whether instrumented functions look, after calls of an import, if they are to unwind.

        :param function: an instrumented one, which calls the import at an offset; in most cases it is enough
        """
        if called not in self._waiting:
            if not checks_state_after_call(self.module, function, offset) and called not in self._suspending:
                return False
            self._waiting.add(called)
        return True

    @cached_property
    def _reached(self) -> tuple[Set[int], Set[int]]:
        """The functions that Binaryen instruments without a list, and those of them by direct calls alone."""
        graph = call_graph(self.module)
        waiting = self._suspending
        return asyncify_path(graph, waiting), asyncify_path(graph, waiting, ignore_indirect=True)

    @cached_property
    def _share(self) -> float:
        """How much is instrumented of what Binaryen instruments without a list."""
        reached, _ = self._reached
        return len(reached & self.instrumented) / len(reached) if reached else 1.0

    def list_for(self, function: int) -> ListName:
        """The list to change for a function that is not instrumented and waits.

        ``ASYNCIFY_ADD``: Binaryen would not instrument it by itself, or indirect calls were ignored.
        ``ASYNCIFY_REMOVE``: nearly all others are instrumented. ``ASYNCIFY_ONLY``: few are.
        """
        reached, directly = self._reached
        if function not in reached:
            return "ASYNCIFY_ADD"
        if function not in directly and not (reached - directly) & self.instrumented:
            return "ASYNCIFY_ADD"
        return "ASYNCIFY_REMOVE" if self._share >= _MOST else "ASYNCIFY_ONLY"

    def takes_for_plain(self, called: int) -> bool:
        """Whether the build seems to take an import for one that does not wait, though no code shows it.

        Functions that call it are not instrumented, and all are that a build without a list has instrumented.
        """
        return called not in self._suspending and self._share >= _NEARLY_ALL

    @cached_property
    def list_names(self) -> tuple[str, ...]:
        """The names by function index, as Binaryen's lists match them."""
        return binaryen_names(self.module)

    def site(self, function: int, offset: int) -> CallSite | None:
        """The call at an offset of a function, if there is one."""
        if not self.module.imported_function_count <= function < self.module.function_count:
            return None
        if function not in self._sites:
            self._sites[function] = {each.offset: each for each in call_sites(self.module, function)}
        return self._sites[function].get(offset)

    def called_import(self, function: int, offset: int) -> Import | None:
        """The imported function that is called at an offset, by name; None: another, or through a table."""
        site = self.site(function, offset)
        if site is None or site.kind not in ("call", "return_call"):
            return None
        return self.module.function_import(site.target)

    def may_call(self, function: int, offset: int, callee: int) -> bool:
        """Whether the call at an offset can lead to a function: a stack may hold a frame that never was."""
        site = self.site(function, offset)
        if site is None or callee >= self.module.function_count:
            return True
        if site.kind in ("call", "return_call"):
            return site.target == callee
        return self.module.types[site.target] == self.module.function_type(callee)


class ModuleStore:
    """The modules whose bytes were kept, read when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / MODULES
        self._read: dict[str, ObservedModule | None] = {}
        self.problems: dict[str, str] = {}
        """By the module's hash: why its bytes, which are there, cannot be read."""

    def path(self, sha256: str) -> Path:
        """Where a module's bytes are, if they were kept."""
        return self._folder / f"{sha256.removeprefix('sha256:')}.wasm"

    def get(self, sha256: str) -> ObservedModule | None:
        """Return a module by its hash; None: its bytes are not there or are none."""
        if sha256 in self._read:
            return self._read[sha256]
        found: ObservedModule | None = None
        try:
            found = ObservedModule(parse_module(self.path(sha256).read_bytes()))
            _ = found.asyncified
        except OSError:  # another program may still write it
            return None
        except WasmFormatError as error:
            found = None
            self.problems[sha256] = (
                f"a module that the program loads cannot be read ({sha256[:20]}…): {error}"
            )
        self._read[sha256] = found
        return found


class PartModules:
    """The modules of one part, by the numbers it gives to the engine's URLs.

    The engine's URL holds a hash of its own; which module that is follows from the frames: each lies in
    the body of the function that it names.
    """

    def __init__(self, part: Part, store: ModuleStore, everywhere: Iterable[str]) -> None:
        # A worker may have got its module from another thread, without compiling it.
        self._candidates = [*part.modules, *(each for each in everywhere if each not in part.modules)]
        self._store = store
        frames: dict[int, set[tuple[int, int]]] = {}
        waits: dict[int, set[tuple[int, int]]] = {}
        for stack in part.stacks.values():
            _add(frames, stack.frames)
            _add(waits, stack.frames)
        for trap in part.traps:
            _add(frames, trap.frames)
        fitting = {url: self._fitting(known, waits.get(url, set())) for url, known in frames.items()}
        self.by_url = _one_each(fitting, set(part.modules))

    def _fitting(self, frames: set[tuple[int, int]], waits: set[tuple[int, int]]) -> list[str]:
        """Return the modules in which each frame lies in its function; of these, those with a call there."""
        fitting = [
            sha256
            for sha256 in self._candidates
            if (found := self._store.get(sha256)) is not None
            and all(found.module.function_at(offset) == index for index, offset in frames)
        ]
        return [each for each in fitting if self._calls_at(each, waits)] or fitting

    def _calls_at(self, sha256: str, waits: set[tuple[int, int]]) -> bool:
        found = self._store.get(sha256)
        try:
            return found is not None and all(found.site(*each) is not None for each in waits)
        except WasmFormatError:
            return False

    def module(self, url: int) -> tuple[str, ObservedModule | None]:
        """The hash of a URL's module (empty: not known) and the module."""
        sha256 = self.by_url.get(url, "")
        return sha256, self._store.get(sha256) if sha256 else None


def _add(frames: dict[int, set[tuple[int, int]]], flat: Flat) -> None:
    for url, index, offset in triples(flat):
        known = frames.setdefault(url, set())
        if len(known) < _MOST_FRAMES:
            known.add((index, offset))


def _one_each(fitting: dict[int, list[str]], own: set[str]) -> dict[int, str]:
    """Give each URL its module: two URLs are two modules. Empty: none fits, or several do.

    :param fitting: by URL, in the order in which they are to be tried
    :param own: modules that this part has compiled: they come before those of others
    """
    found: dict[int, str] = {}
    open_ = {url: list(modules) for url, modules in fitting.items()}
    while open_:
        for modules in open_.values():
            modules[:] = [each for each in modules if each not in found.values()]
        url = min(open_, key=lambda url: (len(open_[url]), url))
        modules = open_.pop(url)
        near = [each for each in modules if each in own] or modules
        found[url] = near[0] if len(near) == 1 else ""
    return found


def shown_name(sha256: str, found: ObservedModule | None, index: int, base: str) -> str:
    """A function's name for people, its module's short hash in front if that is not ``base``."""
    name = display_name(found.module, index) if found is not None else f"func[{index}]"
    return name if sha256 == base else f"{short(sha256)}!{name}"


def short(sha256: str) -> str:
    """The first digits of a module's hash, or ``?``."""
    return sha256.removeprefix("sha256:")[:SHORT] or "?"


def triples(flat: Sequence[int]) -> list[tuple[int, int, int]]:
    """Flat numbers as (URL's number, function index, offset) each."""
    return [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3)]
