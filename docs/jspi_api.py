"""Run the steps of JSPI's specification on engines, natively and over the polyfill; make a table of them.

Usage: python docs/jspi_api.py: run all, write ``data/jspi-api.json``; ``generate.py`` makes the table of it.
python docs/jspi_api.py --check NAME…: run those, as ``polyfill node@20``, and compare with that file;
``NAME=ENGINE`` runs that engine instead, as ``node:/path``. Exits with 1 if one differs, or if a deviation
has no reason in ``node_shim/jspi-api/deviations.json``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stackswitch.engines.detect import engine_version
from stackswitch.engines.locate import find_engine
from stackswitch.engines.runtimes import ENGINES, RUNTIMES
from stackswitch.engines.spec import parse_engine
from stackswitch.engines.targets import named_target
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node

_STEPS = node_shim_dir() / "jspi-api"
_FILE = Path(__file__).parent / "data" / "jspi-api.json"
_ENGINES = {
    "native": (
        "node@26",
        "node@25",
        "node@24.19.0",
        "node@23",
        "deno",
        "bun",
        "jsc",
        "chromium",
        "firefox",
    ),
    "polyfill": (
        "node@18",
        "node@20",
        "node@22",
        "node@24.19.0",
        "node@26",
        "deno",
        "bun",
        "chromium",
        "firefox",
    ),
}
NAMES = [f"{api} {engine}" for api, engines in _ENGINES.items() for engine in engines]
_AS_SPECIFIED = "as specified"


def run(api: str, spec: str) -> dict[str, Any]:
    """Run the steps; return the engine's version and the outcome of each step, by group."""
    named = parse_engine(spec, RUNTIMES)
    if named.name in ENGINES:
        engine = find_engine(spec, purpose="jspi" if api == "native" else "asyncify")
        return json.loads(_output(engine.path, *engine.flags, _STEPS / "main.mjs", api))
    target = named_target(spec)
    assert target.path is not None
    if target.runtime.how == "browser":
        return _run_in_page(api, named.name, target.path)
    runtime = target.runtime
    found = json.loads(_output(target.path, *runtime.before, _STEPS / "main.mjs", *runtime.after, api))
    return {**found, "version": engine_version(found["version"], target)}


def _run_in_page(api: str, name: str, program: Path) -> dict[str, Any]:
    task = {
        "packages": str(npm_packages(node_shim_dir() / "browsers")),
        "browser": "firefox" if name == "firefox" else "chrome",
        "program": str(program),
        "flags": [],
        "ways": [f"steps-{api}"],
    }
    output = _output(wheel_node(), node_shim_dir() / "test" / "browser.mjs", json.dumps(task))
    steps, end = map(json.loads, output.splitlines())
    return {"version": end["version"], "groups": steps["groups"]}


def _output(*argv: str | Path) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout


def deviations(groups: list[dict[str, Any]]) -> dict[str, str]:
    """Return the outcome of each step that is not as specified."""
    steps = (step for group in groups for step in group["steps"])
    return {step["id"]: step["outcome"] for step in steps if step["outcome"] != _AS_SPECIFIED}


def reasons() -> list[dict[str, Any]]:
    """Return the reasons for deviations, each for some steps and some engines."""
    loaded: list[dict[str, Any]] = json.loads((_STEPS / "deviations.json").read_text("utf-8"))
    return loaded


def reason_for(name: str, step: str) -> int | None:
    """Return the number of the reason; None: there is none."""
    for number, each in enumerate(reasons(), 1):
        covered = any(f"{name}@".startswith((f"{on}@", f"{on} ")) for on in each["on"])
        if step in each["steps"] and covered:
            return number
    return None


def table() -> str:
    """Return the table of the file's results, with the reasons for deviations."""
    kept = json.loads(_FILE.read_text("utf-8"))
    groups, runs = kept["groups"], kept["runs"]
    total = sum(map(len, groups.values()))
    counts = (f"{total - len(run['deviations'])} of {total}" for run in runs.values())
    lines = [
        _row("step", (f"{name.split('@')[0]} {run['version']}" for name, run in runs.items())),
        "|---|" + "---|" * len(runs),
        _row("as specified", counts),
    ]
    for group, steps in groups.items():
        lines.append(_row(f"**{group}**", ("" for _ in runs)))
        for step, says in steps.items():
            lines.append(_row(says, (_cell(name, step, run) for name, run in runs.items())))
    lines += ["", "The numbers are those of the reasons:", ""]
    lines += [f"{number}. {each['reason']} ({each['whose']})" for number, each in enumerate(reasons(), 1)]
    return "\n".join(lines)


def _row(first: str, cells: Iterable[str]) -> str:
    return f"| {first} | " + " | ".join(cells) + " |"


def _cell(name: str, step: str, run: dict[str, Any]) -> str:
    return str(reason_for(name, step)) if step in run["deviations"] else ""


def main(names: list[str]) -> int:
    """Run and write, or compare; return the exit status."""
    kept = json.loads(_FILE.read_text("utf-8")) if names else {"groups": {}, "runs": {}}
    status = 0
    for each in names or NAMES:
        name, _, engine = each.partition("=")
        api, _, spec = name.partition(" ")
        found = run(api, engine or spec)
        missing = deviations(found["groups"])
        unexplained = [step for step in missing if reason_for(name, step) is None]
        if unexplained:
            print(f"{name}: no reason is given for {', '.join(unexplained)}")
            status = 1
        if not names:
            kept["groups"] = {
                group["group"]: {step["id"]: step["says"] for step in group["steps"]}
                for group in found["groups"]
            }
            kept["runs"][name] = {"version": found["version"], "deviations": missing}
        elif missing != kept["runs"][name]["deviations"]:
            print(f"{name}: {missing} instead of {kept['runs'][name]['deviations']}")
            status = 1
    if not names:
        _FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:] if sys.argv[1:2] == ["--check"] else []))
