"""The plugin for pytest, as the tests of another project have it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

MODULE = '''
WAT = b"""(module (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0)))))"""
'''
TEST = (
    MODULE
    + """
import asyncio
import stackswitch

async def wait(caller, number):
    await asyncio.sleep(0)
    return number * 2

async def called(backend):
    async with await stackswitch.open(WAT, backend=backend, imports={"env.wait": wait}) as guest:
        assert guest.backend == backend
        return await guest.call("main", 20)

def test_it(stackswitch_backend):
    assert asyncio.run(called(stackswitch_backend)) == 41
"""
)
WAT = """(module (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32) (i32.add (i32.const 1) (call $wait))))"""
CASE = """why = "One wait."
source = "case.wat"
export = "main"
host = [{ import = "env.wait", returns = "i32:41", delay_ms = 1 }]
[expect]
values = ["i32:%d"]
"""


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    plugins = ("-p", "stackswitch.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugins, *args, timeout=180)


def test_a_test_runs_on_each_backend_and_on_those_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_guest=TEST)
    result = run(pytester, "-v", "-n", "2")
    result.assert_outcomes(passed=3)
    result = run(pytester, "-v", "--stackswitch-backend", "fiber")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_it?fiber? PASSED*"])
    assert run(pytester, "--stackswitch-backend", "magic").ret == pytest.ExitCode.USAGE_ERROR


def test_a_backend_that_is_not_there_is_skipped_or_fails_where_required(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_guest=TEST)
    monkeypatch.setenv("STACKSWITCH_NODE", str(pytester.path / "none"))
    monkeypatch.delenv("STACKSWITCH_REQUIRE", raising=False)
    result = run(pytester, "-rs", "--stackswitch-backend", "jspi")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*SKIPPED*jspi: $STACKSWITCH_NODE*there is no such file*"])
    monkeypatch.setenv("STACKSWITCH_REQUIRE", "jspi,asyncify")
    result = run(pytester, "--stackswitch-backend", "jspi")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["jspi is required: *"])


def test_cases_are_tests(pytester: pytest.Pytester) -> None:
    suite = pytester.mkdir("cases")
    (suite / "case.wat").write_text(WAT)
    (suite / "good.toml").write_text(CASE % 42)
    (suite / "bad.toml").write_text(CASE % 43)
    args = ("--stackswitch-suite", "cases", "--stackswitch-backend", "fiber", "cases")
    result = run(pytester, "-v", *args)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*good?fiber? PASSED*", "One wait.", "wrong: expected i32:43, got i32:42"])
    result = run(pytester, "-n", "2", *args)
    result.assert_outcomes(passed=1, failed=1)
    (suite / "bad.toml").write_text("why = 1")
    result = run(pytester, *args)
    result.stdout.fnmatch_lines(["*bad.toml*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
