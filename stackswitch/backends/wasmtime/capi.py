"""wasmtime's C API, called directly: what `wasmtime-py` wraps in microseconds, for tenths of one.

Addresses are plain integers and the prototypes take them as they are, so that no call converts
anything. ``wasmtime_func_call_unchecked`` checks no types: ``ExportedFunction`` is made from
the module's own types.

Layouts: ``wasmtime_val_raw_t`` is 16 bytes, the number in its first ones, little-endian on every machine;
results overwrite arguments. Source: wasmtime's ``val.h``, ``func.h``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_bool, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Any

from stackswitch.errors import BackendUnavailableError
from stackswitch.wasm.adapters import MODULE_NAME

SLOT = 16
"""Bytes of a ``wasmtime_val_raw_t``."""

_POINTER = c_void_p
Prototypes = dict[str, tuple[Any, tuple[Any, ...]]]
"""Functions by name: the type of the result, those of the arguments."""
# Those under _SHORT never run guest code for long and keep Python's lock.
_SHORT: Prototypes = {
    "wasmtime_func_new_unchecked": (None, (_POINTER,) * 6),
    "wasmtime_func_to_raw": (c_void_p, (_POINTER, _POINTER)),
    "wasmtime_func_from_raw": (None, (_POINTER, c_void_p, _POINTER)),
    "wasmtime_externref_new": (c_bool, (_POINTER, c_void_p, _POINTER, _POINTER)),
    "wasmtime_externref_data": (c_void_p, (_POINTER, _POINTER)),
    "wasmtime_externref_to_raw": (c_uint32, (_POINTER, _POINTER)),
    "wasmtime_externref_from_raw": (None, (_POINTER, c_uint32, _POINTER)),
    "wasmtime_externref_clone": (None, (_POINTER, _POINTER)),
    "wasmtime_externref_unroot": (None, (_POINTER,)),
    "wasmtime_memory_data": (c_void_p, (_POINTER, _POINTER)),
    "wasmtime_memory_data_size": (c_size_t, (_POINTER, _POINTER)),
    "wasmtime_memory_grow": (c_void_p, (_POINTER, _POINTER, c_uint64, _POINTER)),
    "wasmtime_global_get": (None, (_POINTER, _POINTER, _POINTER)),
    "wasmtime_global_set": (c_void_p, (_POINTER, _POINTER, _POINTER)),
    "wasmtime_table_set": (c_void_p, (_POINTER, _POINTER, c_uint64, _POINTER)),
    "wasmtime_table_grow": (c_void_p, (_POINTER, _POINTER, c_uint64, _POINTER, _POINTER)),
    "wasmtime_val_unroot": (None, (_POINTER,)),
    "wasmtime_trap_new": (c_void_p, (c_char_p, c_size_t)),
    "wasmtime_trap_code": (c_bool, (_POINTER, _POINTER)),
    "wasm_trap_message": (None, (_POINTER, _POINTER)),
    "wasm_trap_trace": (None, (_POINTER, _POINTER)),
    "wasm_trap_delete": (None, (_POINTER,)),
    "wasm_frame_func_index": (c_uint32, (_POINTER,)),
    "wasm_frame_module_offset": (c_size_t, (_POINTER,)),
    "wasmtime_frame_module_name": (c_void_p, (_POINTER,)),
    "wasm_frame_vec_delete": (None, (_POINTER,)),
    "wasm_byte_vec_delete": (None, (_POINTER,)),
    "wasmtime_error_new": (c_void_p, (c_char_p,)),
    "wasmtime_error_message": (None, (_POINTER, _POINTER)),
    "wasmtime_error_exit_status": (c_bool, (_POINTER, _POINTER)),
    "wasmtime_error_wasm_trace": (None, (_POINTER, _POINTER)),
    "wasmtime_error_delete": (None, (_POINTER,)),
    "wasmtime_tag_new": (c_void_p, (_POINTER, _POINTER, _POINTER)),
    "wasmtime_tag_eq": (c_bool, (_POINTER, _POINTER, _POINTER)),
    "wasmtime_exnref_new": (c_void_p, (_POINTER, _POINTER, _POINTER, c_size_t, _POINTER)),
    "wasmtime_exnref_tag": (c_void_p, (_POINTER, _POINTER, _POINTER)),
    "wasmtime_exnref_field": (c_void_p, (_POINTER, _POINTER, c_size_t, _POINTER)),
    "wasmtime_exnref_clone": (None, (_POINTER, _POINTER)),
    "wasmtime_exnref_unroot": (None, (_POINTER,)),
    "wasmtime_context_set_exception": (c_void_p, (_POINTER, _POINTER)),
    "wasmtime_context_take_exception": (c_bool, (_POINTER, _POINTER)),
    "wasmtime_guestprofiler_new": (c_void_p, (_POINTER, _POINTER, c_uint64, _POINTER, c_size_t)),
    "wasmtime_guestprofiler_sample": (None, (_POINTER, _POINTER, c_uint64)),
    "wasmtime_guestprofiler_finish": (c_void_p, (_POINTER, _POINTER)),
    "wasmtime_context_set_epoch_deadline": (None, (_POINTER, c_uint64)),
    "wasmtime_store_epoch_deadline_callback": (None, (_POINTER,) * 4),
    "wasmtime_instance_export_get": (c_bool, (_POINTER, _POINTER, c_char_p, c_size_t, _POINTER)),
}
# These may run guest code for long: Python's other threads go on meanwhile.
_LONG: Prototypes = {
    "wasmtime_func_call_unchecked": (c_void_p, (_POINTER, _POINTER, _POINTER, c_size_t, _POINTER)),
    "wasmtime_instance_new": (c_void_p, (_POINTER, _POINTER, _POINTER, c_size_t, _POINTER, _POINTER)),
}

CALLBACK = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_void_p, c_size_t)
"""``wasmtime_func_unchecked_callback_t``: environment, caller, slots, how many; a trap or 0."""

SIGNAL = ctypes.CFUNCTYPE(c_size_t)
"""The same for functions without values: what it is called with stays in registers, unread.

