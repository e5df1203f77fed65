"""Each policy predicts what Binaryen instruments, function by function."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import wasmtime

import stackswitch
from stackswitch.binaryen.features import module_flags
from stackswitch.binaryen.listfile import OPTIONS, list_text
from stackswitch.binaryen.tool import Tool
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module
from tests.pass_options import BuiltList, built_list

Run = Callable[[Coroutine[Any, Any, Any]], Any]
POLICIES: tuple[PolicyName, ...] = ("observed", "ranked", "dispatch", "typed", "auto")
CASES = Path(stackswitch.__file__).parent / "suite" / "cases"


def random_module(seed: int) -> bytes:
    """A module with random calls: direct ones, by three types through a table, and to imports."""
    choose = random.Random(seed)
    count = choose.randint(3, 40)
    signatures = ["", "(param i32)", "(param i32 i32)"]
    kinds = [choose.randrange(3) for _ in range(count)]
    body = []
    for at in range(count):
        calls = []
        for _ in range(choose.choice([0, 1, 1, 2, 3])):
            roll = choose.random()
            if roll < 0.55:
                other = choose.randrange(count)
                calls.append("(i32.const 1)" * kinds[other] + f"(call $f{other})")
            elif roll < 0.75:
                kind = choose.randrange(3)
                calls.append("(i32.const 1)" * kind + f"(call_indirect (type $t{kind}) (i32.const 0))")
            elif roll < 0.85:
                calls.append(f"(call ${choose.choice(['wait', 'other'])})")
            elif roll < 0.95:
                calls.append("(if (i32.const 1) (then (call $f0_)))")
        name = choose.choice(["", "", f'(@name "f{at}(char*)")', f'(@name "g{at % 3}*x{at}")'])
        body.append(f"(func $f{at} {name} {signatures[kinds[at]]} {''.join(calls)})")
    table = " ".join(f"$f{at}" for at in range(count) if choose.random() < 0.4)
    wait_too = "$wait" if choose.random() < 0.3 else ""
    types = "".join(f"(type $t{at} (func {each}))" for at, each in enumerate(signatures))
    text = (
        f'(module {types} (import "env" "wait" (func $wait)) (import "env" "other" (func $other))'
        f'(memory (export "memory") 1) (table 64 funcref) (elem (i32.const 0) func {table} {wait_too})'
        f'(func $f0_ (export "start_here")) {"".join(body)})'
    )
    return bytes(wasmtime.wat2wasm(text))


async def instrumented(tool: Tool, wasm: bytes, module: Module, drawn: BuiltList) -> frozenset[int] | None:
    """Return what the pass instruments; None: it has no way to instrument an instruction of the module."""
    options = drawn.options
    files = {f"{OPTIONS[which]}.txt": list_text(names) for which, names in options.lists.items()}
    args = ["in.wasm", "-o", "out.wasm", "-g", *module_flags(module), "--asyncify"]
    args += [f"--pass-arg={OPTIONS[which]}@@{OPTIONS[which]}.txt" for which in options.lists]
    args += ["--pass-arg=asyncify-ignore-indirect"] if options.ignore_indirect else []
    args += ["--pass-arg=asyncify-propagate-addlist"] if options.propagate_add else []
    done = await tool.run(args, {"in.wasm": wasm, **files}, ["out.wasm"], timeout_s=300)
    if "Unsupported instruction for Flatten" in done.stderr_text:
        return None
    assert done.status == 0, done.stderr_text
    return instrumented_functions(parse_module(done.files["out.wasm"]))


def random_evidence(module: Module, seed: int) -> Evidence:
    choose = random.Random(seed)
    defined = range(module.imported_function_count, module.function_count)
    functions = [each for each in defined if choose.random() < 0.2]
    return Evidence(frozenset(functions), frozenset(each for each in functions if choose.random() < 0.4))


@pytest.mark.parametrize("policy", POLICIES)
def test_random_modules_are_instrumented_as_predicted(run: Run, wasm_opt: Tool, policy: PolicyName) -> None:
    sizes = set()
    for seed in range(60):
        wasm = random_module(seed)
        module = parse_module(wasm)
        drawn = built_list(ListBuilder(call_graph(module), [0]), policy, random_evidence(module, seed))
        assert run(instrumented(wasm_opt, wasm, module, drawn)) == drawn.functions, (seed, drawn)
        sizes.add(len(drawn.functions))
    assert len(sizes) > 3


@pytest.mark.parametrize("policy", POLICIES)
def test_the_suites_own_modules_are_instrumented_as_predicted(
    run: Run, wasm_opt: Tool, policy: PolicyName
) -> None:
    compared = 0
    for source in sorted((CASES / "frames").glob("*.wat")):
        wasm = bytes(wasmtime.wat2wasm(source.read_bytes()))
        module = parse_module(wasm)
        graph = call_graph(module)
        if graph.tail_callers or not module.imported_function_count:
            continue
        drawn = built_list(ListBuilder(graph, [0]), policy, random_evidence(module, 1))
        got = run(instrumented(wasm_opt, wasm, module, drawn))
        if got is None:
            continue
        assert got == drawn.functions, (source.name, drawn)
        compared += 1
    assert compared > 20
