"""How much a byte of instrumented code grows: real builds, against the figure that ``analyze`` predicts by.

Usage: python benchmarks/growth.py. Random parts of what Binaryen instruments by itself in the suite's Lua and
SQLite, built at two levels; prints a table.
"""

from __future__ import annotations

import asyncio
import random

from stackswitch.analysis.analyse import GROWTH
from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen, open_binaryen
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.obstacles import asyncify_path

PARTS = (0.05, 0.2, 0.5, 1.0)
MODULES = {"lua": ("host.wait",), "sqlite": ()}
"""With the imports that may suspend; none: all of them."""


async def measure(binaryen: Binaryen, name: str, module: Module, imports: tuple[str, ...]) -> None:
    """Print a module's rows."""
    names = binaryen_names(module)
    functions = [(each.index, f"{each.module}.{each.name}") for each in module.function_imports()]
    waiting = [index for index, full in functions if not imports or full in imports]
    whole = sorted(asyncify_path(call_graph(module), waiting))
    choose = random.Random(0)
    for part in PARTS:
        chosen = choose.sample(whole, max(1, round(part * len(whole))))
        code = sum(end - start for start, end in map(module.body_range, chosen))
        only = tuple(names[each] for each in chosen)
        told = []
        for level in (1, 2):
            listed = imports or tuple(full for _, full in functions)
            request = AsyncifyRequest(wasm=module.data, imports=listed, only=only, optimize_level=level)
            grown = len((await binaryen.asyncify(request)).wasm) - len(module.data)
            told.append(f"{grown / code:.2f}")
        predicted = 1 + GROWTH * code / len(module.data)
        share = f"{code / len(module.data):.0%}"
        print(f"| {name} | {len(only)} | {share} | {' | '.join(told)} | {predicted:.2f} |", flush=True)


async def main() -> None:
    binaryen = await open_binaryen()
    print("| module | functions | share | growth, -O1 | -O2 | predicted |")
    print("|---|---|---|---|---|---|")
    modules = {
        name: parse_module((CONFORMANCE_SUITE / "programs" / f"{name}.wasm").read_bytes()) for name in MODULES
    }
    try:
        for name, imports in MODULES.items():
            await measure(binaryen, name, modules[name], imports)
    finally:
        await binaryen.aclose()


if __name__ == "__main__":
    asyncio.run(main())
