"""Make one of the reports that the docs link to: ``python docs/reports/make.py lua``, ``sqlite`` or ``php``.

Runs the suite on both backends, with traces, asks engines what they do, measures both builds, times what
computes, and reports; what a wait costs is in docs/data/bench.json. With ``--work DIR`` results and engines
stay there, and a second time they are taken from there. PHP is fetched first (``examples/php/prepare.py``),
and takes a quarter of an hour.

``--restyle`` runs nothing: the pages that are here get the current style and script.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stackswitch.reports.page import page_script, page_style

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = "stackswitch/suite/cases/programs"
BENCH = "docs/data/bench.json"
PHP = "examples/php/node_modules/@php-wasm/node-8-3/{}/*/php_8_3.wasm"
ENGINES = ("node@20", "node@22", "node@24", "node@26", "deno", "bun", "chromium", "firefox")


@dataclass(frozen=True)
class Subject:
    """What a report is about: its title, the module, how the suite is run, what is timed, imports that wait.

    ``against``: the Asyncify build; none: by Binaryen's own list (``stackswitch instrument`` without one).
    ``prepare``: a script that fetches all of it.
    """

    title: str
    module: str
    suite: tuple[str, ...]
    timed: str
    imports: tuple[str, ...] = ()
    against: str = ""
    prepare: str = ""


SUBJECTS = {
    name: Subject(
        title,
        f"{PROGRAMS}/{name}.wasm",
        ("-k", f"programs/{name}-*"),
        f"benchmarks/speed/{name}",
        ("host.*",),
    )
    for name, title in (("lua", "Lua 5.4"), ("sqlite", "SQLite"))
}
SUBJECTS["php"] = Subject(
    "PHP 8.3",
    PHP.format("jspi"),
    ("examples/php/suite",),
    "examples/php/speed",
    against=PHP.format("asyncify"),
    prepare="examples/php/prepare.py",
)


def run(*args: str, check: bool = True) -> None:
    """Run ``stackswitch``; a suite in which something is not as expected is one to report."""
    done = subprocess.run([sys.executable, "-m", "stackswitch", *args], cwd=ROOT, check=False)
    if done.returncode > (0 if check else 1):
        sys.exit(done.returncode)


def make(subject: Subject, work: Path, into: Path, name: str) -> None:
    """Run what has not been run, and report."""
    if subject.prepare:
        subprocess.run([sys.executable, subject.prepare], cwd=ROOT, check=True)
    results, engines = (work / each for each in ("results.json", "engines.json"))
    if not results.exists():
        traces = ("--traces", str(work / "traces"))
        run("test", *subject.suite, "-q", "--json", str(results), *traces, check=False)
    if not engines.exists():
        run("detect", *(f"--engine={each}" for each in ENGINES), "--json", str(engines), check=False)
    module = found(subject.module)
    traces = [f"--traces={each}" for each in sorted(work.glob("traces*")) if each.is_dir()]
    imports = [f"--imports={each}" for each in subject.imports]
    build = found(subject.against) if subject.against else work / f"{name}.asyncify.wasm"
    if not build.exists():
        run("instrument", str(module), *imports, "-o", str(build))
    measures = (f"--against={build}", f"--time={subject.timed}", f"--bench={BENCH}", f"--detect={engines}")
    files = ("--html", str(into / f"{name}.html"), "--markdown", str(into / f"{name}.md"))
    title = ("--title", subject.title, "--browserslist", "defaults")
    given = (str(results), str(module.relative_to(ROOT)))
    run("report", *given, *title, *traces, *imports, *measures, *files)


def restyle(page: Path) -> None:
    """Put the current style and script into a page; its last script is the page's own."""
    head, _, rest = page.read_text("utf-8").partition("<style>\n")
    body = rest.partition("</style>")[2].rpartition("<script>\n")[0]
    page.write_text(
        f"{head}<style>\n{page_style()}\n</style>{body}<script>\n{page_script()}\n</script>\n</body>\n</html>",
        "utf-8",
    )


def found(pattern: str) -> Path:
    """Return the one file of this pattern."""
    file = next(iter(sorted(ROOT.glob(pattern))), None)
    if file is None:
        sys.exit(f"{pattern}: not there")
    return file


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=list(SUBJECTS))
    parser.add_argument("--restyle", action="store_true", help="Only renew style and script of all pages.")
    parser.add_argument(
        "--work", type=Path, help="Keep results and traces here, or take those that are here."
    )
    parser.add_argument("--into", type=Path, default=HERE)
    given = parser.parse_args()
    if given.restyle:
        for page in HERE.glob("*.html"):
            restyle(page)
        return
    if given.name is None:
        parser.error("name a report, or give --restyle")
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.work or Path(temporary)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        make(SUBJECTS[given.name], work, given.into.absolute(), given.name)


if __name__ == "__main__":
    main()
