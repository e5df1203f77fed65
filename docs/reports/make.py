"""Make one of the reports that the docs link to: ``python docs/reports/make.py lua``, ``sqlite`` or ``php``.

Runs the suite on both backends, with traces, and reports. With ``--work DIR`` results and traces stay there,
and a second time they are taken from there. PHP takes some minutes; ``python examples/php/prepare.py`` goes
first.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = "stackswitch/suite/cases/programs"
PHP = "examples/php/node_modules/@php-wasm/node-8-3/jspi/*/php_8_3.wasm"


@dataclass(frozen=True)
class Subject:
    """What a report is about: its title, the module, how the suite is run, imports that wait."""

    title: str
    module: str
    suite: tuple[str, ...]
    imports: tuple[str, ...] = ()
    measured: bool = True
    """Against an Asyncify build by Binaryen's own list (``stackswitch instrument`` without one)."""


SUBJECTS = {
    "lua": Subject("Lua 5.4", f"{PROGRAMS}/lua.wasm", ("-k", "programs/lua-*"), ("host.*",)),
    "sqlite": Subject("SQLite", f"{PROGRAMS}/sqlite.wasm", ("-k", "programs/sqlite-*"), ("host.*",)),
    "php": Subject("PHP 8.3", PHP, ("examples/php/suite",), measured=False),
}


def run(*args: str, check: bool = True) -> None:
    """Run ``stackswitch``; a suite in which something is not as expected is one to report."""
    done = subprocess.run([sys.executable, "-m", "stackswitch", *args], cwd=ROOT, check=False)
    if done.returncode > (0 if check else 1):
        sys.exit(done.returncode)


def make(subject: Subject, work: Path, into: Path, name: str) -> None:
    """Run what has not been run, and report."""
    if not list(work.glob("*.json")):
        traces = ("--traces", str(work / "traces"))
        run("test", *subject.suite, "-q", "--json", str(work / "results.json"), *traces, check=False)
    module = next(iter(sorted(ROOT.glob(subject.module))), None)
    if module is None:
        sys.exit(f"{subject.module}: not there; see examples/{name}")
    traces = [f"--traces={each}" for each in sorted(work.glob("traces*")) if each.is_dir()]
    imports = [f"--imports={each}" for each in subject.imports]
    against = []
    if subject.measured:
        build = work / f"{name}.asyncify.wasm"
        if not build.exists():
            run("instrument", str(module), *imports, "-o", str(build))
        against = [f"--against={build}"]
    results = map(str, sorted(work.glob("*.json")))
    files = ("--html", str(into / f"{name}.html"), "--markdown", str(into / f"{name}.md"))
    title = ("--title", subject.title, "--browserslist", "defaults")
    run("report", *results, str(module.relative_to(ROOT)), *title, *traces, *imports, *against, *files)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=list(SUBJECTS))
    parser.add_argument(
        "--work", type=Path, help="Keep results and traces here, or take those that are here."
    )
    parser.add_argument("--into", type=Path, default=HERE)
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.work or Path(temporary)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        make(SUBJECTS[given.name], work, given.into.absolute(), given.name)


if __name__ == "__main__":
    main()
