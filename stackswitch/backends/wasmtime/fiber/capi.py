"""wasmtime's asynchronous calls through its C API, and a callback for them that runs no Python code.

A host function is called on the *fiber*: the native stack that wasmtime made for the call. Python must not
run there. A signal handler or a trace function would be user code on a foreign stack, and one that raises
leaves the continuation unfilled, at which wasmtime ends the process. So the callback is put together from
C code alone: ``CallbackArguments.__init__`` of ctypes writes the arguments into a structure, and its last
field is a property whose setter is libc's ``bcopy``, which fills the continuation. No bytecode is
executed, so nothing is polled, traced or raised. What is left is a ``RecursionError``, and ``check_depth``
raises that on the caller's own stack.

The continuation is libc's ``strlen`` on a string of one flag: 0 the guest waits on, 1 it goes on.

Layouts: ``wasmtime_async_continuation_t`` is a function, its argument and a finalizer. Source: wasmtime's
``async.h``.
"""

from __future__ import annotations

import ctypes
import operator
import sys
from collections.abc import Callable
from ctypes import c_bool, c_char_p, c_size_t, c_uint64, c_void_p
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from stackswitch.errors import BackendUnavailableError

from ..capi import CFunctions, Prototypes, address

_POINTER = c_void_p
_FUNCTIONS: Prototypes = {
    "wasmtime_linker_new": (c_void_p, (_POINTER,)),
    "wasmtime_linker_delete": (None, (_POINTER,)),
    "wasmtime_linker_define": (
        c_void_p,
        (_POINTER, _POINTER, c_char_p, c_size_t, c_char_p, c_size_t, _POINTER),
    ),
    "wasmtime_linker_define_async_func": (
        c_void_p,
        (_POINTER, c_char_p, c_size_t, c_char_p, c_size_t, _POINTER, _POINTER, c_size_t, _POINTER),
    ),
    "wasmtime_linker_instantiate_async": (c_void_p, (_POINTER,) * 6),
    "wasmtime_func_call_async": (
        c_void_p,
        (_POINTER, _POINTER, _POINTER, c_size_t, _POINTER, c_size_t, _POINTER, _POINTER),
    ),
    "wasmtime_context_epoch_deadline_async_yield_and_update": (None, (_POINTER, c_uint64)),
}
# This runs guest code: Python's other threads run meanwhile. Its argument is a ctypes object already: with a
# declared type ctypes would convert it again.
_RUNNING: Prototypes = {"wasmtime_call_future_poll": (c_bool, ())}


class FiberApi(CFunctions):
    """The functions, by their names."""

    def __init__(self) -> None:
        super().__init__(_FUNCTIONS, _RUNNING)

    def deleter(self, futures: dict[int, Any]) -> Callable[[int], None]:
        """Return what deletes a future by its address and takes it out of ``futures``, both in one step.

        A signal handler that raises between the two would have it deleted twice, or never.
        """
        # A function type with the converter in it would be a new class for each store.
        delete = _DELETER(("wasmtime_call_future_delete", self.dll))
        delete.argtypes = (Converter(futures.pop),)  # type: ignore[assignment]
        return delete


_DELETER = ctypes.PYFUNCTYPE(None)


class Continuation(ctypes.Structure):
    """``wasmtime_async_continuation_t``: what wasmtime calls to learn whether the guest goes on."""

    _fields_ = [("callback", c_void_p), ("argument", c_void_p), ("finalizer", c_void_p)]


class Converter:
    """A type for ctypes, which converts a Python argument by ``from_param``: C code."""

    def __init__(self, from_param: Callable[[Any], Any]) -> None:
        self.from_param = from_param


