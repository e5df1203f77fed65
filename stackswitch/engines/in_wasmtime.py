"""Runs probes in wasmtime, modules and scripts; a program of its own, for a proposal may end the process.

Arguments: settings of ``wasmtime.Config`` to switch on, joined by commas; then the probes' files. It tells
what ``node_shim/bin/detect.mjs`` does, in the same lines.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from importlib.metadata import version
from pathlib import Path

import wasmtime


def tell(**told: object) -> None:
    """Print one line, at once: the next thing done may be the last."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def run(path: Path, engine: wasmtime.Engine) -> dict[str, str]:
    """Run one module; its export ``run`` is to give 42."""
    text = path.read_text("utf-8")
    try:
        binary = (
            bytes.fromhex(re.sub(r";;.*", "", text))
            if path.suffix == ".hex"
            else bytes(wasmtime.wat2wasm(text))
        )
        module = wasmtime.Module(engine, binary)
    except wasmtime.WasmtimeError as error:
        said = [line for line in str(error).splitlines() if line.strip()]
        return {"shown": "no", "why": re.sub(r"^\s*\d+: ", "", said[-1]).strip()[:200] if said else ""}
    store = wasmtime.Store(engine)
    try:
        function = wasmtime.Instance(store, module, []).exports(store)["run"]
        got = function(store) if isinstance(function, wasmtime.Func) else None
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        return {"shown": "unsound", "why": str(error).splitlines()[0][:200]}
    return {"shown": "yes", "why": ""} if got == 42 else {"shown": "unsound", "why": f"it gave {got}"}


def main(settings: str, *paths: str) -> None:
    """Tell what each probe shows."""
    config = wasmtime.Config()
    for name in filter(None, settings.split(",")):
        if not hasattr(type(config), name):
            sys.stderr.write(f"bad option: {name}\n")
            sys.exit(9)
        setattr(config, name, True)
    engine = wasmtime.Engine(config)
    tell(version=version("wasmtime"))
    for path in map(Path, paths):
        tell(begin=path.stem)
        answer = runpy.run_path(str(path))["probe"](engine) if path.suffix == ".py" else run(path, engine)
        tell(end=path.stem, **{"why": "", "facts": {}, **answer})
    tell(done=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
