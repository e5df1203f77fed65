"""``reentrant --prove``: calls that overlap, before and after; from options, suites and traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.engines.locate import find_engine
from stackswitch.engines.overlap import COUNT, OverlapRun, PlannedCall, overlap_calls, planned_call
from stackswitch.errors import ConfigError, ToolError
from stackswitch.suite.loader import load_suite
from stackswitch.tools import watchdog
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult
from stackswitch.wasm.module import Module

from .console import Console
from .inputs import read_traces
from .progress import Progress

_TRACE = ".jsonl"


def calls_to_prove(module: Module, path: Path, words: Sequence[str]) -> list[PlannedCall]:
    """Return the calls that ``--prove`` names: calls, a suite's folder, a trace.

    :param path: the module's
    :raises ConfigError: a word is none of them, or a suite or a trace calls nothing of the module
    """
    calls: list[PlannedCall] = []
    for word in words:
        if Path(word).is_dir():
            found = list(_of_suite(module, Path(word)))
        elif word.endswith(_TRACE):
            found = list(_of_trace(module, path, Path(word)))
        else:
            found = [planned_call(module, word)]
        if not found:
            raise ConfigError(f"{word}: it calls no export of {path} with numbers; name calls: 'go(1, 2)'")
        calls += [each for at, each in enumerate(found) if each not in (*calls, *found[:at])]
    return calls


def _of_suite(module: Module, folder: Path) -> Iterator[PlannedCall]:
    """Yield the calls of a suite's cases that the module has exports for."""
    for loaded in load_suite(folder).cases:
        for step in loaded.case.script:
            name = step.call or step.export
            if name is not None:
                values = ", ".join(each.partition(":")[2] for each in step.args)
                try:
                    yield planned_call(module, f"{name}({values})")
                except ConfigError:
                    continue  # of another module, or with references


def _of_trace(module: Module, path: Path, trace: Path) -> Iterator[PlannedCall]:
    """Yield a call of each export that waited, with zeros: traces have no arguments."""
    given = GivenModule(module, str(path))
    files = [file for _, file in read_traces([trace])]
    used = [use_trace(file, [given]) for file in files]
    require_use(used, files, [given])
    for name in sorted({wait.export for each in used for wait in each.suspensions}):
        export = module.export_named(name)
        if export is not None and export.kind == "func":
            values = ", ".join("0" for _ in module.function_type(export.index).params)
            try:
                yield planned_call(module, f"{name}({values})")
            except ConfigError:
                continue  # it takes references


def prove(
    request: ReentrantRequest, result: ReentrantResult, calls: Sequence[PlannedCall], console: Console
) -> dict[str, OverlapRun]:
    """Overlap calls of both builds, ``before`` and ``after``. All are wrong in one that does not end."""
    runs = {}
    with Progress(console) as progress, watchdog.scratch("stackswitch-reentrant-") as folder:
        engine = find_engine(progress=progress.say)
        for name, wasm in (("before", request.wasm), ("after", result.wasm)):
            progress.say(f"overlapping {COUNT} calls {name}")
            path = Path(folder) / f"{name}.wasm"
            path.write_bytes(wasm)
            try:
                runs[name] = overlap_calls(path, request.suspend, calls, engine=engine)
            except ToolError as error:
                message = str(error).splitlines()[0].replace(str(path), "the module")
                runs[name] = OverlapRun(calls=COUNT, wrong=COUNT, errors={message: COUNT})
    return runs


def proof_lines(before: OverlapRun, after: OverlapRun) -> Iterator[str]:
    """Yield what to print of a proof."""
    for when, run in (("before", before), ("after", after)):
        how = "".join(f"; {count}: {text}" for text, count in run.errors.items())
        yield f"{when}: {run.wrong} of {run.calls} overlapping calls end otherwise than alone{how}"
    if before.wrong == 0:
        why = (
            "no call has waited, so none overlapped: the imports return zeros, which may lead past the wait"
            if before.waits == 0
            else "what these calls return does not depend on what they have on the C stack while they wait"
        )
        yield f"this shows nothing: {why}; choose other exports or values"
