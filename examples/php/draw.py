"""Draw ``asyncify-only.txt``, the list for PHP, from what the suite and the exploration have shown.

    stackswitch test suite --backend jspi --traces traces
    stackswitch explore "node explore/generate.mjs" --engine node@26 -- node explore/runner.mjs
    python draw.py PHP.wasm traces explore/trace.jsonl

(PHP.wasm: the jspi build in node_modules.) Which policy draws it is left to ``lists.default_policy``, as by
``stackswitch fix --module PHP.wasm --trace … --list …`` with a list that is not there yet. What was seen goes
to ``seen.json``. Without traces, the list that is there is held against what ``seen.json`` gives.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from stackswitch.analysis.trace_lines import read_trace
from stackswitch.analysis.traces import GivenModule, use_trace
from stackswitch.lists.default_policy import default_policy
from stackswitch.lists.evidence import Evidence, StackReader
from stackswitch.lists.policies import Drafter
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.module import parse_module

LIST = Path(__file__).parent / "asyncify-only.txt"
SEEN = Path(__file__).parent / "seen.json"


def read_traces(graph: CallGraph, given: list[Path]) -> Evidence:
    """Read files, or folders of them."""
    reader = StackReader(graph)
    seen = Evidence()
    for each in given:
        for path in sorted(each.rglob("*.jsonl")) if each.is_dir() else [each]:
            trace = read_trace(path.read_bytes(), str(path))
            seen |= reader.evidence(use_trace(trace, [GivenModule(graph.module)]).suspensions)
    return seen


def kept(seen: Evidence, drafter: Drafter) -> dict[str, object]:
    """What was seen, by name: the functions, and the imports that waited."""
    return {
        "module": drafter.module.sha256,
        "imports": Drafter(drafter.graph, seen.imports).import_names(),
        "functions": drafter.names(seen.functions),
    }


def read_kept(drafter: Drafter) -> Evidence:
    """Return it by index; which calls went through tables is not kept, and not asked for."""
    names = json.loads(SEEN.read_text("utf-8"))
    if names["module"] != drafter.module.sha256:
        raise SystemExit(f"{SEEN} is of another build of PHP: {names['module']}")
    imports = {f"{each.module}.{each.name}": each.index for each in drafter.module.function_imports()}
    functions = frozenset().union(*map(drafter.index.matching, names["functions"]))
    return Evidence(functions, imports=frozenset(imports[each] for each in names["imports"]))


def main() -> int:
    """Draw it, or check it, and say how long it is and why."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("module", type=Path)
    parser.add_argument("traces", type=Path, nargs="*", help="files, or folders of them")
    asked = parser.parse_args()
    graph = call_graph(parse_module(asked.module.read_bytes()))
    drafter = Drafter(graph, ())
    seen = read_traces(graph, asked.traces) if asked.traces else read_kept(drafter)
    choice = default_policy(graph.module, seen.functions, 0)
    drawn = Drafter(graph, seen.imports).draw(choice.policy, seen)
    names = drawn.options.lists["ASYNCIFY_ONLY"]
    text = "\n".join(names) + "\n"
    if asked.traces:
        SEEN.write_text(json.dumps(kept(seen, drafter), indent=0) + "\n", "utf-8")
        LIST.write_text(text, "utf-8")
    print(
        f"{len(names)} names, {len(seen.functions)} of them seen at a wait,"
        f" by {choice.policy}: {choice.reason}"
    )
    print("imports that wait:", " ".join(drawn.options.lists["ASYNCIFY_IMPORTS"]))
    if LIST.read_text("utf-8") != text:
        print(f"{LIST} is not what is drawn", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
