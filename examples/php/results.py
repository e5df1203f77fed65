"""Keep what the suite came to on each build, small: ``python results.py RESULTS.json…``.

The files are written by ``stackswitch test --json``, on the JSPI build, on the Asyncify build as shipped, and
on the JSPI build's module asyncified by stackswitch. ``results.json`` beside this file holds, per case and
build, what did not return, and which names a build lacked. From it come the table in ``docs/php.md`` and, by
``generate.py``, what is expected of the shipped build.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results.json"
BUILDS = ("jspi", "shipped", "ours")
_BUILD_OF = {("jspi", None): "jspi", ("asyncify", "own"): "shipped", ("asyncify", "instrumented"): "ours"}


def merged(files: list[Path]) -> dict[str, object]:
    """Return the object to be kept.

    :raises ValueError: a result is of no build of the three
    """
    engines: dict[str, str] = {}
    seen: dict[str, dict[str, dict[str, object]]] = {}
    for file in files:
        for result in json.loads(file.read_bytes())["results"]:
            build = _BUILD_OF.get((result["backend"], result["build"]))
            if build is None:
                raise ValueError(
                    f"{file}: {result['backend']} {result['build']} is none of {', '.join(BUILDS)}"
                )
            engines[build] = f"{result['engine']} {result['engine_version']}"
            seen.setdefault(result["case_id"], {})[build] = result
    names = sorted(
        {name for results in seen.values() for result in results.values() for name in _lacks(result)}
    )
    places = {name: at for at, name in enumerate(names)}
    return {
        "schema_version": 1,
        "engines": engines,
        "names": names,
        "cases": {
            case: {build: kept for build in BUILDS if (kept := _kept(results.get(build), places))}
            for case, results in sorted(seen.items())
        },
    }


def _lacks(result: dict[str, object]) -> list[str]:
    missing = result["missing"]
    assert isinstance(missing, dict)
    return [str(name) for name in missing.get("ASYNCIFY_ONLY", [])]


def _kept(result: dict[str, object] | None, places: dict[str, int]) -> dict[str, object]:
    """What is not as it would be best: nothing if the case has returned and lacks nothing."""
    if result is None:
        return {"ended": "not run"}
    kept: dict[str, object] = {}
    if result["outcome"] != "returned":
        kept["ended"] = result["symptom"] or result["outcome"]
    if result["outcome"] == "trapped" or result["symptom"] == "trapped":
        kept["said"] = str(result["detail"]).rpartition("exit status ")[2][:160]
    if lacks := _lacks(result):
        kept["lacks"] = [places[name] for name in lacks]
    return kept


def main() -> int:
    """Merge files of results into one."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        found = merged([Path(name) for name in sys.argv[1:]])
    except (OSError, ValueError, KeyError) as error:
        print(f"these are not results of the suite: {error}", file=sys.stderr)
        return 1
    cases = found.pop("cases")
    assert isinstance(cases, dict)
    lines = [f"    {json.dumps(case)}: {json.dumps(kept)}" for case, kept in cases.items()]
    head = json.dumps(found, indent=2).removesuffix("\n}")
    RESULTS.write_text(head + ',\n  "cases": {\n' + ",\n".join(lines) + "\n  }\n}\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
