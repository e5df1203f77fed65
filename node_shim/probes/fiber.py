# fibers through the C API: 10,000 calls, each left and taken up again
"""Runs within ``stackswitch/engines/in_wasmtime.py``."""

from __future__ import annotations

import ctypes
from pathlib import Path

import wasmtime
from wasmtime import _bindings as c

ROUNDS = 10_000
POLLS = 3
"""How often a wait says that it is not over."""
I32 = 0


class Waits:
    """The import ``env.wait``: gives its argument back, once it has been polled often enough."""

    def __init__(self) -> None:
        self.polls = 0
        self.left = 0
        self.on_call = c.wasmtime_func_async_callback_t(self._call)
        self._on_poll = c.wasmtime_func_async_continuation_callback_t(self._poll)

    def _call(self, env, caller, args, nargs, results, nresults, trap, continuation) -> None:
        continuation[0].callback = self._on_poll
        continuation[0].env = None
        results[0].kind = I32
        results[0].of.i32 = args[0].of.i32
        self.left = POLLS

    def _poll(self, env: int) -> bool:
        self.polls += 1
        self.left -= 1
        return self.left <= 0


def probe(engine: wasmtime.Engine) -> dict[str, object]:
    """Call ``run`` of the round trip as a future, and poll it until it is ready."""
    if not hasattr(c, "wasmtime_call_future_poll"):
        return {"shown": "no", "why": "its C library has no wasmtime_call_future_poll"}
    store = wasmtime.Store(engine)
    linker = wasmtime.Linker(engine)
    waits = Waits()
    kind = wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()])
    no_finalizer = type(c.wasmtime_async_continuation_t().finalizer)()
    error = c.wasmtime_linker_define_async_func(
        linker.ptr(), _chars(b"env"), 3, _chars(b"wait"), 4, kind.ptr(), waits.on_call, None, no_finalizer
    )
    if error:
        return {"shown": "no", "why": "an import that waits is refused"}
    module = wasmtime.Module.from_file(engine, str(Path(__file__).parent / "modules" / "round-trip.wat"))
    trap = ctypes.POINTER(c.wasm_trap_t)()
    fault = ctypes.POINTER(c.wasmtime_error_t)()
    instance = c.wasmtime_instance_t()

    def finish(future: object) -> int:
        polls = 1
        while not c.wasmtime_call_future_poll(future):
            polls += 1
        c.wasmtime_call_future_delete(future)
        if trap or fault:
            raise RuntimeError("the call failed")
        return polls

    context = store._context()
    finish(
        c.wasmtime_linker_instantiate_async(
            linker.ptr(),
            context,
            module.ptr(),
            ctypes.byref(instance),
            ctypes.byref(trap),
            ctypes.byref(fault),
        )
    )
    export = c.wasmtime_extern_t()
    if not c.wasmtime_instance_export_get(
        context, ctypes.byref(instance), _chars(b"run"), 3, ctypes.byref(export)
    ):
        return {"shown": "unsound", "why": "the instance has no export"}
    fewest = 0
    for number in range(ROUNDS):
        argument, result = c.wasmtime_val_t(), c.wasmtime_val_t()
        argument.kind = I32
        argument.of.i32 = number
        places = (argument, 1, result, 1, trap, fault)
        by_reference = (each if isinstance(each, int) else ctypes.byref(each) for each in places)
        polls = finish(c.wasmtime_func_call_async(context, ctypes.byref(export.of.func), *by_reference))
        fewest = min(fewest or polls, polls)
        wanted = (number - 1 if number & 1 else number + 1) + number + 1
        if result.of.i32 != wanted:
            return {"shown": "unsound", "why": f"round trip {number + 1} gave {result.of.i32}, not {wanted}"}
    if fewest < 2:
        return {"shown": "unsound", "why": "the call was never left"}
    return {"shown": "yes", "facts": {"polls_a_call": fewest}}


def _chars(text: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(text)
