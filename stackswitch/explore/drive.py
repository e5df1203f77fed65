"""Run generated programs under observation until there are no more, or the time is over.

The folder of an exploration has all that is known so far, so that another run continues where this one ended:

- ``journal.jsonl``: a line a program: its digest, its id, how it ended
- ``crashes/``: the programs that broke the module or the runner, a file each
- ``parts/``: what the observer has written, until the trace is made from it
- ``trace.jsonl``: the stacks that show something new
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.analysis.trace_lines import read_trace_file
from stackswitch.errors import OutputError
from stackswitch.models.trace import TraceModule, TraceStart, TraceSuspension
from stackswitch.observe.run import observed_environment
from stackswitch.observe.trace import Trace, merge_trace_parts
from stackswitch.tools.parsing import json_value

from .programs import Program
from .runner import ProgramResult, Runner

_PROGRAMS_A_LIFE = 3000
"""Programs after which a runner ends and another starts, so that the observer's memory is bounded."""
_PART_BYTES = 256 << 20


@dataclass
class ExplorationResult:
    """How far an exploration came. Counts are of this run; ``known`` were done by earlier ones."""

    ran: int = 0
    crashed: int = 0
    known: int = 0
    out_of_time: bool = False
    stacks: int = 0
    functions: int = 0
    new_functions: int = 0
    problems: list[str] = field(default_factory=list)


