"""Names missing from lists, over generated modules: found, missed, false; asserts builds are the judge.

Usage: python benchmarks/silent.py [--modules N] [--seed S] [--json F]. Prints the table of docs/lists.md.

Each module is a random call graph: direct calls and calls through a table, with and without a result, under
conditions, in loops, recursive, with effects that depend on their order. Its exact list is worked out by the
judge alone: a build with ``asyncify-asserts`` traps in the very function that is missing; that name is put
in, and so on until nothing traps. Then names are taken out at random. The same gap is run

- by the judge, which again collects what is missing, one trap after the other;
- on a plain host that looks at nothing, to see what a user would: a trap, a wrong result, no end, or luck;
- by us, in one run: stacks compared with what the build has instrumented;
- by the protocol's own rules alone, as a host has to that cannot see stacks.

Judge and plain host know nothing of stackswitch's backends: they are wasmtime-py's own calls.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime
from wasmtime import wat2wasm

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.wasmtime.cases.backend import AsyncifyBackend, open_asyncify
from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen, open_binaryen
from stackswitch.models.case import Case
from stackswitch.models.result import Observation
from stackswitch.suite.runner import observe_case

DATA = 1024
"""Where the plain host lays the data block; the module's own memory is otherwise unused."""
FUEL = 5_000_000
MOST_WAITS = 200
"""Modules that wait more often are left out: a gap in one of them takes too long."""
KINDS = (
    "the export",
    "leaf: calls nothing but the import",
    "called through a table",
    "called directly, no result",
    "called directly, with a result",
    "several at once",
)


@dataclass(frozen=True)
class Module:
    """A generated module.

    :ivar void: the functions without a result
    :ivar leaves: those that call nothing but the import
    :ivar in_table: those that some function calls through the table
    """

    wasm: bytes
    names: tuple[str, ...]
    void: frozenset[str]
    leaves: frozenset[str]
    in_table: frozenset[str]


def generate(seed: int) -> Module:
    """Make a module: ``main`` (f0) calls later functions, these each other and ``env.wait``."""
    choose = random.Random(seed)
    count = choose.randint(3, 14)
    names = [f"f{at}" for at in range(count)]
    void = {name for name in names[1:] if choose.random() < 0.4}
    in_table: set[str] = set()
    leaves: set[str] = set()
    bodies = []
    for at, name in enumerate(names):
        lines = [f"(global.set $e (i32.add (i32.mul (global.get $e) (i32.const 31)) (i32.const {at + 1})))"]
        later = names[at + 1 :]
        callees = choose.sample(later, min(len(later), choose.choice([0, 1, 1, 2, 3])))
        for callee in callees:
            argument = f"(i32.add (local.get 0) (i32.const {choose.randint(0, 3)}))"
            if choose.random() < 0.45:
                in_table.add(callee)
                kind = "$v" if callee in void else "$r"
                call = f"(call_indirect (type {kind}) {argument} (i32.const {names.index(callee)}))"
            else:
                call = f"(call ${callee} {argument})"
            lines.append(wrapped(choose, kept(call, void=callee in void)))
        if not later or choose.random() < 0.35:
            if not callees:
                leaves.add(name)
            lines.append(wrapped(choose, kept("(call $wait (i32.add (local.get 0) (i32.const 50)))")))
        if at and choose.random() < 0.15:
            again = f"(call ${name} (i32.sub (local.get 0) (i32.const 1)))"
            deeper = kept(again, void=name in void)
            lines.append(f"(if (i32.gt_s (local.get 0) (i32.const 2)) (then {deeper}))")
        result, value = ("", "") if name in void else ("(result i32)", "(local.get $sum)")
        bodies.append(
            f"(func ${name} (param i32) {result} (local $sum i32) (local $n i32) {' '.join(lines)} {value})"
        )
    text = (
        "(module (type $r (func (param i32) (result i32))) (type $v (func (param i32)))"
        '(import "env" "wait" (func $wait (param i32) (result i32)))'
        '(memory (export "memory") 1) (global $e (export "effects") (mut i32) (i32.const 7))'
        f"(table {count} funcref) (elem (i32.const 0) {' '.join(f'${name}' for name in names)})"
        f'{" ".join(bodies)} (export "main" (func $f0)))'
    )
    return Module(
        bytes(wat2wasm(text)), tuple(names), frozenset(void), frozenset(leaves), frozenset(in_table)
    )


def kept(call: str, *, void: bool = False) -> str:
    """A call whose result, if it has one, is added up."""
    return call if void else f"(local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 5)) {call}))"