That is sound wherever the caller of a C function clears the stack, as on all machines wasmtime knows.
"""

EPOCH_CALLBACK = ctypes.CFUNCTYPE(
    c_size_t, c_void_p, c_void_p, ctypes.POINTER(c_uint64), ctypes.POINTER(c_uint8)
)
"""Context, data, ticks to add, kind of update; an error or 0."""


class _Structure(ctypes.Structure):
    """A structure that the C API takes by its address.

    Where a failure is read, pass ``byref``: near the limit of recursion ctypes cannot read this property.
    """

    @property
    def _as_parameter_(self) -> Any:
        return ctypes.byref(self)


class ByteVec(_Structure):
    """``wasm_byte_vec_t`` and every other vector of the C API."""

    _fields_ = [("size", c_size_t), ("data", c_void_p)]


class Val(_Structure):
    """``wasmtime_val_t``: a kind and 24 bytes; numbers in the first ones."""

    _fields_ = [("kind", c_uint8), ("of", c_uint64 * 3)]

    @property
    def content(self) -> int:
        """The address of the 24 bytes."""
        return ctypes.addressof(self) + 8


class Extern(_Structure):
    """``wasmtime_extern_t``: a kind and what identifies the item within its store."""

    _fields_ = [("kind", c_uint8), ("of", c_uint64 * 3)]

    @property
    def item(self) -> int:
        """The address of the item: a ``wasmtime_func_t``, ``…_memory_t``, ``…_global_t``, …."""
        return ctypes.addressof(self) + 8


class Handle(_Structure):
    """A ``wasmtime_func_t``, ``…_externref_t``, ``…_exnref_t``, ``…_tag_t`` or ``…_instance_t``."""

    _fields_ = [("of", c_uint64 * 3)]


EXTERN_KINDS = ("func", "global", "table", "memory", "sharedmemory", "tag")
VAL_KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "v128": 4, "funcref": 5, "externref": 6}


def _unusable(problem: str) -> BackendUnavailableError:
    return BackendUnavailableError(f"{problem}; pip install 'wasmtime>=50,<51'")


class CFunctions:
    """C functions of wasmtime's, by their names.

    :param short: those that end at once, and hold Python's lock: their results and arguments
    :param long: those that may run guest code, without the lock
    :ivar dll: the library, for functions that hold the lock; :ivar unlocked: for those that do not
    :raises BackendUnavailableError: wasmtime-py is not there, or is another version than we know
    """

    def __init__(self, short: Prototypes, long: Prototypes) -> None:
        try:
            from wasmtime import _ffi
        except (ImportError, OSError, RuntimeError) as error:
            raise _unusable(f"wasmtime-py cannot be loaded: {error}") from error
        self.unlocked: Any = _ffi.dll
        self.dll = ctypes.PyDLL("", handle=_ffi.dll._handle)
        missing = [name for name in (*short, *long) if not hasattr(self.unlocked, name)]
        if missing:
            raise _unusable(f"this wasmtime-py lacks {', '.join(missing)}")
        for name, (result, arguments) in short.items():
            setattr(self, name, ctypes.PYFUNCTYPE(result, *arguments)((name, self.dll)))
        for name, (result, arguments) in long.items():
            setattr(self, name, ctypes.CFUNCTYPE(result, *arguments)((name, self.unlocked)))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(name)  # every function there is was set when this was made


class Api(CFunctions):
    """The functions, by their names; ``call`` is ``wasmtime_func_call_unchecked``.

    ``control`` is the same function for calls that end at once: it holds Python's lock.
    """

    def __init__(self) -> None:
        super().__init__(_SHORT, _LONG)
        self._check_layouts()
        name = "wasmtime_func_call_unchecked"
        result, arguments = _LONG[name]
        # Its arguments are ctypes objects already: with declared types ctypes would convert each again.
        self.call: Callable[..., int | None] = ctypes.CFUNCTYPE(result)((name, self.unlocked))
        self.control: Callable[..., int | None] = ctypes.PYFUNCTYPE(result, *arguments)((name, self.dll))

    @staticmethod
    def _check_layouts() -> None:
        from wasmtime import _bindings

        sizes = {
            "wasmtime_val_raw": (ctypes.sizeof(_bindings.wasmtime_val_raw), SLOT),
            "wasmtime_val": (ctypes.sizeof(_bindings.wasmtime_val), ctypes.sizeof(Val)),
            "wasmtime_extern": (ctypes.sizeof(_bindings.wasmtime_extern), ctypes.sizeof(Extern)),
            "wasmtime_func": (ctypes.sizeof(_bindings.wasmtime_func), 16),
            "wasmtime_externref": (ctypes.sizeof(_bindings.wasmtime_externref), ctypes.sizeof(Handle)),
        }
        if wrong := [name for name, (theirs, ours) in sizes.items() if theirs != ours]:
            raise _unusable(f"this wasmtime-py lays out {', '.join(wrong)} otherwise")


@cache
def load() -> Api:
    """Load the C API, once.

    :raises BackendUnavailableError: wasmtime-py is not there, or is another version than we know
    """
    return Api()


def address(pointer: Any) -> int:
    """Return where a ctypes pointer of wasmtime-py points."""
    return ctypes.cast(pointer, c_void_p).value or 0


def take_bytes(api: Api, vector: ByteVec) -> bytes:
    """Copy a byte vector and free it."""
    data = ctypes.string_at(vector.data, vector.size) if vector.size else b""
    api.wasm_byte_vec_delete(byref(vector))
    return data


OUT_OF_FUEL = 11
"""wasmtime's trap code."""