def refuse_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Refuse Pythons whose own check of the C stack ends the process on any other stack than the thread's.

    :raises BackendUnavailableError: it is one of them
    """
    if (3, 14, 0) <= version < (3, 14, 2):
        raise BackendUnavailableError(
            f"Python {'.'.join(map(str, version))} ends the process when it is called on a fiber;"
            " 3.14.2 and later do not, nor do 3.13 and earlier"
        )


class CallbackArguments(ctypes.Structure):
    """The arguments of the callback that was called last (``wasmtime_func_async_callback_t``).

    The last one, the continuation, is not stored: setting it fills it from ``source``, a ``c_void_p``.
    """

    _fields_ = [
        ("number", c_size_t),
        ("caller", c_void_p),
        ("args", c_void_p),
        ("arg_count", c_size_t),
        ("results", c_void_p),
        ("result_count", c_size_t),
        ("trap", c_void_p),
        ("continuation", c_void_p),
    ]
    source: c_void_p
    profiler: c_void_p


_CALLBACK = ctypes.CFUNCTYPE(
    None, c_size_t, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_void_p
)


@cache
def c_library() -> Any:
    """Return the C library, once; the property on ``CallbackArguments`` is made with it."""
    try:
        libc = ctypes.PyDLL(None)
        copy = ctypes.PYFUNCTYPE(None, Converter(operator.attrgetter("source")), c_void_p, c_size_t)(  # type: ignore[arg-type]
            ("bcopy", libc), ((1, "source"), (1, "to"), (1, "size", ctypes.sizeof(Continuation)))
        )
        address(libc.strlen)
    except (AttributeError, OSError, TypeError) as error:
        raise BackendUnavailableError(
            f"the C library has no bcopy or strlen to call on a fiber: {error}; use the backend asyncify"
        ) from error
    CallbackArguments.continuation = property(None, copy)  # type: ignore[attr-defined]
    return libc


class HostCallback:
    """The C function that host functions are called through: one for a store, since one fiber runs at a time.

    :param sampling: wasmtime's library and the address of the store, to sample the stack at each call
    :ivar arguments: those that it was called with last
    :ivar function: the C function
    """

    def __init__(self, sampling: tuple[Any, int] | None = None) -> None:
        libc = c_library()
        strlen = address(libc.strlen)
        self._flags = (ctypes.c_char * 4)()
        at = ctypes.addressof(self._flags)
        self._continuations = [Continuation(strlen, at, None), Continuation(strlen, at + 2, None)]
        self._sources = [c_void_p(ctypes.addressof(each)) for each in self._continuations]
        self.arguments = (_sampling(*sampling) if sampling else CallbackArguments)()
        self._profiler = c_void_p()
        self.arguments.profiler = self._profiler
        self.arguments.source = self._sources[0]
        self.function = _CALLBACK(self.arguments.__init__)  # type: ignore[misc]
        self._check()

    @property
    def address(self) -> int:
        """The C function's address."""
        return address(self.function)

    def environment(self, number: int) -> int:
        """Return what the callback is given for a host function: its number."""
        return number

    def called(self) -> tuple[int, int, int, int]:
        """Return the number of the host function that was called since the last poll, 0 for none.

        And where its arguments, its results and its trap are.
        """
        arguments = self.arguments
        return arguments.number, arguments.args or 0, arguments.results or 0, arguments.trap or 0

    def _check(self) -> None:
        """See that the callback does what we think: once done on a fiber it is too late."""
        if type(self.arguments) is not CallbackArguments:
            return
        trial = Continuation()
        self.function(7, 0, 0, 0, 0, 0, 0, ctypes.addressof(trial))
        if self.arguments.number != 7 or bytes(trial) != bytes(self._continuations[0]):
            raise BackendUnavailableError(
                "ctypes of this Python does not fill structures as stackswitch knows it;"
                " use the backend asyncify"
            )
        self.arguments.number = 0

    def sample_for(self, profiler: int) -> None:
        """Take the next samples for this profiler."""
        self._profiler.value = profiler

    def go(self, flag: int) -> int:
        """Let the guest that waits on a flag go on when polled next; return the flag of its next wait."""
        self._flags[flag * 2] = b"\1"
        other = 1 - flag
        self.arguments.source = self._sources[other]
        return other

    def stay(self, flag: int) -> None:
        """Make a flag good for waiting again."""
        self._flags[flag * 2] = b"\0"

    def expect(self, flag: int) -> None:
        """Have the next call wait on a flag."""
        self.arguments.source = self._sources[flag]


def _sampling(dll: Any, store: int) -> type[CallbackArguments]:
    """Return ``CallbackArguments`` that samples the stack too: when its field ``caller`` is set."""
    sampled = SimpleNamespace(pointer=c_void_p(store))
    sample = ctypes.PYFUNCTYPE(
        None,
        Converter(operator.attrgetter("profiler")),  # type: ignore[arg-type]
        Converter(partial(getattr, sampled, "pointer")),  # type: ignore[arg-type]
        c_uint64,
    )(("wasmtime_guestprofiler_sample", dll), ((1, "profiler"), (1, "caller"), (1, "delta", 0)))
    return type("SampledArguments", (CallbackArguments,), {"caller": property(None, sample)})


def _nested(levels: int) -> tuple[Any, ...]:
    found: tuple[Any, ...] = ()
    for _ in range(levels):
        found = (found, levels)
    return found


_CALLBACK_DEPTH = 8
"""Calls within each other that the callback may take, as Python counts them: six, by trial on 3.11."""
_DEEP, _TWIN = _nested(_CALLBACK_DEPTH), _nested(_CALLBACK_DEPTH)


def check_depth() -> bool:
    """See that the callback will not fail: it would, where a ``RecursionError`` is due, and may not.

    :raises RecursionError: the caller is too deep to call the guest
    """
    return _DEEP == _TWIN  # compared level by level, each counted as Python counts calls
