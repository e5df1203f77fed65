"""Overlap very many calls of JSPI builds on engines, native and transformed, and count those that are wrong.

    python benchmarks/stress.py --output docs/data/stress.json && python docs/generate.py

Needs emcc, Chromium and Firefox, and npm. It takes some minutes, and counts results, not time.

- **mixed**: 200 calls at once of ``tests/integration/reentrant/programs/overlap.c``: strings on the C stack,
  promising calls that a plain import begins, calls that do not wait, rejections. One instance a seed.
- **sqlite**: sessions of ``examples/wa-sqlite`` at once, each on a database of its own.
- **memory**: the mixed calls on one instance, 200 at once: by how much its memory grows in the second half.

Exits with 1 if a call of a transformed module is wrong, or memory grows.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.engines.locate import find_engine
from stackswitch.engines.targets import named_target
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.module import parse_module

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests" / "integration" / "reentrant" / "programs"
SQLITE = ROOT / "examples" / "wa-sqlite"
ENGINES = ("node@24", "node@26", "chromium", "firefox")
BROWSERS = {"chromium": "chrome", "firefox": "firefox"}
EXPORTS = ("work", "read_text", "nest", "reject", "trap", "big_frame")
CALLS = 200
SESSIONS = 12
TIMEOUT_S = 3600.0
BUILD = "-O1 -g2 -sALLOW_MEMORY_GROWTH -sEXPORTED_FUNCTIONS=_malloc,_main"


def main() -> int:
    """Run everything, write the results, say whether all is right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", nargs="*", default=ENGINES)
    parser.add_argument("--seeds", type=int, default=200, help="of mixed calls; 0: leave them out")
    parser.add_argument("--sqlite-seeds", type=int, default=100, help="0: leave it out")
    parser.add_argument("--calls", type=int, default=1_000_000, help="on one instance; 0: leave them out")
    parser.add_argument("--output", type=Path, help="JSON, for docs/generate.py")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="stackswitch-stress-") as folder:
        for row in _rows(options, Path(folder)):
            rows.append(row)
            print(json.dumps(row), flush=True)
    if options.output is not None:
        found = {"schema_version": 1, "at_once": CALLS, "sessions": SESSIONS, "rows": rows}
        options.output.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return (
        1
        if any(row["build"] == "transformed" and (row["wrong"] or row["grown_bytes"]) for row in rows)
        else 0
    )


def _rows(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    nodes = [engine for engine in options.engines if engine not in BROWSERS]
    if options.seeds or options.calls:
        builds = _mixed_builds(folder)
    if options.seeds:
        for engine in options.engines:
            for build, path in builds.items():
                yield {"what": "mixed", "build": build, **mixed(engine, path, options.seeds)}
    if options.sqlite_seeds:
        sqlite = _sqlite_builds(folder)
        for engine in nodes:
            for build, path in sqlite.items():
                yield {
                    "what": "sqlite",
                    "build": build,
                    **sessions(engine, folder, path, options.sqlite_seeds),
                }
    if options.calls:
        for engine in nodes:
            yield {
                "what": "memory",
                "build": "transformed",
                **memory(engine, builds["transformed"], options.calls),
            }


def _mixed_builds(folder: Path) -> dict[str, Path]:
    """Compile the program; return its builds."""
    source = PROGRAMS / "overlap.c"
    native = folder / "native.wasm"
    argv = [
        "emcc",
        source,
        "--js-library",
        source.with_suffix(".js"),
        *BUILD.split(),
        "-o",
        folder / "native.js",
    ]
    subprocess.run(argv, check=True)
    request = ReentrantRequest(wasm=native.read_bytes(), suspend=("env.pause_for",), promise=EXPORTS)
    transformed = folder / "transformed.wasm"
    transformed.write_bytes(make_reentrant(request).wasm)
    return {"native": native, "transformed": transformed}


def mixed(engine: str, module: Path, seeds: int) -> dict[str, Any]:
    """Run the mixed calls once for each seed."""
    version, found = _run(engine, "overlapSeeds", module, {"first": 1, "count": seeds, "calls": CALLS})
    wrong = found["wrong"]
    return {
        "engine": version,
        "seeds": seeds,
        "calls": found["begun"],
        "wrong": sum(each["wrong"] + each["inner"] + each["plain"] for each in wrong),
        "wrong_seeds": len(wrong),
        "grown_bytes": 0,
    }


def memory(engine: str, module: Path, calls: int) -> dict[str, Any]:
    """Run very many calls on one instance."""
    version, found = _run(engine, "overlap", module, {"seed": 1, "calls": calls, "open": CALLS})
    wrong = found["wrong"] + found["inner"] + found["plain"]
    return {
        "engine": version,
        "seeds": 1,
        "calls": found["begun"],
        "wrong": wrong,
        "wrong_seeds": int(wrong > 0),
        "grown_bytes": found["grown"],
    }


def _run(engine: str, function: str, module: Path, options: dict[str, int]) -> tuple[str, Any]:
    """Run a function of ``overlapping-calls.mjs``; return the engine and what was found."""
    argv: list[str | Path] = [PROGRAMS / "stress.mjs", function, module, json.dumps(options)]
    if engine in BROWSERS:
        program = named_target(engine).path
        assert program is not None
        shim = node_shim_dir()
        argv += [BROWSERS[engine], program, npm_packages(shim / "browsers"), shim / "detect" / "launch.mjs"]
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        numbers = re.search(r"\d+\.\d+", version)
        version = f"{engine} {numbers[0] if numbers else ''}"
        node = find_engine("node@26")
    else:
        node = find_engine(engine)
        version = f"node {node.version}"
    done = subprocess.run(
        [node.path, *node.flags, *argv], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{engine}: {done.stderr[-2000:]}")
    return version, json.loads(done.stdout.splitlines()[-1])


def _sqlite_builds(folder: Path) -> dict[str, Path]:
    """Return the module of the package, and the same made re-entrant; put the program beside the package."""
    packages = npm_packages(SQLITE) / "node_modules"
    (folder / "node_modules").symlink_to(packages)
    shutil.copyfile(SQLITE / "sessions.mjs", folder / "sessions.mjs")
    native = packages / "@journeyapps" / "wa-sqlite" / "dist" / "wa-sqlite-jspi.wasm"
    found = Boundaries(parse_module(native.read_bytes()))
    glue = native.with_suffix(".mjs")
    found.add_glue(glue.read_text("utf-8"), str(glue))
    request = ReentrantRequest(
        wasm=native.read_bytes(), suspend=tuple(sorted(found.suspend)), promise=tuple(sorted(found.promise))
    )
    transformed = folder / "sqlite.wasm"
    transformed.write_bytes(make_reentrant(request).wasm)
    return {"native": native, "transformed": transformed}


def sessions(engine: str, folder: Path, module: Path, seeds: int) -> dict[str, Any]:
    """Run sessions at once, for each seed."""
    node = find_engine(engine)
    argv = [node.path, *node.flags, folder / "sessions.mjs", module, "--sessions", SESSIONS, "--seeds", seeds]
    done = subprocess.run([*map(str, argv)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    match = re.search(r"(\d+) of (\d+) sessions ended otherwise than alone", done.stdout)
    if match is None:
        raise RuntimeError(f"{engine}: {done.stderr[-2000:]}")
    wrong = int(match[1])
    return {
        "engine": f"node {node.version}",
        "seeds": seeds,
        "calls": int(match[2]),
        "wrong": wrong,
        "wrong_seeds": None,
        "grown_bytes": 0,
    }


if __name__ == "__main__":
    sys.exit(main())
