"""``stackswitch run``: calls an export of a module whose imports are Python functions of a file."""

from __future__ import annotations

import importlib.util
import inspect
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from stackswitch.backends.guest_protocol import Wasi
from stackswitch.backends.registry import BACKENDS
from stackswitch.errors import ConfigError, GuestError, GuestTrapError, StackswitchError
from stackswitch.guest.guest import Guest
from stackswitch.guest.opening import open_guest
from stackswitch.guest.options import GuestOptions
from stackswitch.models.values import NUMBER_BITS, value_bits, value_text
from stackswitch.reports.escape import json_text
from stackswitch.wasm.module import FuncType, Module

from .inputs import named_as, read_input
from .options import argument, option, writes
from .output import STDOUT, open_outputs, write_guest_output, write_text
from .signals import run_async

SCHEMA_VERSION = 1
WASI_MODULE = "wasi_snapshot_preview1"
START = "_start"
AUTO = "auto"
_LAYOUTS = {"i32": "<i", "i64": "<q", "f32": "<f", "f64": "<d", "v128": "16s"}


@dataclass(frozen=True)
class RunOptions:
    """Call an export and print its result, a value a line; an import that is `async def` suspends the guest.

    Exits with a WASI program's own status; a trap and what a host function raises go to stderr with the
    guest's stack.
    """

    module: Path = argument("A .wasm, or its text (.wat).", default=...)
    export: str = argument("The exported function; _start for a WASI command.", default=...)
    args: list[str] | None = argument(
        "Its arguments, by its own types: 7, -1, 0x10, 1.5, i64:7. For _start: the program's.",
        metavar="[ARGS]…",
    )
    host: Path | None = option(
        "Python functions for its imports: a dict `imports`, or functions of the imports' names.",
        metavar="FILE.py",
    )
    backend: str = option(
        "auto: the first that can.", metavar=f"<{'|'.join((AUTO, *BACKENDS))}>", default=AUTO
    )
    engine: str | None = option("Which Node, for jspi: node@24, node:/path.")
    env: list[str] | None = option("WASI: the guest's environment.", metavar="NAME=VALUE")
    directory: list[str] | None = option(
        "WASI: a directory that the guest may use.", "--dir", metavar="GUEST=HOST"
    )
    deadline_s: float | None = option("End it after so many seconds.", "--deadline", min=0.001, metavar="S")
    json: str | None = writes("the result as JSON")


@dataclass(frozen=True)
class _Call:
    """A call of an export: the module, the values for the parameters, and what it imports."""

    wasm: bytes
    module: Module
    export: str
    type: FuncType
    values: tuple[Any, ...]
    imports: dict[str, Callable[..., Any]]
    wasi: Wasi | None