@dataclass(eq=False, repr=False)
class GuestTrap(Exception):  # noqa: N818 (the field's word)
    """The guest trapped.

    :ivar message: wasmtime's words, without the backtrace
    :ivar code: wasmtime's trap code, None if it was no trap of the machine
    :ivar frames: function indexes, innermost first; 20 at most, wasmtime's limit
    :ivar offsets: of each frame, in bytes from the start of the module as it was compiled
    :ivar exit_status: what WASI's proc_exit was given, if it was that
    """

    message: str
    _: KW_ONLY
    code: int | None = None
    frames: tuple[int, ...] = ()
    offsets: tuple[int, ...] = ()
    exit_status: int | None = None


def take_trap(api: Api, trap: int) -> GuestTrap:
    """Read a ``wasm_trap_t`` and free it."""
    code, message = c_uint8(), ByteVec()
    has_code = api.wasmtime_trap_code(trap, byref(code))
    api.wasm_trap_message(trap, byref(message))
    frames, offsets = _frames(api, api.wasm_trap_trace, trap)
    api.wasm_trap_delete(trap)
    text = _cause(take_bytes(api, message))
    return GuestTrap(text, code=code.value if has_code else None, frames=frames, offsets=offsets)


def take_error(api: Api, error: int) -> GuestTrap:
    """Read a ``wasmtime_error_t`` and free it."""
    status, message = c_int32(), ByteVec()
    exited = api.wasmtime_error_exit_status(error, byref(status))
    api.wasmtime_error_message(error, byref(message))
    frames, offsets = _frames(api, api.wasmtime_error_wasm_trace, error)
    api.wasmtime_error_delete(error)
    text, exit_status = _cause(take_bytes(api, message)), status.value if exited else None
    return GuestTrap(text, frames=frames, offsets=offsets, exit_status=exit_status)


def _frames(api: Api, read: Callable[[int, Any], None], of: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    vector = ByteVec()
    read(of, byref(vector))
    found = (c_void_p * vector.size).from_address(vector.data) if vector.size else ()
    guests = [frame for frame in found if not _is_ours(api, frame)]
    indexes = tuple([api.wasm_frame_func_index(frame) for frame in guests])
    offsets = tuple([api.wasm_frame_module_offset(frame) for frame in guests])
    api.wasm_frame_vec_delete(byref(vector))
    return indexes, offsets


def _is_ours(api: Api, frame: int) -> bool:
    """Whether a frame is an adapter's: guests are compiled without names, adapters with them."""
    name: int | None = api.wasmtime_frame_module_name(frame)
    if not name:
        return False
    vector = ByteVec.from_address(name)
    return ctypes.string_at(vector.data, vector.size) == MODULE_NAME.encode()


def _cause(message: bytes) -> str:
    """Keep the cause of wasmtime's text: what stands below the backtrace, its code's name left out."""
    text = message.rstrip(b"\0").decode("utf-8", "replace").strip()
    cause = text.rpartition("Caused by:")[2].strip() or text
    return cause.splitlines()[-1].strip().removeprefix("wasm trap: ") if cause else text
