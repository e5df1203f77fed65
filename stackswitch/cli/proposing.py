"""Which files of the user's a proposed ``stackswitch reentrant`` reads: the module, its glue, its lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from stackswitch.analysis.proposals import ModuleFiles, propose
from stackswitch.analysis.trace_lines import TraceFile, read_trace_file
from stackswitch.analysis.traces import GivenModule, use_trace
from stackswitch.errors import WasmFormatError
from stackswitch.fix.sources import ListSource
from stackswitch.lists.elements import Spelling
from stackswitch.models.finding import TraceFinding
from stackswitch.models.readiness import Proposal
from stackswitch.observe.trace import Trace
from stackswitch.readiness.reentrant import WASM_EXCEPTIONS
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import Module, parse_module

from .console import Console

_GLUE_SUFFIXES = (".js", ".mjs", ".cjs")
_MOST_GLUE_BYTES = 8 << 20
_MOST_SCRIPTS = 100
_MOST_MODULES = 100
OF_INVOKE = "invoke-between"
"""The rule of ``observe/rules.toml``."""
_INVOKE_PLACE = re.compile(r"invoke_\w* \((?:file://)?(/.*?)(?::\d+){0,2}\)")
"""A frame of glue in a trace: its function, its file, line and column."""


def module_files(
    module: Path,
    source: ListSource | None = None,
    variable: str | None = None,
    spelling: Spelling = "emscripten",
) -> ModuleFiles:
    """Return the files of a module: its glue, and the file with its lists.

    :param variable, spelling: as the command was given them, which read the lists
    """
    options: list[str] = []
    if source is not None:
        options = ["--list", named_path(source.path)]
        if variable:  # only then is a file with a name a line a list of JSPI
            options += ["--variable", variable, "--spelling", spelling]
    return ModuleFiles(named_path(module), glue_of(module), ({} if source is None else source.lists, options))


def glue_of(module: Path) -> tuple[str, str] | None:
    """Return path and text of the JavaScript that loads a module: it names the module's file.

    The script of the same name comes first, then others beside the module, then those in the folder above.
    """
    for path in _scripts(module):
        try:
            if path.stat().st_size > _MOST_GLUE_BYTES:
                continue
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        if module.name in text:
            return named_path(path), text
    return None


def _scripts(module: Path) -> Iterator[Path]:
    same = [module.with_suffix(suffix) for suffix in _GLUE_SUFFIXES]
    yield from same
    for folder in (module.parent, module.parent.parent):
        try:
            found = sorted(each for each in folder.iterdir() if each.suffix in _GLUE_SUFFIXES)
        except OSError:
            continue
        yield from [each for each in found if each not in same][:_MOST_SCRIPTS]


def named_path(path: Path) -> str:
    """Return a path as a command in this folder names it: relative, if the file is below the folder."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def propose_for(
    module: Path,
    wasm: Module,
    traces: Sequence[TraceFile],
    paths: Sequence[Path],
    source: ListSource | None = None,
    variable: str | None = None,
    spelling: Spelling = "emscripten",
) -> Proposal | None:
    """Try the re-entrant transform on a module with what traces show of it; None: it is for another build.

    :param paths: the traces' files and folders
    :param variable, spelling: see ``module_files``
    """
    if is_asyncified(wasm):
        return None
    given = GivenModule(wasm, str(module))
    stacks = [each for file in traces for each in use_trace(file, [given]).modules[0].suspensions]
    files = module_files(module, source, variable, spelling)
    return propose(wasm, replace(files, stacks=(stacks, tuple(map(named_path, paths)))))


def proposals_for_trace(trace: Trace, output: Path) -> dict[str, Proposal]:
    """Return proposals, by hash, for the modules in which ``invoke_*`` kept the engine from suspending.

    A module's file is the one with its hash that is beside the glue, or below the glue's folder.

    :param output: where the trace is written
    """
    found: dict[str, Proposal] = {}
    for trap in trace.traps:
        glue = next((place[1] for each in trap.js_frames if (place := _INVOKE_PLACE.match(each))), None)
        if glue is None or trap.cause != "js-frames" or trap.module in found:
            continue
        module = _module_with(trap.module, Path(glue).parent)
        file = read_trace_file(trace.to_jsonl(), str(output))
        proposal = None if module is None else propose_for(*module, [file], [output])
        if proposal is not None:
            found[trap.module] = proposal
    return found


def with_command(finding: TraceFinding, proposal: Proposal | None) -> TraceFinding:
    """Return a finding with the command for its module, if it is a matter of ``invoke_*``."""
    if proposal is None or finding.rule != OF_INVOKE:
        return finding
    if proposal.invokes:
        fix = f"Without a rebuild: {proposal.command}"
    else:
        why = proposal.invokes_refused or proposal.refused
        fix = f"stackswitch reentrant --invokes refuses the module: {why}. Build with {WASM_EXCEPTIONS}."
    return finding.model_copy(update={"fix": fix})


def _module_with(sha256: str, folder: Path) -> tuple[Path, Module] | None:
    for pattern in ("*.wasm", "*/*.wasm"):
        for path in sorted(folder.glob(pattern))[:_MOST_MODULES]:
            try:
                module = parse_module(path.read_bytes())
            except (OSError, WasmFormatError):
                continue
            if module.sha256 == sha256:
                return path, module
    return None


def show_proposal(console: Console, proposal: Proposal, *, of_invokes: bool) -> None:
    """Show a command to be copied, or why there is none.

    :param of_invokes: what it is wanted for; else for calls that share a C stack
    """
    why = proposal.invokes_refused if of_invokes else proposal.refused
    if why:
        flag = " --invokes" if of_invokes else ""
        console.message(f"{proposal.module}: stackswitch reentrant{flag} refuses it: {why}", style="yellow")
        return
    invokes = "invoke_* becomes WebAssembly, " if proposal.invokes else ""
    console.message(f"{proposal.module}: {invokes}each call gets a C stack of its own, without a rebuild, by")
    console.print(f"  {proposal.command}", wrap=False)
