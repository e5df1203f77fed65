"""What wasmtime does of the features a case may need: a tiny module for each, tried when a backend opens."""

from __future__ import annotations

from stackswitch.models.features import runnable_features

from .engine import WasmtimeEngine

_PROBES = {
    "exnref": "(module (tag $e) (func (block $h (try_table (catch $e $h) (throw $e)))))",
    "function-references": "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))",
    "gc": "(module (type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1)))))",
    "memory64": "(module (memory i64 1) (func (drop (i32.load (i64.const 8)))))",
    "multi-memory": "(module (memory 1) (memory $b 1) (func (drop (i32.load $b (i32.const 8)))))",
    "multi-value": "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))",
    "reference-types": "(module (table 1 externref) (func (result externref) (table.get 0 (i32.const 0))))",
    "simd": "(module (func (result v128) (i32x4.splat (i32.const 1))))",
    "tail-call": "(module (func $f (return_call $f)))",
    "threads": "(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 8)))))",
}


def supported_features(engine: WasmtimeEngine) -> frozenset[str]:
    """Return the features that the backend has on this engine."""
    import wasmtime

    found = {"host-exceptions", "wasi"}
    for name, text in _PROBES.items():
        try:
            wasmtime.Module(engine.wasmtime, text).close()
        except wasmtime.WasmtimeError:
            continue
        found.add(name)
    if "exnref" not in found:
        found.discard("host-exceptions")
    return runnable_features("wasmtime", found)
