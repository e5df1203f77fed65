"""The features a module may need and an engine or backend may lack.

The names are those of the WebAssembly proposals (https://github.com/WebAssembly/proposals), in the
spelling of Binaryen's and the tool conventions' ``target_features`` where the two agree.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator

FEATURES: dict[str, str] = {
    "exnref": "exception handling with exnref (try_table, throw_ref)",
    "legacy-exceptions": "exception handling as first shipped (try, catch, delegate, rethrow)",
    "function-references": "typed function references (call_ref, ref.as_non_null, br_on_null)",
    "gc": "garbage-collected structs and arrays",
    "memory64": "memories with 64-bit addresses",
    "multi-memory": "more than one memory",
    "multi-value": "blocks and functions with several results",
    "reference-types": "externref and funcref values, tables of them",
    "simd": "v128",
    "tail-call": "return_call and return_call_indirect",
    "threads": "shared memories and atomics",
    # What a backend can or cannot do, whatever the engine has.
    "call-ref-suspension": "suspending in a function that was called by call_ref",
    "reference-locals": "references alive in a function that suspends",
    "concurrent-references": "suspending with references in a frame, another call running meanwhile",
    "catch-suspension": "suspending inside a catch block or a destructor",
    "start-suspension": "suspending in the start function",
    "cross-instance": "suspending with frames of more than one instance on the stack",
    "host-exceptions": "a host function's failure caught by the guest",
    "js-frames": "suspending with a host frame between two frames of the guest",
    "wasi": "WASI preview 1",
}
"""Every name that ``needs`` of a case may have, and what it means."""


_REWRITTEN = {"wasmtime": {"legacy-exceptions": "exnref"}}
"""By engine, the features that Binaryen translates to another one before a case runs there."""


def runnable_features(engine: str, has: Collection[str]) -> frozenset[str]:
    """Return the features that cases may use on an engine. ``test`` and ``matrix`` use this rule.

    :param has: the features that probes of the engine have shown to work
    """
    rewritten = _REWRITTEN.get(engine, {})
    return frozenset(has) | {each for each, needs in rewritten.items() if needs in has}


def _known_feature(name: str) -> str:
    if name not in FEATURES:
        raise ValueError(f"{name!r} is not a feature; there are {', '.join(FEATURES)}")
    return name


FeatureName = Annotated[str, AfterValidator(_known_feature)]
"""A name out of ``FEATURES``."""