def wrapped(choose: random.Random, statement: str) -> str:
    """A statement as it is, under a condition, or in a loop."""
    how = choose.random()
    if how < 0.2:
        return f"(if (i32.and (local.get 0) (i32.const {choose.choice([1, 2])})) (then {statement}))"
    if how < 0.35:
        return (
            f"(local.set $n (i32.const 2)) (loop $l {statement} "
            "(local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n)))"
        )
    return statement


@dataclass
class Ended:
    """How a run on the plain host ended."""

    how: str
    value: int = 0
    effects: int = 0
    waits: int = 0
    innermost: str = ""


class EndlessError(Exception):
    """The guest waits again and again."""


class PlainHost:
    """A host as Binaryen's opening comment describes one; it looks at nothing but the state."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.consume_fuel = True
        self.engine = wasmtime.Engine(config)

    def run(self, wasm: bytes) -> Ended:
        """Call ``main(3)`` to its end. ``wait`` gives back what it was given."""
        store = wasmtime.Store(self.engine)
        store.set_fuel(FUEL)
        exports: dict[str, object] = {}
        waits = 0
        given = 0

        def asked(name: str, *args: int) -> int:
            function = exports[name]
            assert isinstance(function, wasmtime.Func)
            result = function(store, *args)
            return result if isinstance(result, int) else 0

        def wait(argument: int) -> int:
            nonlocal waits, given
            if asked("asyncify_get_state") == 2:
                asked("asyncify_stop_rewind")
                return given
            waits += 1
            if waits > 5 * MOST_WAITS:
                raise EndlessError
            given = argument
            asked("asyncify_start_unwind", DATA)
            return 0

        type_ = wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()])
        module = wasmtime.Module(self.engine, wasm)
        instance = wasmtime.Instance(store, module, [wasmtime.Func(store, type_, wait)])
        exports.update({each.name: instance.exports(store)[each.name] for each in module.exports})
        memory = exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        memory.write(store, (DATA + 8).to_bytes(4, "little") + (60_000).to_bytes(4, "little"), DATA)
        try:
            value = asked("main", 3)
            while asked("asyncify_get_state") == 1:
                asked("asyncify_stop_unwind")
                asked("asyncify_start_rewind", DATA)
                value = asked("main", 3)
        except EndlessError:
            return Ended("no end", waits=waits)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            if "fuel" in str(error):
                return Ended("no end", waits=waits)
            frames = error.frames if isinstance(error, wasmtime.Trap) else []
            return Ended("a trap", waits=waits, innermost=(frames[0].func_name or "") if frames else "")
        effects = exports["effects"]
        assert isinstance(effects, wasmtime.Global)
        return Ended("returned", value, int(effects.value(store)), waits)


@dataclass
class Tally:
    """One row of the table, summed over its gaps."""

    gaps: int = 0
    plain: Counter[str] = field(default_factory=Counter)
    names: int = 0
    found: int = 0
    missed: int = 0
    false: int = 0
    noticed: int = 0
    trap_names_it: int = 0


class Bench:
    """Judge, plain host and ours, side by side."""

    def __init__(self, binaryen: Binaryen, ours: AsyncifyBackend, protocol: AsyncifyBackend) -> None:
        self.binaryen = binaryen
        self.ours = ours
        self.protocol = protocol
        self.host = PlainHost()

    async def build(self, module: Module, only: list[str], *, asserts: bool) -> bytes:
        request = AsyncifyRequest(wasm=module.wasm, imports=("env.wait",), only=tuple(only), asserts=asserts)
        return (await self.binaryen.asyncify(request)).wasm

    async def judged(self, module: Module, only: list[str]) -> list[str]:
        """Return the names that the judge finds missing, in the order of its traps."""
        missing: list[str] = []
        while True:
            ended = self.host.run(await self.build(module, [*only, *missing], asserts=True))
            if ended.how == "returned":
                return missing
            if ended.how != "a trap" or ended.innermost not in module.names or ended.innermost in missing:
                raise SystemExit(f"the judge cannot say: {ended} {only} {missing}")
            missing.append(ended.innermost)

    async def seen(self, module: Module, only: list[str], backend: AsyncifyBackend) -> Observation:
        """Run a list on one of our backends."""
        case = Case.model_validate(
            {
                "id": "generated",
                "why": "generated",
                "source": "generated.wasm",
                "export": "main",
                "args": ("i32:3",),
                "host": ({"import": "env.wait", "returns": "arg:0", "delay_ms": 0},),
                "asyncify": {"only": tuple(only)},
                "timeout_s": 5,
            }
        )
        return await observe_case(LoadedCase(case=case, modules={"main": module.wasm}), backend)

    async def found(self, module: Module, only: list[str]) -> set[str]:
        """Return the names that we tell of a list, in one run."""
        seen = await self.seen(module, only, self.ours)
        if seen.status != "finished" or any(each.trap for each in seen.steps):
            raise SystemExit(f"our run did not end: {seen}")
        return {name for names in seen.missing.values() for name in names}

    async def noticed(self, module: Module, only: list[str]) -> bool:
        """Whether the protocol's rules alone show that something is wrong."""
        seen = await self.seen(module, only, self.protocol)
        return any(each.trap is not None and each.trap.kind == "asyncify-state" for each in seen.steps)

    async def gap(self, module: Module, exact: list[str], gone: set[str], right: Ended, into: Tally) -> None:
        """Try an exact list less some names."""
        only = [name for name in exact if name not in gone]
        truth = set(await self.judged(module, only))
        found = await self.found(module, only)
        ended = self.host.run(await self.build(module, only, asserts=False))
        same = (ended.value, ended.effects, ended.waits) == (right.value, right.effects, right.waits)
        into.gaps += 1
        into.plain[ended.how if ended.how != "returned" else "right" if same else "wrong"] += 1
        into.names += len(truth)
        into.found += len(truth & found)
        into.missed += len(truth - found)
        into.false += len(found - truth)
        into.noticed += await self.noticed(module, only)
        into.trap_names_it += ended.innermost in truth


