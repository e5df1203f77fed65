"""What engines do: every probe, without flags and then with those that may help; each engine on its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from stackswitch.errors import StackswitchError
from stackswitch.models.engine import Answer, Attempt, DetectResult, EngineReport, ProbeInfo
from stackswitch.tools import watchdog
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node
from stackswitch.tools.progress import Progress, silent

from .answers import keep_report, kept_report
from .asking import PROBE_TIMEOUT_S, Argv, Refused, Said, ask
from .probes import Probe, all_probes
from .targets import NoTargetError, Target, found_targets, named_target

VERSION_TIMEOUT_S = 10.0
_VERSION_LIMIT = 200
DEEP_TIMEOUT_S = 60.0
_RANK = ("yes", "with-flags", "unsound", "crashed", "no")


def detect(
    specs: Sequence[str] = (),
    *,
    deep: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
    on_report: Callable[[EngineReport], None] | None = None,
) -> DetectResult:
    """Ask engines what they do. Blocks; what an engine does never raises, it is in its report.

    :param specs: as ``targets.named_target`` takes them; none: all that are found here
    :param deep: ask also what is costly: how many calls at once, how deep a stack
    :param fresh: ask anew, even where the answers are kept
    :param jobs: engines at a time; None: as many as there are processors, at most 4
    :param on_report: takes each report as it is ready
    :raises ConfigError: our own files are not whole
    """
    probes = [probe for probe in all_probes() if deep or not probe.deep]
    targets: Sequence[str | Target] = specs or found_targets()

    def one(target: str | Target) -> EngineReport:
        report = _report(target, probes, fresh, progress)
        if on_report is not None:
            on_report(report)
        return report

    pool = ThreadPoolExecutor(jobs or min(4, os.cpu_count() or 1))
    try:
        reports = list(pool.map(one, targets))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # interrupted, it must not go on to the next engine
    infos = tuple(ProbeInfo(name=probe.name, asks=probe.asks) for probe in probes)
    return DetectResult(probes=infos, engines=tuple(reports))


def _report(target: str | Target, probes: Sequence[Probe], fresh: bool, progress: Progress) -> EngineReport:
    spec = target if isinstance(target, str) else target.spec
    name = re.split("[@:]", spec, maxsplit=1)[0]
    try:
        if isinstance(target, str):
            target = named_target(target, progress)
        base = EngineReport(
            spec=spec, engine=target.runtime.name, source=target.source, path=str(target.path or "")
        )
        printed = printed_version(target)
        kept = None if fresh else kept_report(target, printed, probes)
        if kept is not None:
            return kept.model_copy(update={"spec": spec, "source": target.source, "path": base.path})
        progress(f"asking {spec}")
        session = _Session(target, probes, progress)
        try:
            report = session.ask_all(base)
        except Refused as refused:
            return base.model_copy(update={"problem": str(refused)})
        if not session.hung:
            keep_report(target, printed, probes, report)
    except NoTargetError as error:
        return EngineReport(spec=spec, engine=name, problem=str(error))
    except StackswitchError as error:
        return EngineReport(spec=spec, engine=name, problem=str(error).splitlines()[0])
    return report


def printed_version(target: Target) -> str:
    """What the program prints as its version: a wrapper stays the same when what it starts is updated."""
    if target.path is None:
        return ""
    argv = [str(target.path), target.runtime.version_arg]
    try:
        watchdog.ready()
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise NoTargetError(f"{target.path}: it cannot be started: {error.strerror}") from None

    def end() -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    watchdog.watch(process.pid)
    # One that hangs, or never stops talking, will be heard again, or not at all, when it is asked.
    late = threading.Timer(VERSION_TIMEOUT_S, end)
    late.start()
    with process:
        printed = process.stdout.read(_VERSION_LIMIT) if process.stdout else b""
        if len(printed) == _VERSION_LIMIT:
            end()
        process.wait()
    late.cancel()
    watchdog.unwatch(process.pid)
    return printed.decode("utf-8", "replace").strip()


class _Session:
    """The questions to one engine."""

    def __init__(self, target: Target, probes: Sequence[Probe], progress: Progress) -> None:
        self._target = target
        self._progress = progress
        host: Literal["javascript", "python"] = "python" if target.runtime.how == "library" else "javascript"
        self._probes = [probe for probe in probes if probe.runs_in(host)]
        self._attempts: dict[str, list[Attempt]] = {probe.name: [] for probe in self._probes}
        self._flags: dict[str, str] = {}
        self.hung = False

    def ask_all(self, base: EngineReport) -> EngineReport:
        """Ask all without flags; then what failed, with what may help; then what needs another, with its
        flags.

        :raises Refused: it does not run our probes at all
        """
        first = [probe for probe in self._probes if not probe.needs]
        said = self._ask(first, ())
        self._try_flags()
        self._ask_with_flags(first)
        for probe in self._probes:
            if probe.needs and not self._attempts[probe.name]:
                self._ask_deep(probe)
        answers = tuple(_answer(probe, self._attempts[probe.name]) for probe in self._probes)
        return base.model_copy(
            update={"version": said.version, "notes": said.notes, "answers": answers, "flags": self._flags}
        )

    def _ask(
        self, probes: Sequence[Probe], flags: tuple[str, ...], timeout_s: float = PROBE_TIMEOUT_S
    ) -> Said:
        """Ask probes, and those that need one of them: a start less, for browsers start slowly."""
        argv = command(self._target, flags, self._progress)
        names = [probe.name for probe in probes]
        needing = {each.name: each.needs for each in self._probes if each.needs in names and not each.deep}
        said = ask(argv, [*names, *needing], flags, probe_timeout_s=timeout_s)
        self.hung |= said.hung
        for name, attempt in said.attempts.items():
            if name not in needing or said.attempts[needing[name]].shown == "yes":
                self._attempts[name].append(attempt)
        return said

    def _sets(self, probe: Probe) -> tuple[tuple[str, ...], ...]:
        return probe.tries.get(self._target.runtime.language, ())

    def _try_flags(self) -> None:
        """Start it with each flag alone, asking nothing. Browsers take any: nothing to find out."""
        if self._target.runtime.how != "script":
            return
        for flag in dict.fromkeys(
            flag for probe in self._probes for each in self._sets(probe) for flag in each
        ):
            try:
                self._ask((), (flag,))
                self._flags[flag] = "taken"
            except Refused as refused:
                self._flags[flag] = "refused" if str(refused).startswith("it does not take") else str(refused)

    def _ask_with_flags(self, probes: Iterable[Probe]) -> None:
        waiting = [(probe, list(self._sets(probe))) for probe in probes]
        while waiting := [(p, sets) for p, sets in waiting if sets and not _works(self._attempts[p.name])]:
            flags = waiting[0][1][0]
            asked = [probe for probe, sets in waiting if flags in sets]
            for _, sets in waiting:
                if flags in sets:
                    sets.remove(flags)
            refused = [flag for flag in flags if self._flags.get(flag, "taken") != "taken"]
            why = f"it does not take {' '.join(refused)}" if refused else ""
            if not why:
                try:
                    self._ask(asked, flags)
                    continue
                except Refused as error:
                    why = str(error)
            for probe in asked:
                self._attempts[probe.name].append(Attempt(flags=flags, shown="no", why=why))

    def _ask_deep(self, probe: Probe) -> None:
        """Ask what was not asked along with what it needs: it is costly, or what it needs does not work."""
        needed = self._attempts.get(probe.needs, ())
        winner = next((each for each in needed if each.shown == "yes"), None)
        if winner is None:
            self._attempts[probe.name].append(Attempt(flags=(), shown="no", why=f"it needs {probe.needs}"))
        else:
            self._ask([probe], winner.flags, DEEP_TIMEOUT_S)


def _works(attempts: Sequence[Attempt]) -> bool:
    return any(attempt.shown == "yes" for attempt in attempts)


def _answer(probe: Probe, attempts: Sequence[Attempt]) -> Answer:
    best = min(attempts, key=lambda attempt: _RANK.index(attempt.shown))
    shown = "with-flags" if best.shown == "yes" and best.flags else best.shown
    others = tuple(attempt for attempt in attempts if attempt is not best)
    return Answer(
        probe=probe.name, shown=shown, flags=best.flags, why=best.why, facts=best.facts, attempts=others
    )


def command(target: Target, flags: tuple[str, ...], progress: Progress = silent) -> Argv:
    """Return what makes the command that asks an engine, started with these flags."""
    runtime, shim = target.runtime, node_shim_dir()
    if runtime.how == "library":
        paths = {probe.name: str(probe.path) for probe in all_probes() if probe.runs_in("python")}
        script = str(Path(__file__).with_name("in_wasmtime.py"))
        return lambda names: [sys.executable, script, ",".join(flags), *(paths[name] for name in names)]
    if runtime.how == "browser":
        task = {
            "packages": str(npm_packages(shim / "browsers", progress=progress)),
            "browser": "firefox" if runtime.language == "firefox" else "chrome",
            "program": str(target.path),
            "flags": flags,
        }
        driver = [str(wheel_node()), str(shim / "bin" / "detect-browser.mjs")]
        return lambda names: [*driver, json.dumps({**task, "probes": names})]
    given = [runtime.joined.join(flags)] if runtime.joined and flags else list(flags)
    before = [*runtime.before, *(runtime.flag_form.format(flag) for flag in given)]
    return lambda names: [str(target.path), *before, str(shim / "bin" / "detect.mjs"), *names]
