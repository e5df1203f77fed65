"""Draw ``asyncify-only.txt``, the list for PHP, from what the suite and the exploration have shown.

    stackswitch test suite --backend jspi --traces traces
    stackswitch explore "node explore/generate.mjs" --engine node@26 -- node explore/runner.mjs
    python draw.py PHP.wasm traces explore/trace.jsonl

(PHP.wasm: the jspi build in node_modules.) ``stackswitch fix --module … --trace … --policy ranked --list …``
draws the same, and adds to the list that is there; this makes it anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stackswitch.analysis.traces import read_trace_lines, trace_of_module
from stackswitch.lists.evidence import Evidence, StackReader
from stackswitch.lists.policies import Drafter
from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module

LIST = Path(__file__).parent / "asyncify-only.txt"


def main() -> int:
    """Draw it, and say how long it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("module", type=Path)
    parser.add_argument("traces", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument("--output", type=Path, default=LIST)
    asked = parser.parse_args()
    module = parse_module(asked.module.read_bytes())
    graph = call_graph(module)
    reader = StackReader(graph)
    seen = Evidence()
    for given in asked.traces:
        for path in sorted(given.rglob("*.jsonl")) if given.is_dir() else [given]:
            lines = read_trace_lines(path.read_bytes(), str(path))
            seen |= reader.evidence(trace_of_module(lines, module, str(path)).suspensions)
    drawn = Drafter(graph, seen.imports).draw("ranked", seen)
    names = drawn.options.lists["ASYNCIFY_ONLY"]
    asked.output.write_text("\n".join(names) + "\n", "utf-8")
    print(f"{len(names)} names, {len(seen.functions)} of them seen at a wait → {asked.output}")
    print("imports that wait:", " ".join(drawn.options.lists["ASYNCIFY_IMPORTS"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