def kind_of(module: Module, gone: set[str]) -> str:
    """Say how the function that is gone is called: that decides what a plain build does."""
    if len(gone) > 1:
        return KINDS[5]
    (name,) = gone
    if name == module.names[0]:
        return KINDS[0]
    if name in module.leaves:
        return KINDS[1]
    if name in module.in_table:
        return KINDS[2]
    return KINDS[3] if name in module.void else KINDS[4]


async def measure(count: int, seed: int) -> tuple[dict[str, Tally], Tally, int]:
    """Try modules until so many have waited.

    Returns the gaps by kind, the correct lists, how many modules were left out.
    """
    binaryen = await open_binaryen(cached=False)
    ours, protocol = await open_asyncify(), await open_asyncify(detect="state")
    bench = Bench(binaryen, ours, protocol)
    rows = {kind: Tally() for kind in KINDS}
    correct = Tally()
    left_out = done = 0
    try:
        while done < count:
            module = generate(seed)
            choose = random.Random(seed)
            seed += 1
            right = bench.host.run(await bench.build(module, list(module.names), asserts=False))
            if not 0 < right.waits <= MOST_WAITS:
                left_out += 1
                continue
            exact = await bench.judged(module, [])
            done += 1
            # What the judge put in is enough; whatever else is listed must not be told either.
            for only in (exact, list(module.names)):
                correct.gaps += 1
                correct.false += len(await bench.found(module, only))
                correct.noticed += await bench.noticed(module, only)
            single = {choose.choice(exact)}
            await bench.gap(module, exact, single, right, rows[kind_of(module, single)])
            if len(exact) > 1:
                several = set(choose.sample(exact, choose.randint(2, len(exact))))
                await bench.gap(module, exact, several, right, rows[kind_of(module, several)])
            if done % 100 == 0:
                print(f"{done} of {count} modules", file=sys.stderr, flush=True)
    finally:
        await binaryen.aclose()
        await ours.aclose()
        await protocol.aclose()
    return rows, correct, left_out


def table(rows: dict[str, Tally], correct: Tally) -> str:
    """Write the table as Markdown."""
    lines = [
        "| missing | gaps | a trap | wrong, in silence | no end | right by luck | names missing | found"
        " | missed | false | the trap's innermost frame is one of them | the protocol's rules notice |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, row in rows.items():
        plain = " | ".join(str(row.plain[how]) for how in ("a trap", "wrong", "no end", "right"))
        lines.append(
            f"| {kind} | {row.gaps} | {plain} | {row.names} | {row.found} | {row.missed} | {row.false}"
            f" | {row.trap_names_it} | {row.noticed} |"
        )
    lines.append(
        f"| nothing (correct lists) | {correct.gaps} | | | | | 0 | 0 | 0 | {correct.false} |"
        f" | {correct.noticed} |"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--modules", type=int, default=500, help="how many that wait")
    parser.add_argument("--seed", type=int, default=0, help="of the first module")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts as JSON")
    options = parser.parse_args()
    rows, correct, left_out = asyncio.run(measure(options.modules, options.seed))
    print(table(rows, correct))
    print(
        f"\n{options.modules} modules that wait, {left_out} more that never did, or above {MOST_WAITS} times"
    )
    if options.json:
        counts = {kind: vars(row) for kind, row in {**rows, "correct": correct}.items()}
        options.json.write_text(json.dumps(counts, indent=2) + "\n")
    return 1 if any(row.missed or row.false for row in (*rows.values(), correct)) else 0


if __name__ == "__main__":
    sys.exit(main())
