"""Run generated programs under observation until there are no more, or the time is over.

The folder of an exploration has all that is known so far, so that another run continues where this one ended:

- ``journal.jsonl``: a line a program: its digest, its id, how it ended
- ``crashes/``: the programs that broke the module or the runner, a file each
- ``parts/``: what the observer has written, until the trace is made from it
- ``trace.jsonl``: the stacks, distilled
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.errors import ConfigError, OutputError
from stackswitch.models.trace import TRACE_LINE, TraceModule, TraceStart, TraceSuspension
from stackswitch.observe.run import observed_environment
from stackswitch.observe.trace import Trace, read_trace
from stackswitch.tools.parsing import json_value

from .distil import distil
from .programs import Program
from .runner import Answer, Runner

_PROGRAMS_A_LIFE = 3000
"""Programs after which a runner ends and another starts, so that the observer's memory is bounded."""
_PART_BYTES = 256 << 20


@dataclass
class Explored:
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
        tell: Callable[[Explored], None] = lambda _: None,
    ) -> Explored:
        """Run programs that have not been run, until there are none or the time is over.

        :param command: the runner
        :param seconds: for all of it
        :param timeout_s: for one program
        :param jobs: runners at once
        :param tell: called after each program
        :raises ToolError: the runner does not start or does not answer as one
        """
        observed = observed_environment(environment, self.folder / "parts")
        observed.setdefault("STACKSWITCH_TRACE_BYTES", str(_PART_BYTES))
        run = _Run(self, programs, time.monotonic() + seconds, timeout_s, tell)
        runners = [Runner(command, observed) for _ in range(jobs)]
        threads = [threading.Thread(target=run.work, args=(runner,)) for runner in runners]
        try:
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        except BaseException as error:  # noqa: BLE001  (Ctrl-C; raised again below)
            run.fail(error)
            for runner in runners:
                runner.interrupt()
            for each in threads:
                each.join()
        if run.failures:
            raise run.failures[0]
        return run.found

    def trace(self, found: Explored) -> bytes:
        """Return the folder's trace and what was observed since, distilled, as a file's text.

        :raises ConfigError: the folder's trace is malformed
        """
        earlier_modules, earlier = self._read_trace()
        new = read_trace(self.folder / "parts")
        messages = dict.fromkeys(each.message for each in new.errors)
        # A runner that was killed ends without a word, as expected.
        found.problems = [each for each in messages if "without a word" not in each]
        before = {(each.module, frame[0]) for each in earlier for frame in each.frames}
        stacks = distil([*earlier, *new.suspensions])
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

    def note(self, program: Program, answer: Answer) -> None:
        """Write how a program ended to the journal, and a crash to a file of its own."""
        line = {"digest": program.digest, "id": program.id, "ok": answer.ok}
        self._journal.write(json.dumps(line) + "\n")
        if not answer.ok:
            self._journal.flush()
            path = self.folder / "crashes" / f"{program.digest[:16]}.json"
            crash = {"id": program.id, "detail": answer.detail, "program": program.program}
            path.write_text(json.dumps(crash, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _read_journal(self) -> set[str]:
        path = self.folder / "journal.jsonl"
        done: set[str] = set()
        if path.exists():
            for line in path.read_text("utf-8", "replace").splitlines():
                try:
                    done.add(json_value(line)["digest"])
                except (ValueError, KeyError, TypeError):
                    continue  # cut off by a kill: that program is run again
        return done

    def _read_trace(self) -> tuple[list[TraceModule], list[TraceSuspension]]:
        path = self.folder / "trace.jsonl"
        if not path.exists():
            return [], []
        try:
            lines = [
                TRACE_LINE.validate_json(each) for each in path.read_bytes().splitlines() if each.strip()
            ]
        except ValueError as error:
            raise ConfigError(f"{path}: is no trace: {str(error).splitlines()[0]}") from None
        modules = [each for each in lines if isinstance(each, TraceModule)]
        return modules, [each for each in lines if isinstance(each, TraceSuspension)]


class _Run:
    """What the threads of one run share.

    :param end: when the time is over, by ``time.monotonic``
    """

    def __init__(
        self,
        exploration: Exploration,
        programs: Iterator[Program],
        end: float,
        timeout_s: float,
        tell: Callable[[Explored], None],
    ) -> None:
        self._exploration = exploration
        self._programs = programs
        self._end = end
        self._timeout_s = timeout_s
        self._tell = tell
        self._lock = threading.Lock()
        self.found = Explored()
        self.failures: list[BaseException] = []

    def fail(self, error: BaseException) -> None:
        """End the run because of an error."""
        with self._lock:
            self.failures.append(error)

    def work(self, runner: Runner) -> None:
        """Run programs until there are none, the time is over, or a thread has failed."""
        try:
            while (left := self._end - time.monotonic()) > 0:
                program = self._following()
                if program is None:
                    return
                answer = runner.run(program, min(self._timeout_s, max(left, 1)))
                if self.failures:
                    return
                if not answer.alive and time.monotonic() >= self._end:
                    break  # we killed it: maybe it is not the program's fault
                self._note(program, answer)
                self._tell(self.found)
                if runner.answered % _PROGRAMS_A_LIFE == 0:
                    runner.finish()
            self.found.out_of_time = True
        except BaseException as error:  # noqa: BLE001  (raised again by the thread that waits)
            self.fail(error)
        finally:
            runner.finish()

    def _following(self) -> Program | None:
        """Return the next program that has not been run; None: there is none, or a thread has failed."""
        with self._lock:
            if self.failures:
                return None
            for each in self._programs:
                if each.digest not in self._exploration.done:
                    self._exploration.done.add(each.digest)
                    return each
                self.found.known += 1
            return None

    def _note(self, program: Program, answer: Answer) -> None:
        with self._lock:
            self.found.ran += 1
            self.found.crashed += not answer.ok
            self._exploration.note(program, answer)