def run(options: RunOptions) -> None:
    """Call the export, and show its results.

    :raises typer.Exit: a WASI program ended with a status
    :raises GuestError: a host function raised
    """
    console = open_outputs(options.json)
    opening = GuestOptions(backend=options.backend, engine=options.engine, deadline_s=options.deadline_s)
    call = _prepare(options)
    try:
        results, guest = run_async(_run(call, opening, output_to_stderr=options.json == STDOUT))
    except GuestTrapError as error:
        if error.exit_status is None:
            raise
        raise typer.Exit(error.exit_status) from None
    except (StackswitchError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 (whatever a host function raised)
        raise GuestError(_describe(error, options.host)) from None
    texts = [value_shown(kind, value) for kind, value in zip(call.type.results, results, strict=True)]
    found = {
        "schema_version": SCHEMA_VERSION,
        "module": call.module.sha256,
        "export": call.export,
        "backend": guest.backend,
        "engine": guest.engine,
        "values": texts,
    }
    write_text(options.json, lambda: json_text(found))
    if options.json != STDOUT:
        for text in texts:
            console.print(text.partition(":")[2])


def _prepare(options: RunOptions) -> _Call:
    """Read the module, the arguments and the host file."""
    wasm, module = _read(options.module)
    function = module.export_named(options.export)
    if function is None or function.kind != "func":
        known = ", ".join(sorted(module.exported_functions))
        raise ConfigError(
            f"{options.module} exports no function {options.export!r}; it has {known or 'none'}"
        )
    type_ = module.function_type(function.index)
    args = options.args or []
    is_program = options.export == START and not type_.params
    values = () if is_program else arguments(options.export, type_, args)
    wasi = _wasi(options, module, args if is_program else ())
    imports = host_imports(options.host, module) if options.host is not None else {}
    return _Call(wasm, module, options.export, type_, values, imports, wasi)


async def _run(
    call: _Call, opening: GuestOptions, *, output_to_stderr: bool
) -> tuple[tuple[Any, ...], Guest]:
    """Open the guest, make the call, and return its results."""
    async with open_guest(call.wasm, opening, imports=call.imports, wasi=call.wasi) as guest:
        try:
            result = await guest.call(call.export, *call.values)
        finally:
            if call.wasi is not None and not guest.closed:
                write_guest_output(guest.stdout, to_stderr=output_to_stderr)
                write_guest_output(guest.stderr, to_stderr=True)
    return result if isinstance(result, tuple) else () if result is None else (result,), guest


def _read(module: Path) -> tuple[bytes, Module]:
    wasm = read_input(module, "module")
    if not wasm.startswith(b"\0asm"):
        import wasmtime

        try:
            wasm = bytes(wasmtime.wat2wasm(wasm))
        except (wasmtime.WasmtimeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{module}: neither a module nor its text: {error}") from None
    return wasm, named_as(module, wasm)


def arguments(export: str, type_: FuncType, words: Sequence[str]) -> tuple[Any, ...]:
    """Parse a call's arguments by the types of the function's parameters.

    :raises ConfigError: too few, too many, or one is not of its type
    """
    if len(words) != len(type_.params):
        wanted = " ".join(type_.params) or "none"
        raise ConfigError(f"{export} takes {len(type_.params)} arguments ({wanted}), not {len(words)}")
    return tuple(_argument(kind, word, export) for kind, word in zip(type_.params, words, strict=True))


def _argument(kind: str, word: str, export: str) -> Any:
    if kind not in NUMBER_BITS:
        raise ConfigError(f"{export} takes a {kind}, which cannot be written on a command line")
    prefix, colon, _ = word.partition(":")
    if colon and prefix in NUMBER_BITS and prefix != kind:
        raise ConfigError(f"{export} takes an {kind} there, not {word}")
    try:
        bits = value_bits(word if colon and prefix == kind else f"{kind}:{word}")
    except ValueError:
        raise ConfigError(f"{export}: {word!r} is no {kind}") from None
    return struct.unpack(_LAYOUTS[kind], bits.to_bytes(NUMBER_BITS[kind] // 8, "little"))[0]


def value_shown(kind: str, value: Any) -> str:
    """Return a value as text, ``type:literal``."""
    if kind not in NUMBER_BITS:
        return f"{kind}:{value!r}"
    return value_text(kind, int.from_bytes(struct.pack(_LAYOUTS[kind], value), "little"))


def host_imports(path: Path, module: Module) -> dict[str, Callable[..., Any]]:
    """Run a Python file and return its functions for a module's imports.

    :raises ConfigError: there is no such file, it raises, or its ``imports`` is no dict
    """
    name = "stackswitch_host"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"{path}: there is no such Python file")
    file = importlib.util.module_from_spec(spec)
    sys.modules[name] = file
    sys.path.insert(0, str(path.absolute().parent))
    try:
        spec.loader.exec_module(file)
    except Exception as error:  # noqa: BLE001 (whatever the file raises)
        raise ConfigError(f"{path} fails:\n{_describe(error, path)}") from None
    given = getattr(file, "imports", None)
    if given is None:
        wanted = {each.name: each.full_name for each in module.imports if each.kind == "func"}
        return {
            full: found for bare, full in wanted.items() if inspect.isfunction(found := vars(file).get(bare))
        }
    if not isinstance(given, dict):
        raise ConfigError(f"{path}: imports is a {type(given).__name__}, not a dict of functions")
    return given


def _describe(error: BaseException, host: Path | None) -> str:
    """Return an exception with the lines of the host file on its traceback, and its notes."""
    lines = [f"{type(error).__name__}: {error}"]
    here = str(host.absolute()) if host is not None else None
    lines += [
        f"  {host}:{frame.lineno}, in {frame.name}: {frame.line}"
        for frame in traceback.extract_tb(error.__traceback__)
        if here is not None and str(Path(frame.filename).absolute()) == here
    ]
    lines += [f"  {line}" for note in getattr(error, "__notes__", ()) for line in note.splitlines()]
    return "\n".join(lines)


def _wasi(options: RunOptions, module: Module, args: Sequence[str]) -> Wasi | None:
    """Return what a WASI module gets; None: the module imports nothing of WASI."""
    env, dirs = options.env or [], options.directory or []
    if not any(each.module == WASI_MODULE for each in module.imports):
        for given, option in ((env, "--env"), (dirs, "--dir")):
            if given:
                raise ConfigError(f"{option}: {options.module} imports nothing of WASI")
        return None
    stdin = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    return Wasi(
        args=(options.module.name, *args),
        env=_pairs(env, "--env"),
        stdin=stdin,
        dirs=_pairs(dirs, "--dir"),
    )


def _pairs(words: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"{option} {word}: write NAME=VALUE")
        pairs[name] = value
    return pairs
