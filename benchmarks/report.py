"""How long the report of a large suite takes, and how large it is: made-up results, shaped like real ones.

``python benchmarks/report.py``: 5,000 cases on 2 backends and 6 engines, with stacks, one of
them of 15,000 frames. ``--keep DIR`` leaves the files there.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENGINES = (
    ("node", "24.20.0"),
    ("node", "26.1.0"),
    ("deno", "2.9.6"),
    ("bun", "1.4.5"),
    ("chromium", "156.0"),
    ("firefox", "153.0"),
)
AREAS = (
    "net",
    "file",
    "stream",
    "session",
    "callback",
    "iterator",
    "exception",
    "generator",
    "mysql",
    "archive",
)
IMPORTS = ("env.poll_socket", "env.sleep", "env.read", "env.wait_process")


def outcomes(chance: random.Random, case: int) -> dict[str, tuple[str, str, dict[str, list[str]]]]:
    """How a case ends on each backend: outcome, detail, missing names."""
    good: tuple[str, str, dict[str, list[str]]] = ("returned", "", {})
    kind = chance.random()
    missing = sorted({f"handler_{chance.randrange(400)}" for _ in range(chance.randrange(1, 5))})
    if kind < 0.52:
        return {"asyncify": good, "jspi": good}
    if kind < 0.90:
        lacking = ("needs-list-fix", f"ASYNCIFY_ONLY lacks {', '.join(missing)}", {"ASYNCIFY_ONLY": missing})
        return {"asyncify": lacking, "jspi": good}
    if kind < 0.94:
        return {"asyncify": ("wrong", f"case {case}: printed nothing, expected 42", {}), "jspi": good}
    if kind < 0.97:
        return {"asyncify": ("trapped", f"unreachable in handler_{case % 400}", {}), "jspi": good}
    if kind < 0.985:
        place = f"callback_{case % 7} (glue.js:{case})"
        between = f"JavaScript lies between the promising export and the import that waits: {place}"
        return {"asyncify": good, "jspi": ("trapped", between, {})}
    return {"asyncify": ("hung", "no end in 10 s", {}), "jspi": ("hung", "no end in 10 s", {})}


def results(cases: int, engines: int, seed: int = 0) -> dict[str, Any]:
    """What ``test --json`` would have written."""
    chance = random.Random(seed)
    lines = []
    for case in range(cases):
        what = chance.choice(("loop", "sort", "destructor", "handler"))
        name = f"{AREAS[case % len(AREAS)]}/waits-in-{what}-{case:04}"
        of = outcomes(chance, case)
        for backend, (outcome, detail, missing) in of.items():
            for engine, version in ENGINES[:engines]:
                lines.append(
                    {
                        "case_id": name,
                        "backend": backend,
                        "engine": engine,
                        "engine_version": version,
                        "outcome": outcome,
                        "as_expected": outcome == "returned",
                        "detail": detail,
                        "missing": missing,
                        "suspensions": 1 + case % 5,
                        "duration_ms": round(chance.uniform(1, 90), 3),
                    }
                )
    return {"schema_version": 1, "results": lines}


def stacks(cases: list[str], seed: int = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A stack for each case, the first of them with 15,000 frames."""
    chance = random.Random(seed)
    for at, case in enumerate(cases):
        depth = 15_000 if at == 0 else chance.randrange(4, 24)
        names = ["main", f"execute_{at % 3}"]
        names += (
            ["recurse"] * depth
            if at == 0
            else [f"handler_{chance.randrange(at % 40 + 1)}" for _ in range(depth)]
        )
        frames = [[number + 10, -1, name] for number, name in enumerate(reversed(names))]
        yield (
            case,
            [
                {
                    "kind": "suspension",
                    "module": "ab" * 32,
                    "backend": "jspi",
                    "import": chance.choice(IMPORTS),
                    "export": "main",
                    "frames": frames,
                    "missing": [name for name in dict.fromkeys(names) if name.endswith("7")],
                }
            ],
        )


def write(folder: Path, cases: int, engines: int) -> None:
    """Write results and traces as a run leaves them."""
    made = results(cases, engines)
    (folder / "results.json").write_text(json.dumps(made), "utf-8")
    names = list(dict.fromkeys(each["case_id"] for each in made["results"]))
    for case, lines in stacks(names):
        path = folder / "traces" / f"{case}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--engines", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, given.cases, given.engines)
        for traced in (False, True):
            argv = [sys.executable, "-m", "stackswitch", "report", "results.json", "--html", "report.html"]
            argv += ["--json", "report.json", "--markdown", "report.md", "--junit", "report.xml"]
            argv += ["--traces", "traces"] if traced else []
            times = []
            for _ in range(given.runs):
                started = time.perf_counter()
                subprocess.run(argv, cwd=folder, check=True, capture_output=True)
                times.append(time.perf_counter() - started)
            sizes = {
                each: (folder / f"report.{each}").stat().st_size for each in ("html", "json", "md", "xml")
            }
            told = ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in sizes.items())
            what = f"{given.cases} cases x 2 x {given.engines}{', a stack each' if traced else ''}"
            print(f"{what}: {min(times):.2f} s (to {max(times):.2f}); {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
