"""Run generated programs under observation until they, or the time, are at an end.

The folder of an exploration holds what is known so far, so that another run goes on where this one ended:

- ``journal.jsonl``: a line a program: its digest, its id, how it ended
- ``crashes/``: the programs that broke the module or the runner, a file each
- ``parts/``: what the observer has left, until it has become the trace
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
"""Programs after which a runner is let go and another started: what the observer keeps is bounded."""
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
    :raises ConfigError: what is there is of no exploration
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        try:
            (folder / "crashes").mkdir(parents=True, exist_ok=True)
            (folder / "parts").mkdir(exist_ok=True)
            self.done = self._read_journal()
            self._journal = (folder / "journal.jsonl").open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{folder}: cannot hold an exploration: {error.strerror}") from None

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
        :raises ToolError: the runner does not start or does not answer as one
        """
        found = Explored()
        end = time.monotonic() + seconds
        observed = observed_environment(environment, self.folder / "parts")
        observed.setdefault("STACKSWITCH_TRACE_BYTES", str(_PART_BYTES))
        failures: list[BaseException] = []
        runners: list[Runner] = []

        def following() -> Program | None:
            with self._lock:
                if failures:
                    return None
                for each in programs:
                    if each.digest not in self.done:
                        self.done.add(each.digest)
                        return each
                    found.known += 1
                return None

        def work() -> None:
            runner = Runner(command, observed)
            runners.append(runner)
            try:
                while True:
                    left = end - time.monotonic()
                    if left <= 0:
                        found.out_of_time = True
                        break
                    program = following()
                    if program is None:
                        break
                    answer = runner.run(program, min(timeout_s, max(left, 1)))
                    if failures:
                        break
                    if not answer.alive and time.monotonic() >= end:
                        found.out_of_time = True  # ours, maybe not the program's
                        break
                    self._note(program, answer, found)
                    tell(found)
                    if runner.answered % _PROGRAMS_A_LIFE == 0:
                        runner.finish()
            except BaseException as error:  # noqa: BLE001  (raised again by who waits)
                with self._lock:
                    failures.append(error)
            finally:
                runner.finish()

        threads = [threading.Thread(target=work) for _ in range(jobs)]
        try:
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        except BaseException as error:  # noqa: BLE001  (Ctrl-C; raised again below)
            with self._lock:
                failures.append(error)
            for runner in runners:
                runner.interrupt()
            for each in threads:
                each.join()
        if failures:
            raise failures[0]
        return found

    def trace(self, found: Explored) -> bytes:
        """Put what was observed to what the folder's trace holds; return that, distilled, as a file's text.

        :raises ConfigError: the folder's trace is none
        """
        earlier_modules, earlier = self._read_trace()
        new = read_trace(self.folder / "parts")
        told = (each.message for each in new.errors)
        # A runner that was killed ends without a word: that is no news.
        found.problems = [each for each in dict.fromkeys(told) if "without a word" not in each]
        before = {(each.module, frame[0]) for each in earlier for frame in each.frames}
        kept = distil([*earlier, *new.suspensions])
        after = {(each.module, frame[0]) for each in kept for frame in each.frames}
        found.stacks, found.functions, found.new_functions = len(kept), len(after), len(after - before)
        shown = {each.module for each in kept} | {owner for each in kept for owner in each.frame_modules}
        modules = {each.module: each for each in (*earlier_modules, *new.modules) if each.module in shown}
        trace = Trace(
            starts=[TraceStart(process=0, engine="stackswitch", engine_version="explore")],
            modules=list(modules.values()),
            suspensions=kept,
        )
        return trace.to_jsonl()

    def close(self, *, keep_parts: bool) -> None:
        """Close the journal; the parts go when the trace is written."""
        self._journal.close()
        if not keep_parts:
            shutil.rmtree(self.folder / "parts", ignore_errors=True)

    def _note(self, program: Program, answer: Answer, found: Explored) -> None:
        with self._lock:
            found.ran += 1
            found.crashed += not answer.ok
            line = {"digest": program.digest, "id": program.id, "ok": answer.ok}
            self._journal.write(json.dumps(line) + "\n")
            if not answer.ok:
                self._journal.flush()
                path = self.folder / "crashes" / f"{program.digest[:16]}.json"
                kept = {"id": program.id, "detail": answer.detail, "program": program.program}
                path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _read_journal(self) -> set[str]:
        path = self.folder / "journal.jsonl"
        done: set[str] = set()
        if path.exists():
            for line in path.read_text("utf-8", "replace").splitlines():
                try:
                    done.add(json_value(line)["digest"])
                except (ValueError, KeyError, TypeError):
                    continue  # torn by a kill: that program is run again
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
