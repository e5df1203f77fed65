"""The crash loop beside ours on a suite of commands, such as PHP's: see ``crash_loop.py``.

Usage: python benchmarks/crash_loop_commands.py SUITE [-k GLOB]… [--draws N] [--seconds N] [--json F]
       python benchmarks/crash_loop_commands.py --crashes TRACES

Both start from the same list: an empty one, and one with one name or five taken out of what is needed. The
loop instruments the module with its list, runs the commands on Asyncify, and takes the names from the stacks
of all traps of the round: those that the errors kept, and no more. Ours is ``stackswitch fix``: the commands
once on JSPI, the list drawn from their stacks, and the proof.

The second table says what the stacks of crashes were worth: of the names that lacked at the waits of a run
that crashed, how often the crash's stack held all, some or none. With ``--crashes`` only that is told, of
traces that ``stackswitch test --traces`` has kept, such as those of the build as shipped.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crash_loop import HEAD, Ended, Found, plain, told

MOST_ROUNDS = 12


def stackswitch(*args: str | Path) -> None:
    """Run the command line; 1 is a case that failed, which is what this is about."""
    command = [sys.executable, "-m", "stackswitch", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")


def lines(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return a trace's lines of a kind."""
    return [each for each in map(json.loads, path.read_text().splitlines()) if each["kind"] == kind]


def shown(path: Path) -> set[str]:
    """Return the functions on the stacks of a trace's traps."""
    return {name for each in lines(path, "trap") for _, _, name in each["frames"]}


def held(traces: Path) -> Counter[str]:
    """Count the crashes whose stack held all, some or none of the names that lacked at the waits."""
    found: Counter[str] = Counter()
    for path in sorted(traces.rglob("*.jsonl")):
        missing = {name for each in lines(path, "suspension") for name in each["missing"]}
        if missing and lines(path, "trap"):
            on = len(missing & shown(path))
            found["all" if on == len(missing) else "some" if on else "none"] += 1
    return found


def told_held(found: Counter[str]) -> str:
    """Say that in a line."""
    parts = ", ".join(f"{which} in {found[which]}" for which in ("all", "some", "none"))
    return f"of {found.total()} crashes the stack held of the names that lacked at their waits: {parts}"


class Loop:
    """One suite, in a folder for what is written."""

    def __init__(self, suite: Path, chosen: list[str], folder: Path, rounds: int) -> None:
        self._suite = suite
        self._chosen = chosen
        self._folder = folder
        self._rounds = rounds
        self._runs = 0
        self.crashes: Counter[str] = Counter()
        self.commands = 0

    def ours(self, only: set[str], needed: set[str]) -> tuple[Ended, set[str]]:
        """What ``stackswitch fix`` does; returns the list too."""
        listed, report = self._list(only), self._folder / "fix.json"
        started = time.perf_counter()
        stackswitch(
            *("fix", self._suite, *self._chosen, "-j", "2", "--list", listed),
            *("--policy", "observed", "--json", report),
        )
        seconds = time.perf_counter() - started
        said = json.loads(report.read_bytes())
        names = set(listed.read_text().splitlines())
        needed = needed or names
        self.commands = len(said["results"])
        ended = Ended(
            rounds=said["rounds"],
            seconds=seconds,
            passes=said["verdict"] == "verified",
            failing=sum(not each["as_expected"] for each in said["results"]),
            missing=len(needed - names),
            superfluous=len(names - needed - only),
        )
        return ended, names

    def loop(self, only: set[str], needed: set[str]) -> Ended:
        """Run, read what crashed, add what its stack shows, again."""
        started = time.perf_counter()
        names, rounds = set(only), 0
        failing: set[str] = set()
        while rounds < self._rounds:
            rounds += 1
            traces, results = self._folder / f"traces{self._runs}", self._folder / "results.json"
            self._runs += 1
            stackswitch(
                *("test", self._suite, *self._chosen, "-j", "2", "--backend", "asyncify", "-q"),
                *("--build", "instrumented", "--list", self._list(names)),
                *("--traces", traces, "--json", results),
            )
            said = json.loads(results.read_bytes())["results"]
            failing = {str(each["case_id"]) for each in said if not each["as_expected"]}
            new = set().union(*(shown(traces / f"{case}.jsonl") for case in failing)) - names
            crashes = held(traces)
            self.crashes += crashes
            print(
                f"  round {rounds}, {len(names)} names: {len(failing)} of {len(said)} fail, {len(new)} new,"
                f" {len(needed - names)} missing; {told_held(crashes)}",
                file=sys.stderr,
                flush=True,
            )
            if not failing or not new:
                break
            names |= new
        return Ended(
            rounds=rounds,
            seconds=time.perf_counter() - started,
            passes=not failing,
            failing=len(failing),
            missing=len(needed - names),
            superfluous=len(names - needed - only),
        )

    def _list(self, names: set[str]) -> Path:
        path = self._folder / "only.txt"
        path.write_text("".join(f"{name}\n" for name in sorted(names)))
        return path


def measure(way: Loop, draws: int, until: float) -> Iterator[tuple[str, Ended, Ended]]:
    """Both ways from an empty list, then from lists with one name gone and with five, in turn."""
    mine, needed = way.ours(set(), set())
    print(f"{way.commands} commands, {len(needed)} names; ours: {mine}", file=sys.stderr, flush=True)
    yield "all", way.loop(set(), needed), mine
    choose = random.Random("commands")
    for _ in range(draws):
        for label, count in (("five", 5), ("one", 1)):
            if time.perf_counter() >= until:
                return
            kept = needed - set(choose.sample(sorted(needed), count))
            mine, _ = way.ours(kept, needed)
            yield label, way.loop(kept, needed), mine


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path, nargs="?")
    parser.add_argument("-k", action="append", default=[], metavar="GLOB")
    parser.add_argument("--draws", type=int, default=3, help="how many random gaps of each size")
    parser.add_argument("--seconds", type=float, default=math.inf, help="then no draw is begun")
    parser.add_argument("--rounds", type=int, default=MOST_ROUNDS, help="of the loop, at most")
    parser.add_argument("--crashes", type=Path, metavar="FOLDER", help="of traces; nothing is run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run as JSON")
    options = parser.parse_args()
    if options.crashes is not None:
        print(told_held(held(options.crashes)))
        return
    if options.suite is None:
        parser.error("say which suite")
    chosen = [part for glob in options.k for part in ("-k", glob)]
    name = options.suite.resolve().parent.name
    found: Found = {}
    with tempfile.TemporaryDirectory(prefix="stackswitch-loop-") as folder:
        way = Loop(options.suite, chosen, Path(folder), options.rounds)
        for label, loop, mine in measure(way, options.draws, time.perf_counter() + options.seconds):
            runs = found.setdefault(label, ([], []))
            runs[0].append(loop)
            runs[1].append(mine)
            print(f"{label}: {loop} {mine}", file=sys.stderr, flush=True)
            if options.json:
                kept = {"runs": plain(found), "crashes": way.crashes, "commands": way.commands}
                options.json.write_text(json.dumps(kept, indent=2) + "\n")
        print(f"{HEAD}\n{told(name, found)}\n\n{told_held(way.crashes)}")


if __name__ == "__main__":
    main()
