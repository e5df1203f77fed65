"""A store and what all its instances share: the references, and how a failure gets into and out of the guest.

A host function that fails throws a wasm exception with a tag of ours, as a JavaScript host would: the
guest's ``catch_all`` sees it. Its payload is the number of the Python exception, which the store holds. So
what leaves the export uncaught is the very exception that the host function raised. Where the guest
knows no exceptions a trap does the same.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator, Sequence
from ctypes import byref
from functools import partial
from typing import Any

from .capi import EXTERN_KINDS, Api, Extern, GuestTrap, Handle, Val, address, take_error, take_trap
from .errors import ProtocolError
from .values import References

PAGE = 65536
_ALIGNMENT = 64
_SPARE_FUEL = 1_000_000
_NEVER_TICKS = 1 << 40


class GuestException(Exception):  # noqa: N818 (the field's word)
    """A wasm exception left the export.

    :param exception: its ``wasmtime_exnref_t``, rooted; raised in a host function it goes on in the guest
    """

    def __init__(self, exception: Handle) -> None:
        super().__init__("a wasm exception left the export")
        self.exception = exception


class ThrowTag(Exception):  # noqa: N818 (not an error of ours: it is thrown into the guest)
    """Raised by a host function to throw a wasm exception with a tag of the guest's.

    :param tag: the exported tag
    :param values: the payload, each a ``wasmtime_val_t``
    """

    def __init__(self, tag: Extern, values: list[Val]) -> None:
        super().__init__("a wasm exception thrown by the host")
        self.tag = tag
        self.values = values


class Store:
    """A wasmtime store.

    :param engine: wasmtime-py's
    :ivar context: its address, as most functions of the C API take it
    :ivar counts_fuel: whether what runs in it uses up fuel
    :ivar new_trap: makes a trap; nothing of it needs room on Python's stack
    """

    def __init__(self, api: Api, engine: Any) -> None:
        import wasmtime

        self.api = api
        self.engine = engine
        self.owner = wasmtime.Store(engine)
        self.context = address(self.owner._context())
        self.pointer = address(self.owner.ptr())
        self.references = References(api, self.context)
        self.closed = False
        self.counts_fuel = False
        self.trap = ctypes.c_void_p()
        self.trap_at = ctypes.addressof(self.trap)
        self._tag = Handle()
        self._failures: dict[int, BaseException] = {}
        self._failed = 0
        self.trapped: list[BaseException] = []
        self.failed_on: GuestTrap | None = None
        self._keep: list[Any] = []
        self._rooted: list[Handle] = []
        self._words: Extern | None = None
        self._words_used = self._words_size = 0
        text = b"host function failed"
        self.new_trap: Callable[[], int | None] = partial(
            api.wasmtime_trap_new, ctypes.c_char_p(text), ctypes.c_size_t(len(text))
        )
        type_ = wasmtime.TagType(wasmtime.FuncType([wasmtime.ValType.i32()], []))
        error = api.wasmtime_tag_new(self.context, type_.ptr(), self._tag)
        if error:
            raise take_error(api, error)

    def instantiate(self, code: Any, imports: Sequence[Extern], instance: Handle) -> None:
        """Make an instance; its start function runs.

        :param code: wasmtime-py's module; :param instance: set to the instance
        :raises BaseException: why that failed, or whatever the start function ended with
        """
        externs = (Extern * max(1, len(imports)))(*imports)
        error = self.api.wasmtime_instance_new(
            self.context, code.ptr(), externs, len(imports), instance, self.trap_at
        )
        if error or self.trap.value:
            raise self.taken(error)

    def export(self, instance: Handle, name: str) -> Extern | None:
        """Return an export of an instance; None: there is none of that name."""
        found, text = Extern(), name.encode()
        there = self.api.wasmtime_instance_export_get(self.context, instance, text, len(text), found)
        return found if there else None

    def invoker(self, function: int, slots: int, count: int) -> Callable[[], int | None]:
        """Return what calls a function of the guest, made to be called often; it returns an error or None.

        :param function: address of the ``wasmtime_func_t``
        :param slots: address of the slots, which the caller keeps alive; :param count: how many they are
        """
        # What ctypes makes of each argument, made once: at each call it would take longer than the call.
        pointer = ctypes.c_void_p.from_param
        return partial(
            self.api.call,
            pointer(self.context),
            pointer(function),
            pointer(slots),
            ctypes.c_size_t.from_param(count),
            pointer(self.trap_at),
        )

    def keep(self, *things: Any) -> None:
        """Keep what wasmtime has the address of alive for as long as the store."""
        self._keep += things

    def words(self, size: int) -> tuple[Extern, int, int]:
        """Return zeroed bytes in a memory of ours, for as long as the store lives.

        :param size: bytes
        :returns: the memory, where in it the bytes begin, and their native address
        """
        size = -(-size // _ALIGNMENT) * _ALIGNMENT
        if self._words is None or self._words_used + size > self._words_size:
            import wasmtime

            pages = max(1, -(-size // PAGE))
            # It cannot grow, so it never moves.
            memory = wasmtime.Memory(self.owner, wasmtime.MemoryType(wasmtime.Limits(pages, pages)))
            extern = Extern(kind=EXTERN_KINDS.index("memory"))
            ctypes.memmove(extern.item, ctypes.addressof(memory._memory), 24)
            self.keep(extern)
            self._words, self._words_used, self._words_size = extern, 0, pages * PAGE
        start = self._words_used
        self._words_used += size
        base: int = self.api.wasmtime_memory_data(self.context, self._words.item)
        return self._words, start, base + start

    def set_fuel(self, fuel: int) -> None:
        """Say how much fuel is left."""
        self.counts_fuel = True
        self.owner.set_fuel(fuel)

    @contextlib.contextmanager
    def unlimited(self) -> Iterator[None]:
        """Have calls of ours run whose guest has used up its fuel or its time; what fuel is left stays."""
        left = self.owner.get_fuel() if self.counts_fuel else 0
        self.api.wasmtime_context_set_epoch_deadline(self.context, _NEVER_TICKS)
        if self.counts_fuel:
            self.owner.set_fuel(_SPARE_FUEL)
        try:
            yield
        finally:
            self.api.wasmtime_context_set_epoch_deadline(self.context, 1)
            if self.counts_fuel:
                self.owner.set_fuel(left)

    def fail(self, error: BaseException, *, catchable: bool) -> int:
        """Make a host function's failure into what its callback returns.

        :param catchable: whether the guest knows exceptions
        """
        if isinstance(error, ThrowTag):
            return self._throw(error.tag.item, error.values, error)
        if isinstance(error, GuestException):
            # The guest is given a root of its own, which it uses up.
            again = Handle()
            self.api.wasmtime_exnref_clone(byref(error.exception), byref(again))
            return self.api.wasmtime_context_set_exception(self.context, byref(again)) or 0
        if catchable and not isinstance(error, GuestTrap):
            self._failed += 1
            self._failures[self._failed] = error
            number = Val()
            number.of[0] = self._failed
            return self._throw(ctypes.addressof(self._tag), [number], error)
        self.trapped.append(error)
        return self.new_trap() or 0

    def _throw(self, tag: int, values: list[Val], error: BaseException) -> int:
        exception, payload = Handle(), (Val * len(values))(*values)
        problem = self.api.wasmtime_exnref_new(self.context, tag, payload, len(values), byref(exception))
        if problem:
            trapped = take_error(self.api, problem)
            trapped.__cause__ = error
            self.trapped.append(trapped)
            return self.new_trap() or 0
        return self.api.wasmtime_context_set_exception(self.context, byref(exception)) or 0

    def taken(self, error: int | None) -> BaseException:
        """Read why a call failed: an error that it returned, or the trap in the trap slot.

        Where that was a host function's failure, ``failed_on`` has the trap that it went as.
        """
        if error:
            found = take_error(self.api, error)
        else:
            pointer, self.trap.value = self.trap.value or 0, None
            found = take_trap(self.api, pointer)
        if self.trapped:
            trapped = self.trapped[-1]
            self.trapped.clear()
            self.failed_on = found
            self._drop_exception()
            if isinstance(trapped, ProtocolError) and trapped.__cause__ is None:
                trapped.__cause__ = found  # the stack on which it was noticed
            return trapped
        return self._drop_exception() or found

    def forget(self) -> None:
        """Forget a failure that was not read, because a signal handler raised first."""
        if self.trap.value:
            self.taken(None)
        self.trapped.clear()

    def _drop_exception(self) -> BaseException | None:
        exception, tag, value = Handle(), Handle(), Val()
        if not self.api.wasmtime_context_take_exception(self.context, byref(exception)):
            return None
        self.api.wasmtime_exnref_tag(self.context, byref(exception), byref(tag))
        if not self.api.wasmtime_tag_eq(self.context, byref(tag), byref(self._tag)):
            self._rooted.append(exception)
            return GuestException(exception)
        self.api.wasmtime_exnref_field(self.context, byref(exception), 0, byref(value))
        self.api.wasmtime_exnref_unroot(byref(exception))
        return self._failures.pop(value.of[0] & 0xFFFFFFFF, None)

    def let_go(self, exception: Handle) -> None:
        """Unroot a guest's exception that left an export and is not to be raised in a guest again."""
        if exception in self._rooted:
            self._rooted.remove(exception)
            self.api.wasmtime_exnref_unroot(byref(exception))

    def close(self) -> None:
        """Free the store; a second call does nothing.

        Calls that are still suspended can only be dropped then: their memory is gone.
        """
        if self.closed:
            return
        self.closed = True
        self.references.close()
        for exception in self._rooted:
            self.api.wasmtime_exnref_unroot(byref(exception))
        self._rooted.clear()
        self.owner.close()
        self._keep.clear()
        self._failures.clear()
