"""CPU time and memory of ``analyze``, ``report`` and ``fix`` on modules that grow.

    python benchmarks/scaling.py [--sizes 10000 100000 1000000] [--shapes chain …] [--commands analyze …]

Each shape is a call graph that is hard for some algorithm: long (``chain``), wide (``star``, ``fan``), with
many ways (``grid``), with far joins (``ladder``), through one table (``table``) or many types (``types``).
Every function is exported. The trace has the waits of four exports. Of ``fix``, the part before Binaryen is
measured (``--check`` with a list that lacks a name).

The table has CPU seconds beyond those of a module with ten functions, peak memory (MB), and ``growth``: the
factor of CPU time from one size to the next, divided by the factor of n log n, where n counts functions, call
sites and table entries (none where the smaller took less than half a second). The exit status is 1 if a
command failed, took 2 GiB or more, or grew by more than ``--growth``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from stackswitch.wasm.encoding import HEADER, export, name, section, unsigned, vector
from stackswitch.wasm.module import parse_module

COMMANDS = ("analyze", "report", "fix")
LIMIT_BYTES = 2 << 30
LEAST_S = 0.5
"""Less is noise."""
WAIT = 0
"""The index of the import that waits; defined functions follow."""
TYPES = 1000
"""How many types the shape ``types`` has."""


class Function(NamedTuple):
    """The calls of one function: indexes of functions, indexes of types called through the table."""

    calls: Iterable[int] = ()
    types: Iterable[int] = ()


def chain(count: int) -> Iterator[Function]:
    """Each calls the next, the last waits."""
    for at in range(1, count + 1):
        yield Function([at + 1 if at < count else WAIT])


def star(count: int) -> Iterator[Function]:
    """All call one, which waits."""
    yield Function([WAIT])
    for _ in range(count - 1):
        yield Function([1])


def fan(count: int) -> Iterator[Function]:
    """One calls a thousand each of which calls a thousand: the leaves wait."""
    width = max(2, math.isqrt(count))
    for at in range(count):
        below = range(at * width + 2, min(at * width + width + 2, count + 1))
        yield Function(below if len(below) else [WAIT])


def grid(count: int) -> Iterator[Function]:
    """Each calls its right and its lower neighbour; the last waits."""
    width = math.isqrt(count)
    for at in range(1, width * width + 1):
        right = [at + 1] if at % width else []
        below = [at + width] if at + width <= width * width else []
        yield Function(right + below or [WAIT])


def ladder(count: int) -> Iterator[Function]:
    """A chain to the wait, and as many functions that call both its ends."""
    half = count // 2
    yield from chain(half)
    for _ in range(count - half):
        yield Function([1, half])


def table(count: int) -> Iterator[Function]:
    """All call each other through one table; one waits."""
    yield Function([WAIT], [0])
    for _ in range(count - 1):
        yield Function([], [0])


def types(count: int) -> Iterator[Function]:
    """All stand in one table; each calls three of a thousand types through it, one waits."""
    yield Function([WAIT])
    for at in range(1, count):
        yield Function([], sorted({at * step % TYPES for step in (1, 7, 31)}))


SHAPES: dict[str, Callable[[int], Iterator[Function]]] = {
    each.__name__: each for each in (chain, star, fan, grid, ladder, table, types)
}


def _parameters(type_index: int) -> list[bytes]:
    """Return the parameters (i32 or i64) of a type: the binary digits of its index."""
    return [b"\x7f" if digit == "0" else b"\x7e" for digit in f"{type_index:b}"] if type_index else []


def module(functions: Sequence[Function], *, kinds: int = 1) -> bytes:
    """Build a valid module with names: ``env.wait`` imported, all functions exported and in the table.

    :param kinds: how many types the functions have, in turn
    """
    arguments = {
        each: b"".join(b"\x41\0" if kind == b"\x7f" else b"\x42\0" for kind in _parameters(each))
        for each in range(kinds)
    }
    bodies = []
    for function in functions:
        # A call needs the arguments of its target's type.
        direct = [
            arguments[(callee - 1) % kinds if callee else 0] + b"\x10" + unsigned(callee)
            for callee in function.calls
        ]
        through = [arguments[each] + b"\x41\0\x11" + unsigned(each) + b"\0" for each in function.types]
        code = b"\0" + b"".join(direct + through) + b"\x0b"
        bodies.append(unsigned(len(code)) + code)
    count = len(functions)
    indexes = [unsigned(at) for at in range(count + 1)]
    names = vector(indexes[at] + name(f"f{at}") for at in range(1, count + 1))
    sections = (
        (1, vector(b"\x60" + vector(_parameters(each)) + b"\0" for each in range(kinds))),
        (2, vector([name("env") + name("wait") + b"\0\0"])),
        (3, vector(unsigned(at % kinds) for at in range(count))),
        (4, vector([b"\x70\0" + unsigned(count)])),
        (7, vector(export(f"f{at}", 0, at) for at in range(1, count + 1))),
        (9, vector([b"\0\x41\0\x0b" + vector(indexes[1:])])),
        (10, vector(bodies)),
        (0, name("name") + b"\1" + unsigned(len(names)) + names),
    )
    return HEADER + b"".join(section(number, content) for number, content in sections)


def shape_module(shape: str, count: int) -> tuple[bytes, int]:
    """Build the module of a shape; the second value counts functions, call sites and table entries."""
    functions = [Function(tuple(each.calls), tuple(each.types)) for each in SHAPES[shape](count)]
    sites = sum(len(tuple(each.calls)) + len(tuple(each.types)) for each in functions)
    return module(functions, kinds=TYPES if shape == "types" else 1), 2 * len(functions) + sites


@dataclass(frozen=True)
class Measured:
    """What one command took: CPU seconds, peak memory in bytes, its exit status."""

    cpu_s: float
    memory_bytes: int
    status: int


def measure(argv: Sequence[str], folder: Path) -> Measured:
    """Run a command and measure it; its output goes to a file in the folder."""
    with (folder / "output.txt").open("wb") as output:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.execv(argv[0], list(argv))
        _, status, usage = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(
        usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, os.waitstatus_to_exitcode(status)
    )


def prepare(folder: Path, shape: str, count: int) -> int:
    """Write the module, a trace of four waits, a list that lacks a name; return ``shape_module``'s count."""
    data, things = shape_module(shape, count)
    (folder / "module.wasm").write_bytes(data)
    parsed = parse_module(data)
    last = parsed.function_count - 1
    lines: list[dict[str, object]] = [
        {"kind": "start", "schema_version": 1, "process": 1, "engine": "node", "engine_version": "26.0.0"}
    ]
    lines += [
        {
            "kind": "suspension",
            "module": parsed.sha256,
            "backend": "jspi",
            "import": "env.wait",
            "export": f"f{function}",
            "frames": [[function, -1, f"f{function}"]],
        }
        for function in sorted({1, 1 + last // 3, 1 + last // 2, last})
    ]
    (folder / "trace.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "list.txt").write_text("f1\n")
    return things


def command_line(command: str) -> list[str]:
    """Return the arguments after ``python``."""
    arguments = {
        "analyze": ["analyze", "module.wasm", "--trace", "trace.jsonl", "--json", "out.json"],
        "report": ["report", "module.wasm", "--trace", "trace.jsonl", "--html", "out.html"],
        "fix": ["fix", "--check", "--trace", "trace.jsonl", "--module", "module.wasm", "--list", "list.txt"],
    }
    return [sys.executable, "-m", "stackswitch", *arguments[command]]


def main() -> int:
    parser = argparse.ArgumentParser(description="how analyze, report and fix grow with the module")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--growth", type=float, default=1.5, help="the growth that fails (noise allowed for)")
    options = parser.parse_args()
    good = True
    print("| command | shape | functions | CPU s | MB | growth |\n|---|---|---:|---:|---:|---:|")
    start_s: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name_:
        prepare(Path(name_), "chain", 10)
        for command in options.commands:
            start_s[command] = min(measure(command_line(command), Path(name_)).cpu_s for _ in range(3))
    for shape in options.shapes:
        before: dict[str, tuple[float, float]] = {}
        for size in sorted(options.sizes):
            with tempfile.TemporaryDirectory() as name_:
                folder = Path(name_)
                # In another process: a command begins with the peak memory of the process that starts it.
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
                    things = other.submit(prepare, folder, shape, size).result()
                work = things * math.log2(things)
                for command in options.commands:
                    found = measure(command_line(command), folder)
                    expected = (0, 1) if command == "fix" else (0,)
                    growth = ""
                    cpu_s = max(found.cpu_s - start_s[command], 0.01)
                    if before.get(command, (0.0, 0.0))[0] >= LEAST_S:
                        spent, was = before[command]
                        factor = cpu_s / spent / (work / was)
                        growth = f"{factor:.2f}"
                        good &= factor <= options.growth
                    before[command] = cpu_s, work
                    good &= found.status in expected and found.memory_bytes < LIMIT_BYTES
                    note = "" if found.status in expected else f" exit {found.status}"
                    print(
                        f"| {command}{note} | {shape} | {size:,} | {cpu_s:.1f} "
                        f"| {found.memory_bytes / 1e6:,.0f} | {growth} |",
                        flush=True,
                    )
                    if note:
                        print((folder / "output.txt").read_text(errors="replace")[-800:], file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
