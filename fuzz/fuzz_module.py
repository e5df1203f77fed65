"""Mutate modules and read them: anything but a module or a WasmFormatError is a finding.

    python fuzz/fuzz_module.py [--seconds 30] [--iterations N] [--seed N] [--corpus FOLDER]

The corpus is a few modules written here, and every ``*.wasm`` in the folder. A finding is written to
``--output`` (default: the current folder) as ``crash-<hash>.wasm`` and the exit status is 1. A module that
takes longer than ``SLOW_S`` is a finding too.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
import traceback
from pathlib import Path

import wasmtime

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.asyncified import instrumented_functions, suspending_imports
from stackswitch.wasm.callgraph import call_graph, call_sites
from stackswitch.wasm.features import used_features
from stackswitch.wasm.function_names import binaryen_names, display_name
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.obstacles import asyncify_obstacles

SLOW_S = 5.0
MEMORY_BYTES = 4 << 30
TEXTS = (
    """(module (import "e" "w" (func $w (param i32) (result i32))) (memory 1) (table 3 funcref)
      (global $s (mut i32) (i32.const 0)) (global $d (mut i32) (i32.const 0))
      (elem (i32.const 0) func $f $f $f)
      (func $f (export "f") (param i32) (result i32) (local i64 f32 externref)
        (block (br_table 0 0 0 (local.get 0))) (drop (global.get $s)) (drop (global.get $d))
        (call $w (call_indirect (param i32) (result i32) (i32.const 16) (i32.const 1))))
      (func (export "asyncify_start_unwind") (param i32) (global.set $s (i32.const 1))
        (global.set $d (local.get 0)) (drop (global.get $d))))""",
    """(module (rec (type $s (struct (field i8 (ref null $a)))) (type $a (array (mut i64))))
      (tag $t (param i32))
      (table 1 externref) (elem declare func $g) (start $g) (memory i64 1) (memory 1 2 shared)
      (func $g (local (ref null $s) v128) (block (try_table (catch_all 0) (throw $t (i32.const 3))))
        (drop (struct.new_default $s)) (drop (ref.func $g)) (drop (br_on_null 0 (local.get 0)))
        (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 1) (local.get 1)))
        (return_call $g)))""",
)
BOUNDARIES = (b"\xff\xff\xff\xff\x0f", b"\x80\x80\x80\x80\x00", b"\xff" * 10, b"\x00", b"\x7f", b"\x80\x01")


def corpus(folder: Path | None) -> list[bytes]:
    modules = [bytes(wasmtime.wat2wasm(text)) for text in TEXTS]
    if folder is not None:
        modules += [path.read_bytes() for path in sorted(folder.rglob("*.wasm"))]
    return modules


def mutate(random_: random.Random, modules: list[bytes]) -> bytes:
    data = bytearray(random_.choice(modules))
    for _ in range(random_.randint(1, 8)):
        at = random_.randrange(len(data)) if data else 0
        kind = random_.randrange(7)
        if kind == 0:
            data[at : at + 1] = bytes([random_.randrange(256)])
        elif kind == 1:
            del data[at : at + random_.randint(1, 16)]
        elif kind == 2:
            data[at:at] = random_.randbytes(random_.randint(1, 16))
        elif kind == 3:
            data[at : at + random_.randint(0, 5)] = random_.choice(BOUNDARIES)
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            other = random_.choice(modules)
            begin = random_.randrange(len(other))
            data[at:at] = other[begin : begin + random_.randint(1, 64)]
        else:
            data[at : at + 1] = bytes([data[at] ^ 1 << random_.randrange(8)]) if data else b""
    return bytes(data)


def read(data: bytes) -> None:
    """Read all that can be read; each part by itself, so that one refusal does not hide another's fault."""
    try:
        module = parse_module(data)
    except WasmFormatError:
        return
    for part in (
        lambda: asyncify_obstacles(call_graph(module), range(module.imported_function_count)),
        lambda: used_features(module),
        lambda: instrumented_functions(module),
        lambda: suspending_imports(module),
        lambda: binaryen_names(module),
        lambda: module.target_features,
        lambda: [display_name(module, index) for index in range(module.function_count)],
        lambda: [
            call_sites(module, index)
            for index in range(module.imported_function_count, module.function_count)
        ],
    ):
        try:
            part()
        except WasmFormatError as error:
            if not 0 <= error.offset <= len(data):
                raise AssertionError(f"an offset outside of the module: {error}") from error


def main() -> int:
    parser = argparse.ArgumentParser(description="fuzz the module reader")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--output", type=Path, default=Path())
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    random_ = random.Random(options.seed)
    modules = corpus(options.corpus)
    for module in modules:
        read(module)
    started = time.monotonic()
    count = 0
    while count != options.iterations and time.monotonic() - started < options.seconds:
        data = mutate(random_, modules)
        count += 1
        before = time.monotonic()
        try:
            read(data)
            slow = time.monotonic() - before > SLOW_S
        except (Exception, RecursionError, MemoryError):  # noqa: BLE001 - any is a finding
            path = options.output / f"crash-{hashlib.sha256(data).hexdigest()[:16]}.wasm"
            path.write_bytes(data)
            traceback.print_exc()
            print(f"{path}: iteration {count}, seed {options.seed}", file=sys.stderr)
            return 1
        if slow:
            path = options.output / f"slow-{hashlib.sha256(data).hexdigest()[:16]}.wasm"
            path.write_bytes(data)
            print(f"{path}: took more than {SLOW_S} s, seed {options.seed}", file=sys.stderr)
            return 1
    print(f"{count} modules, seed {options.seed}: nothing but WasmFormatError")
    return 0


if __name__ == "__main__":
    sys.exit(main())
