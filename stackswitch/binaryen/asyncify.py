"""The Asyncify pass: a module in, an instrumented one and the findings about its lists out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from stackswitch.errors import ConfigError, ToolError
from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.tools.paths import cache_dir
from stackswitch.tools.progress import Progress
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module, parse_module

from .cache import BuildCache, entry_key
from .features import module_flags
from .findings import explain_unmatched, imported_name, missing_features, read_warnings
from .listfile import OPTIONS, list_text, matches
from .locate import FoundTool, find_wasm_opt
from .stack_memory import with_reachable_memory
from .tool import ToolRun

TIMEOUT_S = 900.0
_FAILED = "Binaryen's asyncify pass failed"
_REFUSALS = ("does not yet support non-number types", "unexpected expr type")
"""Errors of the pass for code that it does not support: they are as certain to recur as a build."""


class AsyncifyRequest(Frozen):
    """What to instrument, and how; the lists are Binaryen's, wildcards and all.

    :ivar wasm: the module as it was before any Asyncify
    :ivar imports: the imports that may suspend, ``module.name``; none given, none may
    :ivar only: instrument these and nothing else (``()``: nothing); excludes ``add`` and ``remove``
    :ivar ignore_indirect: suppose that no indirect call leads to a waiting import
    :ivar propagate_add: the callers of what ``add`` names, and theirs, are instrumented too
    :ivar asserts: trap where a function that is not instrumented unwinds or rewinds
    :ivar optimize_level: 0 to 4: how much the instrumented code is optimised; the rest is left alone
    :ivar emit_exnref: afterwards, turn legacy exceptions into the new ones (wasmtime has no others)
    :ivar keep_names: keep the name section
    :ivar memory: which exported memory holds the saved stacks; default: the first one
    """

    wasm: bytes = Field(repr=False)
    imports: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    add: tuple[str, ...] | None = None
    remove: tuple[str, ...] | None = None
    ignore_indirect: bool = False
    propagate_add: bool = False
    asserts: bool = False
    optimize_level: int = Field(default=0, ge=0, le=4)
    emit_exnref: bool = False
    keep_names: bool = True
    memory: str | None = None

    def lists(self) -> dict[ListName, tuple[str, ...]]:
        """Return the lists that were given, by name; ``add`` and ``remove`` only with something in them.

        :raises ConfigError: an only-list together with another
        """
        if self.only is not None and (self.add or self.remove):
            raise ConfigError("ASYNCIFY_ONLY excludes ASYNCIFY_ADD and ASYNCIFY_REMOVE: it is the whole list")
        given: dict[ListName, tuple[str, ...] | None] = {
            "ASYNCIFY_IMPORTS": self.imports,
            "ASYNCIFY_ONLY": self.only,
            "ASYNCIFY_ADD": self.add or None,
            "ASYNCIFY_REMOVE": self.remove or None,
        }
        return {name: names for name, names in given.items() if names is not None}


class AsyncifyResult(Frozen):
    """An instrumented module.

    :ivar unmatched: list and name: what matched nothing, and what named an imported function (those belong in
        ``ASYNCIFY_IMPORTS``); each once
    :ivar warnings: a finding a line, for people, with anything else that the tool said
    :ivar memory: the exported memory that holds the saved stacks; added if the module had none to offer
    :ivar cached: it had been made before
    """

    wasm: bytes = Field(repr=False)
    memory: str
    unmatched: tuple[tuple[ListName, str], ...] = ()
    warnings: tuple[str, ...] = ()
    cached: bool = False


class Binaryen:
    """A ``wasm-opt`` that has passed its check, and a cache of what it made; takes many requests at once."""

    def __init__(self, found: FoundTool, *, cache: BuildCache | None) -> None:
        self.found = found
        self._cache = cache

    @property
    def version(self) -> str:
        """What the tool says of itself."""
        return self.found.version

    async def asyncify(self, request: AsyncifyRequest, *, timeout_s: float = TIMEOUT_S) -> AsyncifyResult:
        """Instrument a module.

        :param timeout_s: for each run of the tool (seconds)
        :raises WasmFormatError: the bytes are no module
        :raises ConfigError: lists that exclude each other
        :raises ToolError: the pass failed, with the command and what it said
        """
        lists = request.lists()
        key = entry_key(request.wasm, request.model_dump(exclude={"wasm"}), self.version)
        if self._cache is not None and (entry := await asyncio.to_thread(self._cache.read, key)):
            findings, wasm = entry
            if "refusal" in findings:
                raise ToolError(_FAILED, **findings["refusal"])
            return AsyncifyResult(wasm=wasm, cached=True, **findings)
        module = parse_module(request.wasm)
        try:
            built = await self._build(request, module, lists, timeout_s)
        except ToolError as error:
            if any(each in error.stderr for each in _REFUSALS):
                refusal = {"argv": error.argv, "status": error.status, "stderr": error.stderr}
                await self._keep(key, {"refusal": refusal}, b"")
            raise
        await self._keep(key, built.model_dump(include={"memory", "unmatched", "warnings"}), built.wasm)
        return built

    async def _keep(self, key: str, findings: dict[str, Any], wasm: bytes) -> None:
        if self._cache is not None:
            await asyncio.to_thread(self._cache.write, key, findings, wasm)

    async def _build(
        self,
        request: AsyncifyRequest,
        module: Module,
        lists: dict[ListName, tuple[str, ...]],
        timeout_s: float,
    ) -> AsyncifyResult:
        wasm, memory = with_reachable_memory(module, request.memory)
        unmatched = _unusable(module, lists)
        flags = list(await asyncio.to_thread(module_flags, module, emit_exnref=request.emit_exnref))
        while True:
            files = {f"{OPTIONS[which]}.txt": list_text(names) for which, names in lists.items()}
            files["in.wasm"] = wasm
            run = await self._run(partial(arguments, request, [*lists], memory), files, flags, timeout_s)
            if "out.wasm" in run.files:
                break
            imported = imported_name(run.stderr_text, lists)
            if not imported:
                raise _failed(run, _FAILED)
            which, name = imported
            lists = {**lists, which: tuple(each for each in lists[which] if each != name)}
            unmatched.append(imported)
        found = read_warnings(run.stderr_text, lists)
        names = binaryen_names(module)
        imported_names = {
            name: f"{each.module}.{each.name}"
            for name, each in zip(names, module.function_imports(), strict=False)
        }
        unmatched.extend(each for each in found.unmatched if not _matches_after_all(each[1], module, names))
        return AsyncifyResult(
            wasm=run.files["out.wasm"],
            memory=memory,
            unmatched=tuple(unmatched),
            warnings=(*explain_unmatched(unmatched, lists, imported_names), *found.other),
        )

    async def translate_exceptions(self, wasm: bytes) -> bytes:
        """Turn exceptions as first shipped into those of today's standard; function indexes stay.

        :raises WasmFormatError: the bytes are no module
        :raises ToolError: Binaryen failed
        """
        key = entry_key(wasm, {"translate": "exceptions"}, self.version)
        if self._cache is not None and (entry := await asyncio.to_thread(self._cache.read, key)):
            return entry[1]
        flags = list(await asyncio.to_thread(module_flags, parse_module(wasm), emit_exnref=True))
        args = ("in.wasm", "-o", "out.wasm", "-g", "--emit-exnref")
        run = await self._run(lambda more: (*args, *more), {"in.wasm": wasm}, flags, TIMEOUT_S)
        if "out.wasm" not in run.files:
            raise _failed(run, "Binaryen failed to translate legacy exceptions")
        await self._keep(key, {}, run.files["out.wasm"])
        return run.files["out.wasm"]

    async def _run(
        self,
        args: Callable[[Sequence[str]], Sequence[str]],
        files: Mapping[str, bytes],
        flags: list[str],
        timeout_s: float,
    ) -> ToolRun:
        """Run the tool, again with each feature that it finds missing; there is no ``out.wasm`` if it failed.

        :param args: makes the command line of the flags; :param flags: the features, which are added to
        """
        while True:
            run = await self.found.tool.run(args(flags), files, ["out.wasm"], timeout_s=timeout_s)
            if run.status == 0:
                return run
            names = [f"--enable-{each}" for each in missing_features(run.stderr_text)]
            more = [each for each in names if each not in flags]
            if not more:
                return run.model_copy(update={"files": {}})
            flags += more

    async def aclose(self) -> None:
        """End what was started; a second call does nothing."""
        await self.found.tool.aclose()


async def open_binaryen(
    *, wasm_opt: Path | None = None, progress: Progress | None = None, cached: bool = True
) -> Binaryen:
    """Find a ``wasm-opt`` (see ``locate``) and make it ready.

    :param cached: keep builds in the user's cache and take them from there
    :raises ToolNotFoundError: there is none that does, or the requested one does not
    :raises DownloadError: npm's was needed and can't be fetched
    """
    found = await find_wasm_opt(wasm_opt, progress=progress)
    return Binaryen(found, cache=BuildCache(cache_dir() / "asyncify") if cached else None)


def arguments(
    request: AsyncifyRequest, lists: Sequence[ListName], memory: str, flags: Sequence[str]
) -> tuple[str, ...]:
    """Return the command line of a pass, without the tool; lists are the files ``OPTION.txt``."""
    args = ["in.wasm", "-o", "out.wasm", *flags, f"--optimize-level={request.optimize_level}", "--asyncify"]
    args += [f"--pass-arg={OPTIONS[which]}@@{OPTIONS[which]}.txt" for which in lists]
    options = {
        "-g": request.keep_names,
        "--pass-arg=asyncify-ignore-indirect": request.ignore_indirect,
        "--pass-arg=asyncify-propagate-addlist": request.propagate_add,
        "--pass-arg=asyncify-asserts": request.asserts,
        f"--pass-arg=asyncify-memory@{memory}": True,
        "--emit-exnref": request.emit_exnref,
    }
    return (*args, *(option for option, given in options.items() if given))


def _unusable(module: Module, lists: dict[ListName, tuple[str, ...]]) -> list[tuple[ListName, str]]:
    """What Binaryen would pass over in silence: imports that are not there, names a line can't hold."""
    found: list[tuple[ListName, str]] = []
    for which, names in lists.items():
        for name in dict.fromkeys(names):
            if which == "ASYNCIFY_IMPORTS":
                if not any(matches(name, each) for each in module.import_names):
                    found.append((which, name))
            elif "\n" in name:
                found.append((which, name))
    return found


def _matches_after_all(pattern: str, module: Module, names: Sequence[str]) -> bool:
    """Whether a wildcard that Binaryen says matched nothing does match.

    It notes the first match of each function only: a wildcard whose functions are all matched by other
    entries too is reported as one that matches nothing.
    """
    defined = names[module.imported_function_count :]
    return "*" in pattern and any(matches(pattern, name) for name in defined)


def _failed(run: ToolRun, what: str) -> ToolError:
    return ToolError(what, argv=run.argv, status=run.status, stderr=run.stderr_text)
