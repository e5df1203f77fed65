"""Probes engines: every probe without flags, and then with flags that may help."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from stackswitch.errors import BackendUnavailableError, StackswitchError
from stackswitch.models.engine import Answer, Attempt, DetectResult, EngineReport, ProbeInfo
from stackswitch.tools.files import read_cached, write_cached
from stackswitch.tools.processes import run_command
from stackswitch.tools.progress import Progress, silent

from .probe_output import ProbeOutput
from .probe_runner import PROBE_TIMEOUT_S, ProbesNotRunError, probe_command, run_probes
from .probes import Probe, all_probes, cache_file, file_stamp
from .spec import engine_name
from .targets import Target, found_targets, named_target

VERSION_TIMEOUT_S = 10.0
_VERSION_LIMIT = 200
DEEP_TIMEOUT_S = 60.0
UNKNOWN_VERSION = "unknown"
"""What ``detect/program.mjs`` prints in an engine's own shell, where JavaScript cannot read the version."""
_RANK = ("yes", "with-flags", "unsound", "crashed", "no")


def detect(
    specs: Sequence[str] = (),
    *,
    deep: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> DetectResult:
    """Probe engines. Blocks. Whatever an engine does is in its report, not an exception.

    :param specs: as ``targets.named_target`` reads them; none: all that are found here
    :param deep: also run the probes that take long: how many calls at once, how deep a stack
    :param fresh: probe again, even if the cache has a report
    :param jobs: engines at a time; None: as many as there are processors, at most 4
    :raises ConfigError: a file of the installation is missing
    """
    probes = [probe for probe in all_probes() if deep or not probe.deep]
    targets: Sequence[str | Target] = specs or found_targets()
    pool = ThreadPoolExecutor(jobs or min(4, os.cpu_count() or 1))
    try:
        reports = list(pool.map(lambda target: _report(target, probes, fresh, progress), targets))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # interrupted, it must not go on to the next engine
    infos = tuple(ProbeInfo(name=probe.name, asks=probe.asks) for probe in probes)
    return DetectResult(probes=infos, engines=tuple(reports))


def _report(target: str | Target, probes: Sequence[Probe], fresh: bool, progress: Progress) -> EngineReport:
    spec = target if isinstance(target, str) else target.spec
    name = engine_name(spec)
    try:
        if isinstance(target, str):
            target = named_target(target, progress)
        base = EngineReport(
            spec=spec, engine=target.runtime.name, source=target.source, path=str(target.path or "")
        )
        cache = _cache_file(target, probes)
        cached = None if fresh else read_cached(cache, EngineReport)
        if cached is not None:
            return cached.model_copy(update={"spec": spec, "source": target.source, "path": base.path})
        progress(f"probing {spec}")
        session = _ProbeSession(target, probes, progress)
        try:
            report = session.run_all(base)
        except ProbesNotRunError as error:
            return base.model_copy(update={"problem": str(error)})
        if not session.timed_out:
            write_cached(cache, report)
    except StackswitchError as error:
        return EngineReport(spec=spec, engine=name, problem=str(error).splitlines()[0])
    return report


def _cache_file(target: Target, probes: Sequence[Probe]) -> Path:
    """Return where the report is: by the engine's program and version, and by the probes that are run."""
    program = version("wasmtime")
    if target.path is not None:
        program = f"{target.path.resolve()}\0{file_stamp(target.path)}"
    names = [probe.name for probe in probes]
    return cache_file("detect", target.runtime.name, program, printed_version(target), *names)


def printed_version(target: Target) -> str:
    """Return what the program prints as its version: it changes when the target of a wrapper script does."""
    if target.path is None:
        return ""
    argv = [str(target.path), target.runtime.version_arg]
    running = run_command(argv, os.environ, None, b"", VERSION_TIMEOUT_S, most_stdout=_VERSION_LIMIT)
    try:
        printed = asyncio.run(running).stdout  # whether or not it ended: the probes find out why
    except OSError as error:
        raise BackendUnavailableError(f"{target.path}: it cannot be started: {error.strerror}") from None
    return printed[:_VERSION_LIMIT].decode("utf-8", "replace").strip()


def engine_version(reported: str, target: Target) -> str:
    """Return the version that an engine has reported; if that is unknown, the one that its program prints."""
    if reported != UNKNOWN_VERSION:
        return reported
    found = re.search(r"\d+(?:\.\d+)+", printed_version(target))
    return found[0] if found else reported


class _ProbeSession:
    """The probes of one engine."""

    def __init__(self, target: Target, probes: Sequence[Probe], progress: Progress) -> None:
        self._target = target
        self._progress = progress
        host: Literal["javascript", "python"] = "python" if target.runtime.how == "library" else "javascript"
        self._probes = [probe for probe in probes if probe.runs_in(host)]
        self._attempts: dict[str, list[Attempt]] = {probe.name: [] for probe in self._probes}
        self._flags: dict[str, str] = {}
        self.timed_out = False

    def run_all(self, base: EngineReport) -> EngineReport:
        """Run the probes without flags, the failed ones with flags, then those that need another probe.

        :raises ProbesNotRunError: the engine does not run our probes at all
        """
        first = [probe for probe in self._probes if not probe.needs]
        run = self._run(first, ())
        self._try_flags()
        self._run_with_flags(first)
        for probe in self._probes:
            if probe.needs and not self._attempts[probe.name]:
                self._run_needing(probe)
        answers = tuple(_best_answer(probe, self._attempts[probe.name]) for probe in self._probes)
        return base.model_copy(
            update={
                "version": engine_version(run.version, self._target),
                "notes": run.notes,
                "answers": answers,
                "flags": self._flags,
            }
        )

    def _run(
        self, probes: Sequence[Probe], flags: tuple[str, ...], timeout_s: float = PROBE_TIMEOUT_S
    ) -> ProbeOutput:
        """Run probes and those that need one of them in one start, since browsers start slowly."""
        argv = probe_command(self._target, flags, self._progress)
        names = [probe.name for probe in probes]
        needing = {each.name: each.needs for each in self._probes if each.needs in names and not each.deep}
        run = run_probes(argv, [*names, *needing], flags, probe_timeout_s=timeout_s)
        self.timed_out |= run.timed_out
        for name, attempt in run.attempts.items():
            if name not in needing or run.attempts[needing[name]].shown == "yes":
                self._attempts[name].append(attempt)
        return run

    def _sets(self, probe: Probe) -> tuple[tuple[str, ...], ...]:
        return probe.tries.get(self._target.runtime.language, ())

    def _try_flags(self) -> None:
        """Start the engine with each flag alone and no probe; not a browser, which accepts every flag."""
        if self._target.runtime.how != "script":
            return
        for flag in dict.fromkeys(
            flag for probe in self._probes for each in self._sets(probe) for flag in each
        ):
            try:
                self._run((), (flag,))
                self._flags[flag] = "taken"
            except ProbesNotRunError as error:
                self._flags[flag] = "refused" if str(error).startswith("it does not take") else str(error)

    def _run_with_flags(self, probes: Iterable[Probe]) -> None:
        waiting = [(probe, list(self._sets(probe))) for probe in probes]
        while waiting := [
            (probe, sets)
            for probe, sets in waiting
            if sets and all(each.shown != "yes" for each in self._attempts[probe.name])
        ]:
            flags = waiting[0][1][0]
            chosen = [probe for probe, sets in waiting if flags in sets]
            for _, sets in waiting:
                if flags in sets:
                    sets.remove(flags)
            refused = [flag for flag in flags if self._flags.get(flag, "taken") != "taken"]
            why = f"it does not take {' '.join(refused)}" if refused else ""
            if not why:
                try:
                    self._run(chosen, flags)
                    continue
                except ProbesNotRunError as error:
                    why = str(error)
            for probe in chosen:
                self._attempts[probe.name].append(Attempt(flags=flags, shown="no", why=why))

    def _run_needing(self, probe: Probe) -> None:
        """Run a probe with the flags of the probe that it needs, if that one works."""
        needed = self._attempts.get(probe.needs, ())
        working = next((each for each in needed if each.shown == "yes"), None)
        if working is None:
            self._attempts[probe.name].append(Attempt(flags=(), shown="no", why=f"it needs {probe.needs}"))
        else:
            self._run([probe], working.flags, DEEP_TIMEOUT_S)


def _best_answer(probe: Probe, attempts: Sequence[Attempt]) -> Answer:
    best = min(attempts, key=lambda attempt: _RANK.index(attempt.shown))
    shown = "with-flags" if best.shown == "yes" and best.flags else best.shown
    others = tuple(attempt for attempt in attempts if attempt is not best)
    return Answer(
        probe=probe.name, shown=shown, flags=best.flags, why=best.why, facts=best.facts, attempts=others
    )
