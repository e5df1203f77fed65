"""The features that are enabled in Binaryen: those that the module declares or uses, one by one.

Never ``-all``: it lets Binaryen write what no engine loads (132: compact imports, which are an
"unknown import kind 0x7f").
"""

from __future__ import annotations

from collections.abc import Iterable

from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import Module

HARMLESS = ("bulk-memory", "extended-const", "mutable-globals", "nontrapping-float-to-int", "sign-ext")
"""Always enabled. All but one are in every engine of the catalogue (Node 18 and later); extended-const
is about the constants that globals and segments start with, which the pass leaves as they are."""

_BY_FEATURE: dict[str, tuple[str, ...]] = {
    "exnref": ("exception-handling", "reference-types"),
    "legacy-exceptions": ("exception-handling",),
    "function-references": ("gc", "reference-types"),
    "gc": ("gc", "reference-types"),
    "memory64": ("memory64",),
    "multi-memory": ("multimemory",),
    "multi-value": ("multivalue",),
    "reference-types": ("reference-types",),
    "simd": ("simd",),
    "tail-call": ("tail-call",),
    "threads": ("threads",),
}
"""Names out of ``models.features`` to Binaryen's flags. Source: ``wasm-opt --help`` of 132."""

_BY_TARGET_FEATURE = {"atomics": "threads", "bulk-memory-opt": "bulk-memory", "simd128": "simd"} | {
    name: name
    for name in (
        *("extended-const", "exception-handling", "fp16", "gc", "memory64", "multimemory", "multivalue"),
        *("reference-types", "relaxed-simd", "tail-call", "wide-arithmetic"),
    )
}
"""The target_features section's names to flags; a name that is not here is left to the module's bytes.

Source: WebAssembly/tool-conventions, Linking.md, "Target Features Section".
"""


def feature_flags(
    used: Iterable[str], target_features: Iterable[str] = (), *, emit_exnref: bool = False
) -> tuple[str, ...]:
    """The ``--enable-…`` flags for a module, sorted.

    :param used: names out of ``models.features`` that its bytes use
    :param target_features: what its section of that name says, without the prefixes
    :param emit_exnref: exceptions will be written the new way, which takes reference types
    """
    flags = set(HARMLESS)
    for feature in used:
        flags.update(_BY_FEATURE.get(feature, ()))
    flags.update(_BY_TARGET_FEATURE[name] for name in target_features if name in _BY_TARGET_FEATURE)
    if "relaxed-simd" in flags:
        flags.add("simd")
    if emit_exnref and "exception-handling" in flags:
        flags.add("reference-types")
    return tuple(f"--enable-{flag}" for flag in sorted(flags))


def module_flags(module: Module, *, emit_exnref: bool = False) -> tuple[str, ...]:
    """The flags for a module: from its ``target_features`` section and from its bytes.

    :param emit_exnref: exceptions will be written the new way
    :raises WasmFormatError: code or that section is malformed
    """
    used = set(used_features(module))
    if module.tags:  # engines of either kind have these, to Binaryen they are exceptions too
        used.add("legacy-exceptions")
    if any(segment.mode != "active" for segment in module.elements):  # no table of their own, says Binaryen
        used.add("reference-types")
    said = [name for prefix, name in module.target_features if prefix != "-"]
    return feature_flags(used, said, emit_exnref=emit_exnref)
