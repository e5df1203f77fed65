"""Runs probes in wasmtime, modules and scripts; a program of its own, since a proposal may crash the process.

Arguments: settings of ``wasmtime.Config`` to switch on, joined by commas; then the probes' files. It prints
the same lines as ``node_shim/bin/detect.mjs``.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from importlib.metadata import version
from pathlib import Path

import wasmtime


def write(**record: object) -> None:
    """Print one line and flush it, because the next step may end the process."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def module_bytes(path: Path) -> bytes:
    """Assemble a ``.wat`` file, or read the digits of a ``.hex`` file."""
    text = path.read_text("utf-8")
    if path.suffix == ".hex":
        return bytes.fromhex(re.sub(r";;.*", "", text))
    return bytes(wasmtime.wat2wasm(text))


def run(path: Path, engine: wasmtime.Engine) -> dict[str, str]:
    """Run one module, whose export ``run`` must return 42."""
    try:
        module = wasmtime.Module(engine, module_bytes(path))
    except wasmtime.WasmtimeError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return {"shown": "no", "why": re.sub(r"^\s*\d+: ", "", lines[-1]).strip()[:200] if lines else ""}
    store = wasmtime.Store(engine)
    try:
        function = wasmtime.Instance(store, module, []).exports(store)["run"]
        got = function(store) if isinstance(function, wasmtime.Func) else None
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        return {"shown": "unsound", "why": str(error).splitlines()[0][:200]}
    return {"shown": "yes", "why": ""} if got == 42 else {"shown": "unsound", "why": f"it gave {got}"}


def main(settings: str, *paths: str) -> None:
    """Run the probes, and print the result of each."""
    config = wasmtime.Config()
    for name in filter(None, settings.split(",")):
        if not hasattr(type(config), name):
            sys.stderr.write(f"bad option: {name}\n")
            sys.exit(9)
        setattr(config, name, True)
    engine = wasmtime.Engine(config)
    write(version=version("wasmtime"))
    for path in map(Path, paths):
        write(begin=path.stem)
        answer = runpy.run_path(str(path))["probe"](engine) if path.suffix == ".py" else run(path, engine)
        write(end=path.stem, **{"why": "", "facts": {}, **answer})
    write(done=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
