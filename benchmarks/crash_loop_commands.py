"""The crash loop beside ours on a suite of commands, such as PHP's: see ``crash_loop.py``.

Usage: python benchmarks/crash_loop_commands.py SUITE --module FILE [-k GLOB]… [--rounds N] [--json F]

Both begin with an empty list. The loop instruments the module with its list, runs the commands on Asyncify,
and takes the names from the stacks of all traps of the round: those that the errors kept, and no more. Ours
runs the commands once on JSPI, draws the list from their traces, instruments, and runs them once more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def stackswitch(*args: str | Path) -> None:
    """Run the command line; 1 is a case that failed, which is what this is about."""
    command = [sys.executable, "-m", "stackswitch", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")


def tested(suite: Path, chosen: list[str], traces: Path, *flags: str | Path) -> list[dict[str, object]]:
    """Run the suite's commands; return their results, with the traces in a folder."""
    results = traces.with_suffix(".json")
    stackswitch("test", suite, *chosen, "-j", "2", "--traces", traces, "--json", results, *flags)
    found: list[dict[str, object]] = json.loads(results.read_text())["results"]
    return found


def lines(traces: Path, kind: str, cases: set[str] | None = None) -> list[dict[str, list[list[object]]]]:
    """Return the lines of a kind, of all traces or of some cases'."""
    found = []
    for path in sorted(traces.rglob("*.jsonl")):
        case = path.relative_to(traces).with_suffix("").as_posix()
        if cases is None or any(each == case or case.endswith(each) for each in cases):
            read = map(json.loads, path.read_text().splitlines())
            found += [each for each in read if each["kind"] == kind]
    return found


def names_on(stacks: list[dict[str, list[list[object]]]]) -> set[str]:
    """Return the functions on stacks."""
    return {str(name) for each in stacks for _, _, name in each["frames"]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--module", type=Path, required=True, help="the module that the JSPI build runs")
    parser.add_argument("-k", action="append", default=[], metavar="GLOB")
    parser.add_argument("--rounds", type=int, default=12, help="of the loop, at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what each round showed")
    options = parser.parse_args()
    chosen = [part for glob in options.k for part in ("-k", glob)]
    asyncify = ("--backend", "asyncify", "--build", "instrumented", "--list")
    with tempfile.TemporaryDirectory(prefix="stackswitch-loop-") as folder:
        here = Path(folder)
        ours, listed = here / "ours.txt", here / "loop.txt"
        started = time.perf_counter()
        tested(options.suite, chosen, here / "jspi", "--backend", "jspi")
        traced_s = time.perf_counter() - started
        stackswitch("fix", "--trace", here / "jspi", "--module", options.module, "--list", ours)
        drawn_s = time.perf_counter() - started
        proof = tested(options.suite, chosen, here / "proof", *asyncify, ours)
        ours_s = time.perf_counter() - started
        needed = set(ours.read_text().splitlines())
        good = sum(bool(each["as_expected"]) for each in proof)
        print(
            f"ours: {len(needed)} names, {good} of {len(proof)} as expected; {traced_s:.0f} s for the traces,"
        )
        print(f"  {drawn_s:.0f} s with the list drawn and built, {ours_s:.0f} s with the proof", flush=True)
        names: set[str] = set()
        rounds = []
        started = time.perf_counter()
        while len(rounds) < options.rounds:
            listed.write_text("".join(f"{name}\n" for name in sorted(names)))
            traces = here / f"round{len(rounds)}"
            results = tested(options.suite, chosen, traces, *asyncify, listed)
            failing = {str(each["case_id"]) for each in results if not each["as_expected"]}
            new = names_on(lines(traces, "trap", failing)) - names
            rounds.append(
                {
                    "names": len(names),
                    "failing": len(failing),
                    "new": len(new),
                    "seconds": round(time.perf_counter() - started, 1),
                    "missing": len(needed - names),
                }
            )
            print(f"round {len(rounds)}: {rounds[-1]}", flush=True)
            if not failing or not new:
                break
            names |= new
        print(f"the loop ends with {len(needed - names)} of {len(needed)} names missing,")
        print(f"  {len(names - needed)} that were on no stack at a wait, {len(failing)} commands failing")
    if options.json:
        told = {"ours_s": ours_s, "drawn_s": drawn_s, "traced_s": traced_s, "needed": len(needed)}
        options.json.write_text(
            json.dumps({**told, "commands": len(proof), "rounds": rounds}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
