"""The options of ``stackswitch fix``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stackswitch.fix.command_evidence import Proof
from stackswitch.fix.evidence import DEFAULT_ROUNDS
from stackswitch.lists.formats.table import names as format_names
from stackswitch.lists.policies import PolicyName

from .options import (
    AllowSkip,
    CaseGlobs,
    DataOnly,
    Jobs,
    JspiEngine,
    OwnSuite,
    ReadBy,
    Symbols,
    Timeout,
    TraceFiles,
    Variable,
    WasmOpt,
    option,
    reads,
    writes,
)


@dataclass(frozen=True)
class FixOptions:
    """Complete the lists from observed stacks, write them where they live, and verify them on Asyncify."""

    suite: OwnSuite = None
    list_files: list[Path] | None = reads(
        "The file in which the list lives, for all cases that have none of their own: "
        f"{format_names()}, or a name a line. A missing file is created, with a name a line. "
        "With several --module: one for all, or one for each, in their order.",
        "--list",
    )
    variable: Variable = None
    spelling: ReadBy = "binaryen"
    policy: PolicyName | None = option(
        "How an only-list is computed. Default: observed; ranked for a large module without a list."
    )
    observe: Literal["auto", "jspi", "asyncify"] = option(
        "The backend on which stacks are observed. auto: jspi, or asyncify if jspi may be skipped.",
        default="auto",
    )
    allow_skip: AllowSkip = None
    case_globs: CaseGlobs = None
    check: bool = option("Change nothing; exit with 1 if a list is incomplete.", default=False)
    minimize: bool = option(
        "Remove entries that no observed stack needs, and verify the list without them.", default=False
    )
    prove: Proof = option(
        "Of commands: all, or cover: few cases that show every function that any of them shows.",
        default="all",
    )
    diff: bool = option("Show the edit of each file.", default=False)
    rounds: int = option("How often lists may be computed.", min=1, max=20, default=DEFAULT_ROUNDS)
    engine: JspiEngine = None
    jobs: Jobs = None
    timeout: Timeout = None
    wasm_opt: WasmOpt = None
    build: str | None = option(
        "A shell command that rebuilds the modules that are Asyncify builds.", metavar="COMMAND"
    )
    trace: TraceFiles = None
    modules: list[Path] | None = reads(
        "The module that the traces are of; nothing is run. Repeatable: a list for each.", "--module"
    )
    built: Path | None = reads("With --trace and --build: the module that it makes.")
    symbols: Symbols = None
    data_only: DataOnly = False
    json: str | None = writes("the report as JSON")

    @property
    def only_traces(self) -> bool:
        """Whether traces are read and nothing is run."""
        return bool(self.trace) and self.suite is None
