"""The plugin for pytest, as the tests of another project have it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

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


def test_a_backend_that_is_not_there_fails_or_is_skipped_where_that_is_permitted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_guest=TEST)
    monkeypatch.setenv("STACKSWITCH_NODE", str(pytester.path / "none"))
    monkeypatch.delenv("STACKSWITCH_REQUIRE", raising=False)
    arguments = ("-rs", "--stackswitch-backend", "jspi")
    result = run(pytester, *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["jspi is not available: $STACKSWITCH_NODE*there is no such file"])
    result = run(pytester, *arguments, "--stackswitch-allow-skip", "jspi")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*SKIPPED*jspi: $STACKSWITCH_NODE*there is no such file*"])
    monkeypatch.setenv("STACKSWITCH_ALLOW_SKIP", "fiber, jspi")
    run(pytester, *arguments).assert_outcomes(skipped=1)
    monkeypatch.setenv("STACKSWITCH_REQUIRE", "jspi,asyncify")
    run(pytester, *arguments).assert_outcomes(errors=1)


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


def test_cases_whose_backend_is_not_there_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = pytester.mkdir("cases")
    (suite / "case.wat").write_text(WAT)
    (suite / "good.toml").write_text(CASE % 42)
    monkeypatch.setenv("STACKSWITCH_NODE", str(pytester.path / "none"))
    monkeypatch.delenv("STACKSWITCH_REQUIRE", raising=False)
    args = ("-rs", "--stackswitch-suite", "cases", "cases")
    result = run(pytester, *args)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*jspi is not available: $STACKSWITCH_NODE*there is no such file"])
    run(pytester, *args, "--stackswitch-allow-skip", "jspi").assert_outcomes(passed=2, skipped=1)


def test_commands_are_tests_where_they_can_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = pytester.mkdir("cases")
    command = 'why = "One line."\ncommand = ["node", "-e", "console.log(%s)"]\n[expect]\nstdout = "2\\n"\n'
    (suite / "good.toml").write_text(command % "1 + 1")
    (suite / "bad.toml").write_text(command % "process.env.TOLD")
    (suite / "told.toml").write_text(command % "process.env.GIVEN")
    services = """[services]
command = ["python3", "-c", "import sys; print('{\\"GIVEN\\": \\"2\\"}', flush=True); sys.stdin.read()"]
"""
    (suite / "suite.toml").write_text(services)
    args = ("-v", "--stackswitch-suite", "cases", "cases")
    result = run(pytester, *args)
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*good?asyncify? PASSED*", "*told?jspi? PASSED*"])
    result = run(pytester, *args, "--stackswitch-backend", "fiber")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*fiber is not available: *the backend 'fiber' runs none*"])
    monkeypatch.setenv("STACKSWITCH_DATA_ONLY", "1")
    result = run(pytester, *args)
    result.stdout.fnmatch_lines(["*the suite starts programs, and only data may run*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED
