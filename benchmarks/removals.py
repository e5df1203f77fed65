"""Names taken from a list at random, and ``stackswitch fix`` over a suite of commands to bring them back.

    python benchmarks/removals.py SUITE LIST --trace TRACES --module MODULE [--gone 1 5 all] [--draws 3]

LIST: a name a line, drawn from these traces. For each draw: what ``fix`` said, its rounds, the seconds, how
many of the names that were taken stand in the list again. Exits with 1 if one draw is not verified, or a name
that the traces show stays away.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def fixed(asked: argparse.Namespace, names: list[str]) -> tuple[dict[str, object], set[str], float]:
    """Fix a list of these names; return the report, the names it then has, and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path, report = Path(folder) / "list.txt", Path(folder) / "fix.json"
        path.write_text("".join(f"{name}\n" for name in names))
        argv: list[str | Path] = [sys.executable, "-m", "stackswitch", "fix", asked.suite, "-j", "2"]
        argv += ["--policy", "observed", "--list", path, "--trace", asked.trace]
        argv += ["--module", asked.module, "--prove", "cover", "--json", report]
        started = time.perf_counter()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        took = time.perf_counter() - started
        if not report.exists():
            raise SystemExit(done.stderr)
        return json.loads(report.read_text()), set(path.read_text().split("\n")) - {""}, took


def main() -> int:
    """Draw, fix and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--gone", nargs="+", default=["1", "5", "all"])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    names = [each for each in asked.list.read_text().split("\n") if each]
    if any(gone != "all" and not (gone.isdecimal() and int(gone) <= len(names)) for gone in asked.gone):
        parser.error(f"--gone: numbers up to {len(names)}, the names of {asked.list}, or all")
    chance = random.Random(asked.seed)
    failed = 0
    for gone in asked.gone:
        for _ in range(1 if gone == "all" else asked.draws):
            taken = set(names if gone == "all" else chance.sample(names, int(gone)))
            report, after, took = fixed(asked, [each for each in names if each not in taken])
            back = len(taken & after)
            failed += report["verdict"] != "verified" or back != len(taken)
            told = f"{report['verdict']}, rounds {report['rounds']}, {took:.0f} s"
            print(f"{gone} gone: {told}, back {back} of {len(taken)}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
