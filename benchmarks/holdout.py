"""How the lists of all policies do on cases that they were not drawn from.

    stackswitch test examples/php/suite --backend jspi --traces traces/php
    stackswitch explore "node examples/php/explore/generate.mjs" --output explored -- \\
        node examples/php/explore/runner.mjs
    stackswitch explore "node examples/php/explore/generate.mjs --generated" --output blind -- \\
        node examples/php/explore/runner.mjs
    python benchmarks/holdout.py php php.wasm traces/php --explored explored/trace.jsonl \\
        --blind blind/trace.jsonl
    python benchmarks/holdout.py lua stackswitch/suite/cases/programs/lua.wasm --cases "programs/lua-*"

An exploration is blind where nobody who knew the cases wrote a program of it. A case's family is the folder
it is in. ``--save`` puts the figures into docs/data/holdout.json, from which
docs/generate.py makes the table of docs/lists.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from stackswitch.analysis.trace_lines import read_trace_file
from stackswitch.analysis.traces import GivenModule, use_trace
from stackswitch.backends.registry import BackendOptions, open_backend
from stackswitch.lists.evidence import Evidence, EvidenceReader
from stackswitch.lists.holdout import Split, hold_out, random_splits
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from stackswitch.suite.runner import observe_case
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import Module, parse_module

DATA = Path(__file__).parents[1] / "docs" / "data" / "holdout.json"
POLICIES: tuple[PolicyName, ...] = ("observed", "ranked", "dispatch", "typed")
MISSING = 12


def read(reader: EvidenceReader, module: Module, path: Path) -> Evidence:
    """Read what a trace shows of the module."""
    trace = read_trace_file(path.read_bytes(), str(path))
    return reader.evidence(use_trace(trace, [GivenModule(module)]).suspensions)


async def observed(reader: EvidenceReader, module: Module, glob: str) -> dict[str, Evidence]:
    """Run cases whose module it is."""
    backend = await open_backend("jspi", BackendOptions())
    found = {}
    try:
        for loaded in load_suite(CONFORMANCE_SUITE, (glob,)).cases:
            if loaded.main == module.data and not loaded.case.instances:
                seen = await observe_case(loaded, backend, timeout_s=60)
                found[loaded.case.id] = reader.evidence(seen.suspensions)
    finally:
        await backend.aclose()
    return found


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name", help="what to call the module")
    parser.add_argument("module", type=Path)
    parser.add_argument(
        "traces", type=Path, nargs="?", help="a trace a case, as `stackswitch test --traces` writes them"
    )
    parser.add_argument("--cases", metavar="GLOB", help="cases of the conformance suite, run on JSPI now")
    parser.add_argument("--explored", type=Path, action="append", default=[], metavar="TRACE")
    parser.add_argument("--blind", type=Path, action="append", default=[], metavar="TRACE")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--groups", type=int, default=5, help="groups of families")
    parser.add_argument("--save", action="store_true")
    return parser.parse_args()


def cases_with_waits(
    options: argparse.Namespace, reader: EvidenceReader, module: Module
) -> dict[str, Evidence]:
    """Return what each case shows of the module: run now, or read from its trace."""
    if options.cases:
        found = asyncio.run(observed(reader, module, options.cases))
    else:
        files = {str(each.relative_to(options.traces))[:-6]: each for each in options.traces.rglob("*.jsonl")}
        found = {case: read(reader, module, path) for case, path in sorted(files.items())}
    return {case: each for case, each in found.items() if each.functions}


def explorations(options: argparse.Namespace, reader: EvidenceReader, module: Module) -> dict[str, Evidence]:
    """Return what explorations show, by kind; ``""``: nothing."""
    evidence = {"": Evidence()}
    for kind in ("explored", "blind"):
        for path in getattr(options, kind):
            evidence[kind] = evidence.get(kind, Evidence()) | read(reader, module, path)
    return evidence


def family_splits(families: Mapping[str, str], groups: int, repeats: int, seed: int = 1) -> list[Split]:
    """Hold out whole families: they are dealt into so many groups, and each group is held out once a repeat.

    :param families: of each case
    """
    found = []
    for repeat in range(repeats):
        order = sorted(set(families.values()))
        random.Random(seed * 1000 + repeat).shuffle(order)
        for at in range(min(groups, len(order))):
            out = set(order[at::groups])
            held = frozenset(case for case, family in families.items() if family in out)
            found.append((frozenset(families) - held, held))
    return found


def rows(
    cases: dict[str, Evidence],
    beside: dict[str, Evidence],
    plans: dict[str, list[Split]],
    builder: ListBuilder,
    module: Module,
) -> Iterator[dict[str, object]]:
    """Measure each policy, with each kind of exploration, on each plan of splits."""
    whole = sum(end - start for start, end in module.bodies)

    def code(functions: frozenset[int]) -> float:
        own = (each for each in functions if each >= module.imported_function_count)
        return sum(end - start for start, end in map(module.body_range, own)) / whole

    for policy in POLICIES:
        for kind, more in beside.items():
            if kind and policy == "typed":
                continue
            row: dict[str, object] = {"policy": policy, "explored": bool(kind), "blind": kind == "blind"}
            for plan, splits in plans.items():
                result = hold_out(
                    cases,
                    splits,
                    lambda seen, policy=policy: builder.build(policy, seen),
                    code,
                    more,
                )
                row[plan] = round(100 * result.share, 1)
                if plan in ("90/10", "families"):
                    missed = sorted(result.missing.items(), key=lambda each: (-each[1], each[0]))[:MISSING]
                    row["functions"] = round(result.functions)
                    row["code"] = round(100 * sum(result.sizes) / max(1, len(result.sizes)), 1)
                    row["missing"] = [builder.index.names[each] for each, _ in missed]
            yield row


def main() -> int:
    """Measure, print the figures, and save them if asked to."""
    options = arguments()
    module = parse_module(options.module.read_bytes())
    graph = call_graph(module)
    reader = EvidenceReader(graph)
    cases = cases_with_waits(options, reader, module)
    beside = explorations(options, reader, module)
    families = {case: case.rpartition("/")[0] for case in cases}
    imports = frozenset().union(*(each.imports for each in (*beside.values(), *cases.values())))
    plans: dict[str, list[Split]] = {
        "90/10": random_splits(cases, 0.9, 2 * options.repeats),
        "50/50": random_splits(cases, 0.5, options.repeats),
    }
    if len(set(families.values())) > 1:
        plans["families"] = family_splits(families, options.groups, 2)
    started = time.process_time()
    measured = []
    for row in rows(cases, beside, plans, ListBuilder(graph, imports), module):
        measured.append(row)
        print(row, flush=True)
    report = {
        "module": options.name,
        "sha256": module.sha256,
        "size_bytes": len(module.data),
        "cases": len(cases),
        "families": len(set(families.values())),
        "explored_functions": len(beside.get("explored", Evidence()).functions),
        "blind_functions": len(beside.get("blind", Evidence()).functions),
        "rows": measured,
    }
    print(
        f"{len(cases)} cases in {report['families']} families; {time.process_time() - started:.0f} s of CPU"
    )
    if options.save:
        saved = json.loads(DATA.read_text()) if DATA.exists() else {}
        saved[options.name] = report
        DATA.parent.mkdir(exist_ok=True)
        DATA.write_text(json.dumps(saved, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
