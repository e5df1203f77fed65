"""The options of ``stackswitch report``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .options import Imports, ReadBy, Variable, argument, option, reads, writes

FailOn = Literal["not-ready", "unknown", "changes", "worse", "unexpected"]


@dataclass(frozen=True)
class ReportOptions:
    """Say whether a module can move from Asyncify to JSPI, what is in the way, and what to do, in order."""

    files: list[Path] | None = argument(
        "What `stackswitch test --json` wrote, in any number (of shards, engines, days; a folder "
        "stands for the *.json in it), and the module as it is before Asyncify, or several. Either alone "
        "will do.",
        metavar="[RESULTS…] [MODULE]",
    )
    trace: list[Path] | None = option(
        "A trace, or the folder of `test --traces`; repeatable.", "--trace", "--traces", metavar="FILE|DIR"
    )
    modules: list[Path] | None = reads("A module; repeatable: a verdict for each.", "--module")
    list_files: list[Path] | None = reads(
        "A file with lists in it: one for all modules, or one for each.", "--list"
    )
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    imports: Imports = None
    detect: Path | None = reads("What `stackswitch detect --json` wrote.")
    browserslist: str | None = option("Say how many of these users have JSPI.", metavar="QUERY")
    against: Path | None = option(
        "The Asyncify build of the module: measure both, in alternating runs (stackswitch "
        "instrument makes one).",
        metavar="BUILD.wasm",
    )
    timed: Path | None = option(
        "A folder of cases that compute and hardly wait: time each on both builds, in alternating "
        "runs on one engine.",
        "--time",
        metavar="SUITE",
    )
    rounds: int = option("How often each build is measured.", min=1, max=1000, default=11)
    bench: Path | None = reads("What `stackswitch bench --json` wrote: what a wait costs.")
    title: str | None = option("What the report is about. Default: the module's name.")
    html: str | None = writes("the page")
    markdown: str | None = writes("Markdown for a comment or a job summary")
    json: str | None = writes("everything as JSON")
    junit: str | None = writes("JUnit XML, a test per case and backend")
    annotate: bool = option(
        "Print the findings as annotations of GitHub Actions.", "--annotations", default=False
    )
    compare: Path | None = option(
        "An earlier --json (of report or test): say what changed since.", metavar="OLD.json"
    )
    fail_on: FailOn | None = option(
        "Exit with 1 if it is so. Each of the first three includes those before it."
    )
