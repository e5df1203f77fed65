"""What re-entrant builds cost: a wait and a call, native and transformed, and the transform itself.

    python benchmarks/reentrant.py --output docs/data/reentrant.json && python docs/generate.py

CPU time of Node in nanoseconds, medians of rounds that alternate: native, transformed, and with the adapters
that switched C stacks before, from this repository's history (left out where a clone has none). Then CPU
seconds, memory and size of the transform of PHP 8.3 and of wa-sqlite, from npm. Run it with nothing else
running.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from wasmtime import wat2wasm

from stackswitch.engines.locate import Engine, find_engine
from stackswitch.tools.downloads import npm_packages
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant

HERE = Path(__file__).parent
ROOT = HERE.parent
LAST_WITH_ADAPTERS = "5dcc6e3^"
BUILDS = ("native", "transformed", "adapters")
MODULES = {
    "PHP 8.3": ("php", "@php-wasm/node-8-3/jspi/*/php_8_3.wasm", "../php_8_3.js", ("--main-module",)),
    "wa-sqlite": ("wa-sqlite", "@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.wasm", "wa-sqlite-jspi.mjs", ()),
}
"""Example, module, its glue from there, options."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", default="node@26")
    parser.add_argument("--output", type=Path, help="JSON, for docs/generate.py")
    options = parser.parse_args()
    engine = find_engine(options.engine)
    found = {
        "schema_version": 1,
        "engine": f"node {engine.version}",
        "rounds": options.rounds,
        "costs_ns": measure_calls(engine, options.rounds),
        "transforms": {name: measure_transform(*where) for name, where in MODULES.items()},
    }
    print(json.dumps(found, indent=2))
    if options.output is not None:
        options.output.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def measure_calls(engine: Engine, rounds: int) -> dict[str, dict[str, float]]:
    """Return what waits and calls cost on each build, in nanoseconds."""
    wasm = bytes(wat2wasm((HERE / "reentrant.wat").read_text("utf-8")))
    request = ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("waits", "call"))
    with tempfile.TemporaryDirectory() as folder:
        native, transformed = Path(folder) / "native.wasm", Path(folder) / "transformed.wasm"
        native.write_bytes(wasm)
        transformed.write_bytes(make_reentrant(request).wasm)
        argv = [engine.path, *engine.flags, HERE / "reentrant.mjs", native, transformed, str(rounds)]
        done = subprocess.run([*argv, *_adapters(Path(folder))], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    costs: dict[str, dict[str, float]] = json.loads(done.stdout)["found"]
    return {
        what: {build: round(builds[build], 1) for build in BUILDS if build in builds}
        for what, builds in costs.items()
    }


def _adapters(folder: Path) -> list[Path]:
    """Unpack the shim of the commit before the re-entrant transform took over."""
    argv = ["git", "archive", LAST_WITH_ADAPTERS, "node_shim"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        print(f"no adapters: {done.stderr.decode().strip()}", file=sys.stderr)
        return []
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return [folder / "node_shim" / "jspi" / "switching.mjs"]


def measure_transform(example: str, module: str, glue: str, options: tuple[str, ...]) -> dict[str, Any]:
    """Return what the transform of a module takes: the whole command."""
    (path,) = (npm_packages(ROOT / "examples" / example) / "node_modules").glob(module)
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "build.wasm"
        argv = [
            sys.executable,
            "-m",
            "stackswitch",
            "reentrant",
            path,
            "--glue",
            path.parent / glue,
            *options,
        ]
        process = subprocess.Popen([*map(str, argv), "-o", str(build)], stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{path}: exit status {process.returncode}")
        return {
            "size_bytes": path.stat().st_size,
            "grown_bytes": build.stat().st_size - path.stat().st_size,
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "most_memory_mb": usage.ru_maxrss // 1024,
        }


if __name__ == "__main__":
    main()
