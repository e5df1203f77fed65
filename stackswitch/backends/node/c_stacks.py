"""A C stack for each call on JSPI: the re-entrant module, or why calls run one after another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stackswitch.backends.guest_protocol import C_STACK_BYTES, OVERFLOW
from stackswitch.errors import ModuleRefusedError, WasmFormatError
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.transform.reentrant.model import LEAST_REGION_BYTES, REGION_ALIGNMENT, TRAPS
from stackswitch.wasm.encoding import EXPORT, GLOBAL_KIND, export, with_entries
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.module import Module
from stackswitch.wasm.stack_pointer import (
    NAME,
    NO_STACK_SPACE,
    is_reachable,
    unreachable_stack_pointer,
    with_stack_pointer,
)

BESIDE_BYTES = 352
"""What is allocated beside a C stack, and once per instance: by default all that takes a page of memory."""


@dataclass(frozen=True)
class CStacks:
    """A module as it runs on JSPI.

    :ivar wasm: with its stack pointer exported, if it is known
    :ivar separate: the exports whose calls have a C stack each
    :ivar serial: why calls of an instance run one after another; None: they may overlap
    """

    wasm: bytes
    separate: tuple[str, ...] = ()
    serial: str | None = None


def with_c_stacks(
    module: Module,
    suspend: Collection[str],
    promise: Collection[str],
    features: Collection[str],
    *,
    is_alone: bool = True,
    c_stack_bytes: int = C_STACK_BYTES,
) -> CStacks:
    """Give each call of a module's instances a C stack of its own, if it has C stacks.

    :param suspend: the imports that may suspend, ``module.name``; others than the module's are ignored
    :param promise: the exports that are called and may wait; likewise
    :param features: what the engine has (``models/features.py``)
    :param is_alone: there is no other module's instance that may share its C stack
    :param c_stack_bytes: how much memory the C stack of a call takes
    :raises WasmFormatError: the module's imports, exports or globals are malformed
    """
    imports = {each.full_name for each in module.function_imports()}
    suspend = tuple(sorted(imports.intersection(suspend)))
    hidden = unreachable_stack_pointer(module)
    if not suspend or not module.memories or (hidden is None and not is_reachable(module)):
        return CStacks(with_stack_pointer(module))
    functions = [each.name for each in module.exports if each.kind == "func"]
    request = ReentrantRequest(
        wasm=module.data,
        suspend=suspend,
        promise=tuple(each for each in functions if each in promise),
        region_bytes=region_bytes(c_stack_bytes),
        new_exceptions=None if "legacy-exceptions" in features else True,
        main_module=is_alone,
        for_host=True,
    )
    try:
        made = make_reentrant(request)
    except ModuleRefusedError as error:
        if error.reason == "hooks" and _is_made(module):
            return CStacks(with_stack_pointer(module))
        reason = hidden if hidden is not None and error.reason == "no-stack-pointer" else str(error)
        return CStacks(with_stack_pointer(module), serial=reason)
    except WasmFormatError as error:  # code that the engine may know
        return CStacks(with_stack_pointer(module), serial=str(error))
    wasm = made.wasm
    if made.stack_pointer is not None and module.export_named(NAME) is None:
        wasm = with_entries(wasm, {EXPORT: export(NAME, GLOBAL_KIND, made.stack_pointer)})
    return CStacks(wasm, separate=made.promising)


def _is_made(module: Module) -> bool:
    """Whether a module was made re-entrant by the transform already."""
    try:
        return any(name.startswith(TRAPS.encode()) for name in module.function_names.values())
    except WasmFormatError:
        return False


def region_bytes(c_stack_bytes: int) -> int:
    """Return how large the C stack of a call is."""
    return max(LEAST_REGION_BYTES, c_stack_bytes - BESIDE_BYTES) // REGION_ALIGNMENT * REGION_ALIGNMENT


def trap_message(running: Module, function: int, c_stack_bytes: int = C_STACK_BYTES) -> str | None:
    """Return what a trap says in a function that ``make_reentrant`` added; None: the function is another."""
    name = display_name(running, function)
    if not name.startswith(TRAPS):
        return None
    if "overflow" in name:
        return f"{OVERFLOW}: a call has {region_bytes(c_stack_bytes)} bytes of C stack where calls overlap"
    return NO_STACK_SPACE if "memory" in name else name.removeprefix(TRAPS).replace("_", " ")
