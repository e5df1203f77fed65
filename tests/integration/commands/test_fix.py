"""``stackswitch fix`` over commands: from JSPI's stacks to a list that was proved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import CASE, Test


def fixed(suite: Path, names: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = suite.parent / "fix.json"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", "fix", suite, "--list", names, "--json", report, *options],
        cwd=suite.parent,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done, json.loads(report.read_text()) if report.exists() else {}


def test_a_list_is_computed_verified_written_and_checked(suite: Path) -> None:
    (suite / "once.toml").write_text(CASE)
    names = suite.parent / "Dockerfile"
    names.write_text("FROM x\nENV ASYNCIFY_ONLY=\"['leaf']\"\nRUN make\n")
    before, _ = fixed(suite, names, "--check")
    assert before.returncode == 1
    done, report = fixed(suite, names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (report["verdict"], report["rounds"], report["observed"]) == ("verified", 1, {"jspi": 1})
    assert report["edits"][0]["added"] == ["middle", "outer"]
    assert report["edits"][0]["needed_by"]["middle"] == ["once"]
    assert [each["build"] for each in report["results"]] == ["instrumented"]
    assert "leaf" in names.read_text()
    assert "outer" in names.read_text()
    assert names.read_text().startswith("FROM x\n")
    after, _ = fixed(suite, names, "--check")
    assert after.returncode == 0, after.stdout


def test_from_traces_of_a_run_before(suite: Path, tested: Test) -> None:
    for name in ("a", "b"):
        (suite / f"{name}.toml").write_text(CASE)
    traces = suite.parent / "traces"
    assert tested("--backend", "jspi", "--traces", traces).status == 0
    (suite / "c.toml").write_text(CASE)
    options = ("--trace", str(traces), "--module", str(suite / "guest.wasm"))
    done, report = fixed(suite, suite.parent / "names.txt", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (report["verdict"], report["observed"]) == ("verified", {"traces": 2})
    assert [each["case_id"] for each in report["results"]] == ["a", "b"]
    for path in traces.iterdir():
        path.rename(path.with_name(f"other-{path.name}"))
    foreign, _ = fixed(suite, suite.parent / "names.txt", *options)
    assert "no trace is of a case of" in foreign.stderr


def test_few_cases_prove_what_all_show(suite: Path) -> None:
    for name in ("a", "b", "c"):
        (suite / f"{name}.toml").write_text(CASE)
    _, report = fixed(suite, suite.parent / "names.txt", "--prove", "cover")
    assert report["verdict"] == "verified"
    assert len(report["results"]) == 1
    assert "verified by 1 of 3 cases" in report["notes"][0]


def test_what_only_the_proof_shows_is_proved_in_a_second_round(suite: Path) -> None:
    (suite / "once.toml").write_text(CASE)
    (suite / "late.mjs").write_text(
        """import { appendFileSync } from "node:fs";
appendFileSync("runs", "late\\n");
if (process.env.STACKSWITCH_BACKEND === "asyncify") await (await import("./jspi.mjs")).other(1);
await import("./main.mjs");
"""
    )
    (suite / "late.toml").write_text(CASE.replace('"main.mjs"', '"late.mjs"'))
    done, report = fixed(suite, suite.parent / "names.txt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (report["verdict"], report["rounds"]) == ("verified", 2)
    assert report["edits"][0]["needed_by"]["other"] == ["late"]
    assert [each["case_id"] for each in report["results"]] == ["late", "once"]
    assert (suite / "runs").read_text().split() == ["late"] * 3


def test_a_case_that_jspi_fails_proves_nothing(suite: Path) -> None:
    (suite / "once.toml").write_text(CASE)
    (suite / "wrong.toml").write_text(CASE.replace("= 15", "= 16"))
    done, report = fixed(suite, suite.parent / "names.txt")
    assert report["verdict"] == "verified", done.stdout
    assert [each["case_id"] for each in report["results"]] == ["once"]
    assert "not used to verify: 1 case not as expected on jspi: wrong: wrong" in report["notes"][0]


def test_a_case_that_fails_only_on_the_build_is_told(suite: Path) -> None:
    (suite / "once.toml").write_text(CASE)
    (suite / "other.mjs").write_text(
        'await import("./main.mjs");\n'
        'if (process.env.STACKSWITCH_BACKEND === "asyncify") process.exitCode = 3;\n'
    )
    (suite / "other.toml").write_text(CASE.replace('"main.mjs"', '"other.mjs"'))
    done, report = fixed(suite, suite.parent / "names.txt")
    assert done.returncode == 1
    assert report["verdict"] == "fails-otherwise"
    assert "other: trapped: exit status 3" in report["reason"]


def test_minimising_takes_out_what_nothing_rests_on(suite: Path) -> None:
    (suite / "once.toml").write_text(CASE)
    names = suite.parent / "names.txt"
    names.write_text("leaf\nmiddle\nouter\nstep\n")
    done, report = fixed(suite, names, "--minimize")
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["edits"][0]["removed"] == ["step"]
    assert names.read_text().split() == ["leaf", "middle", "outer"]


def test_what_cannot_be_fixed(suite: Path) -> None:
    silent = 'why = "w"\ncommand = ["node", "-p", "1"]\n'
    (suite / "silent.toml").write_text(silent)
    names = suite.parent / "names.txt"
    nothing, _ = fixed(suite, names)
    assert "nothing was observed to wait" in nothing.stderr
    assert not names.exists()
    (suite / "export.toml").write_text(
        'why = "w"\nsource = "guest.wat"\nexport = "steps"\n'
        'host = [{ import = "env.wait", returns = "i32:1", delay_ms = 1 }]\n'
    )
    mixed, _ = fixed(suite, names)
    assert "fix one kind at a time" in mixed.stderr
    for done in (nothing, mixed):
        assert done.returncode > 2
        assert "Traceback" not in done.stderr
