"""Command cases: what is read of them, and how what they did is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stackswitch.errors import SuiteError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.command import CommandCase
from stackswitch.models.result import CaseResult, CommandObservation, Unsupported
from stackswitch.models.trace import TraceTrap
from stackswitch.suite.command_expectations import judge_command
from stackswitch.suite.loader import load_suite

TOML = 'why = "w"\ncommand = ["node", "x.mjs"]\n'
JSPI = BackendInfo(name="jspi", engine="node", engine_version="26.10.0")
OWN = BackendInfo(name="asyncify", engine="node", engine_version="20.1.0", build="own")
MADE = OWN.model_copy(update={"build": "instrumented"})
TRAP = TraceTrap(process=1, error="RuntimeError", message="unreachable", explanation="why")


def case(**fields: Any) -> CommandCase:
    return CommandCase.model_validate({"id": "x", "why": "w", "command": ["node"], **fields})


def judged(seen: dict[str, Any], info: BackendInfo = JSPI, **fields: Any) -> CaseResult:
    whole = {"status": "finished", "exit_code": 0, **seen}
    return judge_command(case(**fields), info, CommandObservation.model_validate(whole))


# --- reading


def test_commands_and_exports_are_cases_of_one_suite(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.toml").write_text(TOML)
    (tmp_path / "suite.toml").write_text('[backend.asyncify]\nbuild = "instrumented"\nengine = "node@20"\n')
    suite = load_suite(tmp_path)
    assert suite.ids == ("a/x",)
    assert suite.commands[0].folder == tmp_path / "a"
    assert suite.commands[0].case.timeout_s == 60
    assert suite.file.settings("asyncify").engine == "node@20"
    assert suite.file.settings("jspi").engine is None
    assert suite.only([]).ids == ()


def test_expected_output_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(TOML + '[expect]\nstdout_file = "x.out"\n')
    missing = load_suite(tmp_path).commands[0]
    assert missing.problem is not None
    assert "x.out" in missing.problem
    (tmp_path / "x.out").write_bytes(b"a\xff\n")
    assert load_suite(tmp_path).commands[0].case.expect.stdout == "a\\xff\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOML + 'source = "a.wat"\n', "a command, or a source"),
        ('why = "w"\ncommand = []\n', "names a program"),
        ('why = "w"\ncommand = ["a\\u0000b"]\n', "NUL"),
        (TOML + "[expect]\nexit_code = 256\n", "exit_code"),
        (TOML + '[expect]\nstdout = "a"\nstdout_file = "b"\n', "not both"),
        (TOML + 'env = { "A=B" = "c" }\n', "not a name of an environment variable"),
        (TOML + 'env = { STACKSWITCH_BACKEND = "c" }\n', "are set by stackswitch"),
        (TOML + "timeout_s = 0\n", "timeout_s"),
        (TOML + '[[differs]]\nreason = "r"\nexpect = {}\n', "names a backend"),
        (TOML + '[[differs]]\nbuild = "own"\nstep = 1\nreason = "r"\nexpect = {}\n', "no steps"),
        (TOML + 'args = ["i32:1"]\n', "args"),
    ],
)
def test_what_is_no_command_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(SuiteError, match=said) as caught:
        load_suite(tmp_path)
    assert "x.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[services]\n", "services.command"),
        ('[backend.fiber]\nengine = "wasmtime"\n', "backend"),
        ('[backend.jspi]\nbuild = "own"\n', "a build is Asyncify's"),
        ("timeout = 1\n", "timeout"),
        ("= 1\n", "not valid TOML"),
    ],
)
def test_a_suite_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(TOML)
    (tmp_path / "suite.toml").write_text(text)
    with pytest.raises(SuiteError, match=said) as caught:
        load_suite(tmp_path)
    assert "suite.toml" in str(caught.value)


# --- judging


@pytest.mark.parametrize(
    ("seen", "expect", "outcome", "detail"),
    [
        ({}, {}, "returned", ""),
        ({"stdout": "a\n"}, {"stdout": "a\n", "suspensions": 0}, "returned", ""),
        ({"exit_code": 3}, {"exit_code": 3}, "returned", ""),
        (
            {"stdout": "a\nb\n"},
            {"stdout": "a\nc\n"},
            "wrong",
            "standard output, line 2: expected 'c', got 'b'",
        ),
        ({"stdout": "a\n"}, {"stdout": "a\nc\n"}, "wrong", "line 2: expected 'c', got ''"),
        ({"stdout": "a"}, {"stdout": "a\n"}, "wrong", "line 2: expected '', got the end"),
        ({}, {"stdout": "a"}, "wrong", "nothing on standard output, expected 'a'"),
        ({"suspension_count": 2}, {"suspensions": 1}, "wrong", "expected 1 suspensions, saw 2"),
        ({"exit_code": 0}, {"exit_code": 3}, "wrong", "exit status 0"),
        ({"exit_code": 1, "stderr": "oh\nno\n"}, {}, "trapped", "exit status 1: oh | no"),
        ({"exit_code": 1, "traps": (TRAP,)}, {}, "trapped", "exit status 1: RuntimeError: unreachable (why)"),
        ({"exit_code": 1, "stderr": "x\nRuntimeError: bad\n  at y\n"}, {}, "trapped", "RuntimeError: bad"),
        ({"exit_code": None, "signal": 11}, {}, "crashed", "ended by signal 11"),
        ({"status": "hung", "detail": "d"}, {}, "hung", "it did not end in time: d"),
        ({"status": "error", "detail": "d"}, {}, "error", "d"),
    ],
)
def test_how_a_command_ended(seen: dict[str, Any], expect: dict[str, Any], outcome: str, detail: str) -> None:
    result = judged(seen, expect=expect)
    assert result.outcome == outcome
    assert result.as_expected == (outcome == "returned")
    assert detail in result.detail
    assert result.symptom is None


def test_a_trap_that_the_program_survives_is_nothing() -> None:
    assert judged({"traps": (TRAP,), "stdout": "a"}, expect={"stdout": "a"}).as_expected


def test_a_trap_that_is_swallowed_is_not_silent() -> None:
    assert judged({"traps": (TRAP,), "stdout": "b"}, expect={"stdout": "a"}).outcome == "trapped"


def test_missing_names_make_a_bad_run_one_of_the_list() -> None:
    missing = {"ASYNCIFY_ONLY": ("g", "f")}
    bad = judged({"missing": missing, "stdout": "b"}, OWN, expect={"stdout": "a"})
    assert (bad.outcome, bad.symptom, bad.as_expected) == ("needs-list-fix", "wrong", False)
    assert bad.missing == {"ASYNCIFY_ONLY": ("f", "g")}
    assert "ASYNCIFY_ONLY lacks f, g; standard output, line 1" in bad.detail
    assert bad.build == "own"
    lucky = judged({"missing": missing, "stdout": "a"}, OWN, expect={"stdout": "a"})
    assert (lucky.outcome, lucky.symptom, lucky.as_expected) == ("returned", None, True)
    assert lucky.missing == {"ASYNCIFY_ONLY": ("f", "g")}
    assert "2 names on its stacks not instrumented" in lucky.detail


@pytest.mark.parametrize(
    ("differs", "info", "as_expected"),
    [
        ({"build": "own", "expect": {"symptom": "wrong"}}, OWN, True),
        ({"build": "own", "expect": {"symptom": "trapped"}}, OWN, False),
        ({"build": "own", "expect": {"missing": {"ASYNCIFY_ONLY": ["f"]}}}, OWN, True),
        ({"build": "own", "expect": {"missing": {"ASYNCIFY_ONLY": ["f", "g"]}}}, OWN, False),
        ({"build": "own", "expect": {"outcome": "needs-list-fix"}}, MADE, False),
        ({"backend": "asyncify", "engine": "node<22", "expect": {"outcome": "needs-list-fix"}}, OWN, True),
        ({"backend": "asyncify", "engine": "node>=22", "expect": {"outcome": "needs-list-fix"}}, OWN, False),
    ],
)
def test_differences(differs: dict[str, Any], info: BackendInfo, *, as_expected: bool) -> None:
    seen = {"missing": {"ASYNCIFY_ONLY": ("f",)}, "stdout": "b"}
    result = judged(seen, info, expect={"stdout": "a"}, differs=[{"reason": "r", **differs}])
    assert result.as_expected == as_expected


def test_a_difference_inherits_what_it_does_not_say_and_must_be_there() -> None:
    differs = [{"backend": "jspi", "reason": "because", "expect": {"outcome": "wrong"}}]
    bad = judged({"stdout": "b"}, expect={"stdout": "a"}, differs=differs)
    assert bad.as_expected
    assert "because" in bad.detail
    good = judged({"stdout": "a"}, expect={"stdout": "a"}, differs=differs)
    assert not good.as_expected
    assert "the difference has to go" in good.detail


def test_what_the_engine_lacks_is_expected_where_it_was_declared() -> None:
    lacking = Unsupported(feature="memory64", where="w")
    seen = {"status": "unsupported", "unsupported": lacking, "exit_code": None}
    assert judged(seen, needs=["memory64"]).as_expected
    assert not judged(seen).as_expected
