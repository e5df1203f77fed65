"""Compute ``asyncify-only.txt``, the list for PHP, from what the suite and the exploration have shown.

    stackswitch test suite --backend jspi --traces traces
    stackswitch explore "node explore/generate.mjs" --engine node@26 -- node explore/runner.mjs
    python build_list.py PHP.wasm traces explore/trace.jsonl

(PHP.wasm: the jspi build in node_modules.) ``lists.default_policy`` chooses the policy, as it does for
``stackswitch fix --module PHP.wasm --trace … --list …`` with a new list. Observed functions go to
``seen.json``. Without traces, the list is compared with what ``seen.json`` gives.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from stackswitch.analysis.trace_lines import read_trace_file
from stackswitch.analysis.traces import GivenModule, use_trace
from stackswitch.lists.default_policy import default_policy
from stackswitch.lists.evidence import Evidence, EvidenceReader
from stackswitch.lists.policies import ListBuilder
from stackswitch.wasm.callgraph import CallGraph, call_graph
from stackswitch.wasm.module import parse_module

LIST = Path(__file__).parent / "asyncify-only.txt"
SEEN = Path(__file__).parent / "seen.json"


def read_traces(graph: CallGraph, given: list[Path]) -> Evidence:
    """Read files, or folders of them."""
    reader = EvidenceReader(graph)
    observed = Evidence()
    for each in given:
        for path in sorted(each.rglob("*.jsonl")) if each.is_dir() else [each]:
            trace = read_trace_file(path.read_bytes(), str(path))
            observed |= reader.evidence(use_trace(trace, [GivenModule(graph.module)]).suspensions)
    return observed


def import_names(builder: ListBuilder, observed: Evidence) -> list[str]:
    """Return the imports that waited, ``module.name``."""
    imports = (builder.module.function_import(index) for index in sorted(observed.imports))
    return list(dict.fromkeys(each.full_name for each in imports if each is not None))


def to_data(observed: Evidence, builder: ListBuilder) -> dict[str, object]:
    """Return the observed functions, and the imports that waited, by name."""
    return {
        "module": builder.module.sha256,
        "imports": import_names(builder, observed),
        "functions": sorted(builder.index.defined(observed.functions)),
    }


def read_data(builder: ListBuilder) -> Evidence:
    """Return them by index; calls through tables are not in the file, and the policy does not use them."""
    names = json.loads(SEEN.read_text("utf-8"))
    if names["module"] != builder.module.sha256:
        raise SystemExit(f"{SEEN} is of another build of PHP: {names['module']}")
    imports = {f"{each.module}.{each.name}": each.index for each in builder.module.function_imports()}
    functions = frozenset().union(*map(builder.index.matching, names["functions"]))
    return Evidence(functions, imports=frozenset(imports[each] for each in names["imports"]))


def main() -> int:
    """Compute the list, or check it, and say how long it is and why."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("module", type=Path)
    parser.add_argument("traces", type=Path, nargs="*", help="files, or folders of them")
    options = parser.parse_args()
    graph = call_graph(parse_module(options.module.read_bytes()))
    builder = ListBuilder(graph, ())
    observed = read_traces(graph, options.traces) if options.traces else read_data(builder)
    choice = default_policy(graph.module, observed.functions, 0)
    functions = ListBuilder(graph, observed.imports).build(choice.policy, observed)
    names = sorted(builder.index.defined(functions))
    text = "\n".join(names) + "\n"
    if options.traces:
        SEEN.write_text(json.dumps(to_data(observed, builder), indent=0) + "\n", "utf-8")
        LIST.write_text(text, "utf-8")
    print(
        f"{len(names)} names, {len(observed.functions)} of them observed at a wait,"
        f" by {choice.policy}: {choice.reason}"
    )
    print("imports that wait:", " ".join(import_names(builder, observed)))
    if LIST.read_text("utf-8") != text:
        print(f"{LIST} is not the list that these data give", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
