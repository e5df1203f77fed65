"""Matches what a module imports with the host functions given, and reports all that do not fit at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from stackswitch.backends.guest_protocol import HostFunction
from stackswitch.errors import ImportsError
from stackswitch.wasm.module import FuncType, Import, Module

WASI_MODULE = "wasi_snapshot_preview1"


class JavaScript:
    """A host function written in JavaScript, for the backend ``jspi``: it runs in Node, beside the guest.

    :param path: the file of a JavaScript module
    :param name: the function's name among the module's exports
    """

    def __init__(self, path: str, name: str) -> None:
        self.path = str(path)
        self.name = name

    def __call__(self, *_args: Any) -> Any:
        """Never called: the backend runs the JavaScript."""
        raise ImportsError(f"{self.name} is JavaScript ({self.path}): only the backend jspi runs it")


Imports: TypeAlias = Mapping[str, object]
"""Host functions by ``module.name``: each a callable or ``JavaScript``.

``object``, since a type checker infers no narrower type for a dictionary of different functions. What is not
callable is an ``ImportsError`` when the guest is opened.
"""


def host_functions(module: Module, imports: Imports, *, wasi: bool) -> dict[tuple[str, str], HostFunction]:
    """Return the host function of each imported function.

    :param wasi: whether the backend provides WASI; a function in ``imports`` takes precedence over it
    :raises ImportsError: one is missing, takes another number of arguments, or is not a function
    """
    found: dict[tuple[str, str], HostFunction] = {}
    missing: dict[str, str] = {}
    wrong: list[str] = []
    for each in module.imports:
        given = imports.get(each.full_name)
        type_ = module.function_type(each.index) if each.kind == "func" else None
        if given is None:
            if not (wasi and each.module == WASI_MODULE):
                missing[each.full_name] = _described(each, type_)
        elif type_ is None:
            wrong.append(f"{each.full_name} is a {each.kind}: only functions can be given")
        elif not callable(given):
            wrong.append(f"{each.full_name} wants a function, not {given!r}")
        elif problem := _signature_problem(given, type_):
            wrong.append(f"{each.full_name} {problem}")
        else:
            key = (each.module, each.name)
            if key in found and found[key].type != type_:
                wrong.append(f"{each.full_name} is imported with two types")
            script = (given.path, given.name) if isinstance(given, JavaScript) else None
            waits = script is not None or is_coroutine_function(given)
            found[key] = HostFunction(each.module, each.name, type_, given, waits, script)
    if missing or wrong:
        raise ImportsError(_problems(missing, wrong, imports), missing=[*missing])
    return found


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether calling it returns a coroutine: ``async def``, bound, in a ``partial``, or as ``__call__``."""
    if inspect.iscoroutinefunction(function):
        return True
    return inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 (only its kind matters)


def _described(each: Import, type_: FuncType | None) -> str:
    if type_ is None:
        return f"{each.full_name}: a {each.kind}"
    return f"{each.full_name}: ({' '.join(type_.params)}) -> ({' '.join(type_.results)})"


def _problems(missing: Mapping[str, str], wrong: list[str], imports: Imports) -> str:
    lines = []
    if missing:
        lines.append(
            "nothing provides what the module imports; give these in imports={…}"
            " (`stackswitch run`: in --host FILE.py):"
        )
        lines += [f"  {each}" for each in missing.values()]
        if any(each.startswith(WASI_MODULE) for each in missing):
            lines.append(f"  (for {WASI_MODULE}: pass wasi=stackswitch.Wasi())")
        lines += _similar(missing, imports)
    if wrong:
        lines.append("host functions that do not fit:")
        lines += [f"  {each}" for each in wrong]
    return "\n".join(lines)


def _similar(missing: Mapping[str, str], imports: Imports) -> list[str]:
    """Return hints for functions that were given under another module's name."""
    by_name = {each.rpartition(".")[2]: each for each in imports}
    return [
        f"  ({given} was given: should it be {each}?)"
        for each in missing
        if (given := by_name.get(each.rpartition(".")[2]))
    ]


def _signature_problem(function: Callable[..., Any], type_: FuncType) -> str | None:
    """Return why a function cannot be called with the caller and the import's arguments; None: it can."""
    if isinstance(function, JavaScript):
        return None
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without a signature
        return None
    try:
        signature.bind(None, *type_.params)
    except TypeError:
        return (
            f"is called with the caller and {len(type_.params)} arguments ({' '.join(type_.params)}),"
            f" and the function takes {signature}"
        )
    return None


FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def reads(*slices: tuple[int, int]) -> Callable[[FunctionT], FunctionT]:
    """Declare which memory a host function reads, so that ``jspi`` sends it along with the call.

    A decorator. Without it, each read is a round trip to Node; on the other backends it changes nothing.

    :param slices: for each slice of memory, which argument is its address and which is its size (bytes);
        arguments are counted from 0, without the caller
    """

    def mark(function: FunctionT) -> FunctionT:
        function.__stackswitch_reads__ = slices  # type: ignore[attr-defined]
        return function

    return mark
