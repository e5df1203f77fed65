"""Opens a module: reads it, matches its imports, chooses a backend, prepares it, makes an instance."""

from __future__ import annotations

import asyncio
from pathlib import Path

from typing_extensions import Unpack

from stackswitch.backends.guest_protocol import GuestModule, OpenRequest
from stackswitch.backends.registry import backend_spec, check_engine, guest_opener
from stackswitch.engines.spec import engine_name
from stackswitch.errors import (
    BackendUnavailableError,
    ConfigError,
    GuestError,
    ImportsError,
    StackswitchError,
)
from stackswitch.wasm.asyncified import is_asyncified, missing_control_exports
from stackswitch.wasm.memory_budget import check_budget
from stackswitch.wasm.module import parse_module

from .awaitable import AwaitableContextManager
from .guest import Guest
from .imports import host_functions
from .options import AUTO, GuestKeywords, GuestOptions, with_keywords

_TEXT = b"(module"


def open_guest(
    source: str | Path | bytes, options: GuestOptions | None = None, **keywords: Unpack[GuestKeywords]
) -> AwaitableContextManager[Guest]:
    """Open a WebAssembly module; its imports are Python functions, and those that are coroutines suspend it.

    ``async with open(…) as guest`` closes the guest at the end; ``guest = await open(…)`` leaves that to you.

    :param source: a file of wasm or of its text format, or its bytes
    :param options: how to open it
    :param keywords: the fields of ``GuestOptions``; each replaces that of ``options``
    :raises ImportsError: imports that nothing provides, all at once, or functions that do not fit
    :raises WasmFormatError: it is not a module
    :raises BackendUnavailableError: the backend cannot run here, with the reason
    :raises GuestError: the backend cannot run this module
    :raises GuestTrapError: its start function trapped
    :raises GuestTimeoutError: its start function took longer than ``deadline_s``, or used up its fuel
    :raises GuestMemoryError: it begins with more than ``max_memory``
    :raises ConfigError: an option makes no sense, there is no such file, or no such engine for the backend
    :raises ToolError: Binaryen or an engine was started and failed
    :raises ToolNotFoundError: Binaryen, or a Node for ``jspi``, was not found
    :raises DownloadError: Binaryen had to be downloaded, and could not be
    :raises EngineError: Node did not start, or broke the protocol
    """
    return AwaitableContextManager(_open_guest(source, with_keywords(options, **keywords)))


async def _open_guest(source: str | Path | bytes, options: GuestOptions) -> Guest:
    request = await make_request(source, options)
    module, why = await open_module(request, options.backend)
    guest = Guest(module, request, why, owns_module=True)
    try:
        return await guest._instantiate()
    except BaseException:
        await guest.aclose()
        raise


async def make_request(source: str | Path | bytes, options: GuestOptions) -> OpenRequest:
    """Read a module and match its imports; raises what ``open_guest`` does."""
    wasm = await asyncio.to_thread(_read, source)
    module = await asyncio.to_thread(parse_module, wasm)
    if options.max_memory is not None:
        check_budget(module, options.max_memory)
    functions = host_functions(module, options.imports or {}, wasi=options.wasi is not None)
    if options.wasi is not None:
        for each in options.wasi.dirs.values():
            if not await asyncio.to_thread(Path(each).is_dir):
                raise ConfigError(f"wasi: there is no directory {each}")
    return OpenRequest(
        wasm=wasm,
        module=module,
        functions=functions,
        wasi=options.wasi,
        only=tuple(options.only) if options.only is not None else None,
        concurrent=options.concurrent,
        stacks=options.stacks,
        c_stack_bytes=options.c_stack_bytes,
        limits=options.limits,
        engine=options.engine,
    )


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


def candidates(request: OpenRequest) -> list[tuple[str, str]]:
    """Return the backends for a module, the best first, each with the reason for it."""
    if is_asyncified(request.module):
        if not missing_control_exports(request.module):
            return [("asyncify", "the module is an Asyncify build already")]
        why = "the module is an Asyncify build that does not export its control functions"
        return [("fiber", why), ("jspi", why)]
    scripts = [each.full_name for each in request.functions.values() if each.javascript]
    if scripts:
        return [("jspi", f"{scripts[0]} is JavaScript")]
    if request.only is not None:
        return [("asyncify", "a list of functions to instrument was given")]
    return [
        ("fiber", "it runs modules as they are, in this process"),
        ("asyncify", "it runs in this process, on any machine that wasmtime does"),
        ("jspi", "it runs modules as they are, in Node"),
    ]


async def open_module(request: OpenRequest, backend: str) -> tuple[GuestModule, str]:
    """Prepare a module on a backend; return it, and why it runs on that backend.

    :param backend: its name, or ``auto``
    :raises ConfigError: there is no such backend, or none for the request's engine
    """
    if backend != AUTO:
        module = await _prepare(request, backend)
        return module, "; ".join(["it was asked for", *_restrictions(module)])
    refused: list[str] = []
    last: StackswitchError | None = None
    choices = candidates(request)
    if request.engine is not None:
        check_engine(request.engine, [name for name, _ in choices], uses=("guests",), every=False)
        engine = engine_name(request.engine)
        choices = [each for each in choices if engine in backend_spec(each[0]).engines("guests")]
    for name, reason in choices:
        try:
            module = await _prepare(request, name)
        except (ImportsError, ConfigError):
            raise
        except (BackendUnavailableError, GuestError) as error:
            last = error
            refused.append(f"{name}: {str(error).splitlines()[0]}")
        else:
            whys = [f"{name}: {reason}", *(f"not {each}" for each in refused), *_restrictions(module)]
            return module, "; ".join(whys)
    if len(refused) == 1 and last is not None:
        raise last
    raise BackendUnavailableError("no backend can run this module:\n  " + "\n  ".join(refused)) from last


def _restrictions(module: GuestModule) -> list[str]:
    return [] if module.serial is None else [f"calls run one after another: {module.serial}"]


async def _prepare(request: OpenRequest, backend: str) -> GuestModule:
    opener = await asyncio.to_thread(guest_opener, backend)  # the first time, this imports the backend
    return await opener(request)


async def why_unavailable(backend: str) -> str | None:
    """Return why a backend cannot run here, found by opening the smallest module; None: it can."""
    try:
        async with open_guest(b"\0asm\1\0\0\0", backend=backend):
            return None
    except (StackswitchError, OSError) as error:
        return str(error)
