"""What is refused of modules that are linked with others, or are not linked yet."""

from __future__ import annotations

from collections.abc import Collection

from stackswitch.wasm.linking import ADDRESS, DYLINK
from stackswitch.wasm.module import Module

from .adapter import names, refusal

LINKED = {
    "__stackswitch_enter": "$enter_if_idle",
    "__stackswitch_leave": "$leave_if_entered",
    "__stackswitch_before": "$before",
    "__stackswitch_after": "$after",
}
"""Exports of a main module for its side modules, and what wrappers call them, as in ``regions.wat``."""


def refuse_linking(module: Module, *, main_module: bool, linked: bool) -> None:
    """Check that no other module shares the C stack, or that this one is the main module.

    :param main_module: it is called one
    :param linked: it gets what side modules need
    :raises ModuleRefusedError: the module is one of several
    """
    if DYLINK in module.custom_sections and not main_module:
        raise refusal("dynamic-linking")
    if linked:
        return
    shared = [each for each in module.imports if each.module in names("dynamic_imports")]
    if shared:
        raise refusal("dynamic-linking:import", name=shared[0].full_name)


def refuse_addresses(module: Module, suspend: Collection[str]) -> None:
    """Check that no address of an import that may suspend is taken: calls of it would not be seen.

    :raises ModuleRefusedError: one is
    """
    waiting = {each.removeprefix(f"{ADDRESS}.").removeprefix("env.") for each in suspend}
    for each in module.imports:
        if each.module == ADDRESS and each.name in waiting:
            raise refusal("function-address", name=each.name)


def refuse_objects(module: Module) -> None:
    """Check that the module is linked.

    :raises ModuleRefusedError: it is an object file
    """
    objects = [each for each in module.custom_sections if each == "linking" or each.startswith("reloc.")]
    if objects:
        raise refusal("object-file", name=objects[0])
