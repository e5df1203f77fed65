"""Opening a module: read it, match its imports, choose a backend, make it ready, make an instance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from stackswitch.backends.guest_protocol import GuestModule, Limits, OpenRequest, Wasi
from stackswitch.backends.registry import BACKENDS, backend_spec, check_engine, library_opener
from stackswitch.engines.spec import engine_name
from stackswitch.errors import (
    BackendUnavailableError,
    ConfigError,
    GuestError,
    ImportsError,
    StackswitchError,
)
from stackswitch.wasm.memorybudget import check_budget
from stackswitch.wasm.module import Module, parse_module

from .guest import Guest
from .imports import Imports, host_functions

AUTO = "auto"
_TEXT = b"(module"


async def open_guest(
    source: str | Path | bytes,
    *,
    backend: str = AUTO,
    imports: Imports | None = None,
    wasi: Wasi | None = None,
    only: Sequence[str] | None = None,
    concurrent: bool = False,
    stacks: bool = False,
    max_memory: int | None = None,
    fuel: int | None = None,
    deadline_s: float | None = None,
    stack_bytes: int | None = None,
    engine: str | None = None,
) -> Guest:
    """Open a WebAssembly module; its imports are Python functions, and those that are coroutines suspend it.

    :param source: a file of wasm or of its text format, or its bytes
    :param backend: ``asyncify``, ``fiber``, ``jspi``, or ``auto``: the first that can (``Guest.why`` tells)
    :param imports: by ``module.name``: called with the ``Caller`` and the import's arguments
    :param wasi: for modules that want WASI preview 1
    :param only: for ``asyncify``: the functions to instrument; None: all that can lead to a wait
    :param concurrent: several calls at once, each with a C stack of its own; else they take turns
    :param stacks: note the stack at each wait, for ``Guest.suspended``
    :param max_memory: bytes that all its memories and tables may take together
    :param fuel: how much a call, or the start function, may use, about one for each instruction
    :param deadline_s: how long a call, or the start function, may take, waits included (seconds)
    :param stack_bytes: of the guest's native stack
    :param engine: which Node, for ``jspi`` (``node@24``, ``node:/path``); ``auto``: one that runs on it
    :raises ImportsError: imports that nothing provides, all at once, or functions that do not fit
    :raises WasmFormatError: it is no module
    :raises BackendUnavailableError: the backend cannot run here, with the reason
    :raises GuestError: the backend cannot run this module
    :raises GuestTrapError: its start function trapped
    :raises GuestTimeoutError: its start function took longer than ``deadline_s``, or used up its fuel
    :raises GuestMemoryError: it begins with more than ``max_memory``
    :raises ConfigError: a parameter makes no sense, there is no such file, or no such engine for the backend
    :raises ToolError: Binaryen or an engine was started and failed
    :raises ToolNotFoundError: Binaryen, or a Node for ``jspi``, was not found
    :raises DownloadError: Binaryen had to be downloaded, and could not be
    :raises EngineError: Node did not start, or broke the protocol
    """
    check_guest_engine(engine, backend)
    plan = await make_plan(
        source,
        imports=imports,
        wasi=wasi,
        only=only,
        concurrent=concurrent,
        stacks=stacks,
        limits=Limits(max_memory, fuel, deadline_s, stack_bytes),
        engine=engine,
    )
    module, why = await open_module(plan, backend)
    guest = Guest(module, plan, why, owns_module=True)
    try:
        return await guest._make()
    except BaseException:
        await guest.aclose()
        raise


async def make_plan(
    source: str | Path | bytes,
    *,
    imports: Imports | None,
    wasi: Wasi | None,
    only: Sequence[str] | None,
    concurrent: bool,
    stacks: bool,
    limits: Limits,
    engine: str | None,
) -> OpenRequest:
    """Read a module and settle what it imports (see ``open_guest``)."""
    for name, value in vars(limits).items():
        if value is not None and value <= 0:
            raise ConfigError(f"{name} must be more than 0, not {value}")
    wasm = await asyncio.to_thread(_read, source)
    module = await asyncio.to_thread(parse_module, wasm)
    if limits.max_memory is not None:
        check_budget(module, limits.max_memory)
    functions = host_functions(module, imports or {}, wasi=wasi is not None)
    if wasi is not None:
        await asyncio.to_thread(_check_dirs, wasi)
    return OpenRequest(
        wasm=wasm,
        module=module,
        functions=functions,
        wasi=wasi,
        only=tuple(only) if only is not None else None,
        concurrent=concurrent,
        stacks=stacks,
        limits=limits,
        engine=engine,
    )


def _check_dirs(wasi: Wasi) -> None:
    for each in wasi.dirs.values():
        if not Path(each).is_dir():
            raise ConfigError(f"wasi: there is no directory {each}")


def _read(source: str | Path | bytes) -> bytes:
    if isinstance(source, (str, Path)):
        try:
            source = Path(source).read_bytes()
        except OSError as error:
            raise ConfigError(f"the module cannot be read: {error}") from error
    if source.lstrip()[: len(_TEXT)] != _TEXT:
        return bytes(source)
    import wasmtime

    try:
        return bytes(wasmtime.wat2wasm(source))
    except wasmtime.WasmtimeError as error:
        raise ConfigError(f"the module's text cannot be read: {error}") from error


def candidates(plan: OpenRequest) -> list[tuple[str, str]]:
    """Return the backends for a module, the best first, each with the reason for it."""
    if is_asyncified(plan.module):
        return [("asyncify", "the module is an Asyncify build already")]
    scripts = [each.full_name for each in plan.functions.values() if each.javascript]
    if scripts:
        return [("jspi", f"{scripts[0]} is JavaScript")]
    if plan.only is not None:
        return [("asyncify", "a list of functions to instrument was given")]
    return [
        ("fiber", "it runs modules as they are, in this process"),
        ("asyncify", "it runs in this process, on any machine that wasmtime does"),
        ("jspi", "it runs modules as they are, in Node"),
    ]


def check_guest_engine(engine: str | None, backend: str) -> None:
    """Refuse an engine that is none or that the backend cannot use.

    :param backend: its name, or ``auto``
    :raises ConfigError: with those that it can
    """
    if engine is not None:
        every = tuple(BACKENDS) if backend == AUTO else (backend,)
        check_engine(engine, every, uses=("guests",), every=backend != AUTO)


def is_asyncified(module: Module) -> bool:
    """Whether Asyncify was run on a module: it has the control functions."""
    return all(
        module.export_named(f"asyncify_{each}") is not None
        for each in ("start_unwind", "stop_unwind", "start_rewind", "stop_rewind")
    )


async def open_module(plan: OpenRequest, backend: str) -> tuple[GuestModule, str]:
    """Make a module ready on a backend; return why on that one, too.

    :param backend: its name, or ``auto``
    :raises ConfigError: there is no such backend, or none for the plan's engine
    """
    check_guest_engine(plan.engine, backend)
    if backend != AUTO:
        backend_spec(backend)
        return await _opened(plan, backend), "it was asked for"
    passed: list[str] = []
    last: StackswitchError | None = None
    ways = candidates(plan)
    if plan.engine is not None:
        check_engine(plan.engine, [name for name, _ in ways], uses=("guests",), every=False)
        meant = engine_name(plan.engine)
        ways = [(name, why) for name, why in ways if meant in backend_spec(name).engines("guests")]
    for name, reason in ways:
        try:
            opened = await _opened(plan, name)
        except (ImportsError, ConfigError):
            raise
        except (BackendUnavailableError, GuestError) as error:
            last = error
            passed.append(f"{name}: {str(error).splitlines()[0]}")
        else:
            return opened, "; ".join([f"{name}: {reason}", *(f"not {each}" for each in passed)])
    if len(passed) == 1 and last is not None:
        raise last
    raise BackendUnavailableError("no backend can run this module:\n  " + "\n  ".join(passed)) from last


async def _opened(plan: OpenRequest, backend: str) -> GuestModule:
    opener = await asyncio.to_thread(
        library_opener, backend
    )  # it imports what the backend needs, the first time
    return await opener(plan)


async def why_unavailable(backend: str) -> str | None:
    """Return why a backend cannot be had here, found by opening the smallest of modules; None: it can."""
    try:
        async with await open_guest(b"\0asm\1\0\0\0", backend=backend):
            return None
    except (StackswitchError, OSError) as error:
        return str(error)
