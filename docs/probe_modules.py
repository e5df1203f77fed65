"""The modules of the probes as JavaScript, for pages and workers that read no files."""

from __future__ import annotations

from stackswitch.engines.in_wasmtime import module_bytes
from stackswitch.engines.probes import MODULE_SUFFIXES
from stackswitch.tools.paths import node_shim_dir


def modules_source() -> str:
    """Return the text of ``node_shim/detect/modules.mjs``: modules as digits, and the scripts' names."""
    folder = node_shim_dir() / "probes"
    paths = [*folder.iterdir(), *(folder / "modules").iterdir()]
    modules = {path.stem: module_bytes(path).hex() for path in paths if path.suffix in MODULE_SUFFIXES}
    scripts = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.mjs"))
    lines = [
        "// Written by `python docs/generate.py` from ../probes: do not edit.",
        "",
        "export const MODULES = {",
    ]
    lines += [f'  "{name}": "{digits}",' for name, digits in sorted(modules.items())]
    lines += ["};", "", "export const SCRIPTS = ["]
    lines += [f'  "{name}",' for name in scripts]
    return "\n".join([*lines, "];", ""])