class Exploration:
    """The state of an exploration, in a folder.

    :param folder: made, if it is not there
    :raises OutputError: it cannot be made or written
    :raises ConfigError: the folder has something else
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            (folder / "crashes").mkdir(parents=True, exist_ok=True)
            (folder / "parts").mkdir(exist_ok=True)
            self.done = self._read_journal()
            self._journal = (folder / "journal.jsonl").open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{folder}: cannot be used for an exploration: {error.strerror}") from None

    def run(
        self,
        programs: Iterator[Program],
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        seconds: float,
        timeout_s: float,
        jobs: int = 1,
        on_progress: Callable[[ExplorationResult], None] = lambda _: None,
    ) -> ExplorationResult:
        """Run programs that have not been run, until there are none or the time is over.

        :param command: the runner
        :param seconds: for all of it
        :param timeout_s: for one program
        :param jobs: runners at once
        :param on_progress: called after each program
        :raises ToolError: the runner does not start or does not answer as one
        """
        observed = observed_environment(environment, self.folder / "parts")
        observed.setdefault("STACKSWITCH_TRACE_BYTES", str(_PART_BYTES))
        run = _Run(self, programs, time.monotonic() + seconds, timeout_s, on_progress)
        runners = [Runner(command, observed) for _ in range(jobs)]
        with ThreadPoolExecutor(jobs) as threads:
            working = [threads.submit(run.work, runner) for runner in runners]
            try:
                for each in as_completed(working):
                    each.result()
            except BaseException:  # also Ctrl-C
                run.ended.set()
                for runner in runners:
                    runner.interrupt()
                raise
        return run.found

    def trace(self, found: ExplorationResult) -> bytes:
        """Return the folder's trace and what was observed since, each stack once, as a file's text.

        :raises ConfigError: the folder's trace is malformed
        """
        earlier_modules, earlier = self._read_trace()
        new = merge_trace_parts(self.folder / "parts")
        messages = dict.fromkeys(each.message for each in new.errors)
        # A runner that was killed ends without a word, as expected.
        found.problems = [each for each in messages if "without a word" not in each]
        before = {(each.module, frame[0]) for each in earlier for frame in each.frames}
        stacks = distinct_stacks([*earlier, *new.suspensions])
        after = {(each.module, frame[0]) for each in stacks for frame in each.frames}
        found.stacks, found.functions, found.new_functions = len(stacks), len(after), len(after - before)
        shown = {each.module for each in stacks} | {owner for each in stacks for owner in each.frame_modules}
        modules = {each.module: each for each in (*earlier_modules, *new.modules) if each.module in shown}
        trace = Trace(
            starts=[TraceStart(process=0, engine="stackswitch", engine_version="explore")],
            modules=list(modules.values()),
            suspensions=stacks,
        )
        return trace.to_jsonl()

    def close(self, *, keep_parts: bool) -> None:
        """Close the journal; the parts go when the trace is written."""
        self._journal.close()
        if not keep_parts:
            shutil.rmtree(self.folder / "parts", ignore_errors=True)

    def record(self, program: Program, result: ProgramResult) -> None:
        """Write how a program ended to the journal, and a crash to a file of its own."""
        line = {"digest": program.digest, "id": program.id, "ok": result.ok}
        self._journal.write(json.dumps(line) + "\n")
        if not result.ok:
            self._journal.flush()
            path = self.folder / "crashes" / f"{program.digest[:16]}.json"
            crash = {"id": program.id, "detail": result.detail, "program": program.program}
            path.write_text(json.dumps(crash, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _read_journal(self) -> set[str]:
        path = self.folder / "journal.jsonl"
        done: set[str] = set()
        for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else ():
            with suppress(ValueError, KeyError, TypeError):  # cut off by a kill: that program is run again
                done.add(json_value(line)["digest"])
        return done

    def _read_trace(self) -> tuple[list[TraceModule], list[TraceSuspension]]:
        path = self.folder / "trace.jsonl"
        lines = (
            [line for _, line in read_trace_file(path.read_bytes(), str(path)).lines] if path.exists() else []
        )
        modules = [each for each in lines if isinstance(each, TraceModule)]
        return modules, [each for each in lines if isinstance(each, TraceSuspension)]


def distinct_stacks(suspensions: Iterable[TraceSuspension]) -> list[TraceSuspension]:
    """Return the stacks that show a function, a call, an import or an export for the first time.

    The evidence for lists (``lists.evidence``) is the same before and after: it consists of these.
    """
    known: set[tuple[object, ...]] = set()
    stacks = []
    for each in suspensions:
        shown = set(_shown(each))
        if not shown <= known:
            known |= shown
            stacks.append(each)
    return stacks


def _shown(one: TraceSuspension) -> Iterable[tuple[object, ...]]:
    owners = one.frame_modules or (one.module,) * len(one.frames)
    yield ("export", one.module, one.export)
    callee: tuple[object, ...] = (one.module, one.import_)
    for owner, (index, offset, _) in zip(owners, one.frames, strict=False):
        caller = (owner, index)
        yield (caller, offset, callee)
        callee = caller
    if one.truncated:
        yield ("truncated", one.module)


@dataclass
class _Run:
    """What the threads of one run share; ``end``: when the time is over, by ``time.monotonic``."""

    exploration: Exploration
    programs: Iterator[Program]
    end: float
    timeout_s: float
    on_progress: Callable[[ExplorationResult], None]
    found: ExplorationResult = field(default_factory=ExplorationResult)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def work(self, runner: Runner) -> None:
        """Run programs until there are none, the time is over, or the run has been ended."""
        try:
            while (left := self.end - time.monotonic()) > 0:
                program = self._next_program()
                if program is None:
                    return
                result = runner.run(program, min(self.timeout_s, max(left, 1)))
                if self.ended.is_set():
                    return
                if not result.alive and time.monotonic() >= self.end:
                    break  # we killed it: maybe it is not the program's fault
                with self.lock:
                    self.found.ran += 1
                    self.found.crashed += not result.ok
                    self.exploration.record(program, result)
                self.on_progress(self.found)
                if runner.answered % _PROGRAMS_A_LIFE == 0:
                    runner.finish()
            self.found.out_of_time = True
        finally:
            runner.finish()

    def _next_program(self) -> Program | None:
        """Return the next program that has not been run; None: there is none, or the run has been ended."""
        with self.lock:
            for each in () if self.ended.is_set() else self.programs:
                if each.digest not in self.exploration.done:
                    self.exploration.done.add(each.digest)
                    return each
                self.found.known += 1
            return None
