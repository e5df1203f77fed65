"""``workers = true``: scripts as Workers of one process, and alone where that shows."""

from __future__ import annotations

from pathlib import Path

from .conftest import CASE, Test

LIST = ("outer", "middle", "leaf")
OPTIONS = ("--backend", "asyncify", "--build", "instrumented", "-j", "1")
PROCESS = """import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { run } from "./jspi.mjs";
await run(1);
writeFileSync(`${process.argv[2]}.seen`, `${process.pid} ${isMainThread} ${process.env.OF_CASE ?? ""}`);
"""


def given(suite: Path, names: tuple[str, ...] = LIST) -> tuple[str | Path, ...]:
    (suite / "suite.toml").write_text("[backend.asyncify]\nworkers = true\n")
    path = suite.parent / "names.txt"
    path.write_text("".join(f"{name}\n" for name in names))
    return (*OPTIONS, "--list", path)


def case(program: str, *args: str, more: str = "") -> str:
    words = ", ".join(f'"{each}"' for each in ("node", program, *args))
    return f'why = "Where it runs."\ncommand = [{words}]\n{more}'


def seen(suite: Path, name: str) -> list[str]:
    return (suite / f"{name}.seen").read_text().split(" ")


def test_cases_share_a_process_and_keep_apart(suite: Path, tested: Test) -> None:
    (suite / "tell.mjs").write_text(PROCESS)
    for name in ("a", "b"):
        (suite / f"{name}.toml").write_text(case("tell.mjs", name, more=f'env = {{ OF_CASE = "{name}" }}\n'))
    (suite / "once.toml").write_text(CASE)
    ran = tested(*given(suite))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert [each["suspensions"] for each in ran.results.values()] == [1, 1, 1]
    (a_pid, *a_rest), (b_pid, *b_rest) = seen(suite, "a"), seen(suite, "b")
    assert (a_pid, a_rest, b_rest) == (b_pid, ["false", "a"], ["false", "b"])


ODD = {
    "dies": "process.kill(process.pid, 'SIGKILL')",
    "moves": "process.chdir('/')",
    "hangs": "while (true) {}",
    "passes-by": "writeSync(1, 'past the Worker')",
    "exits": "process.exit(3)",
}


def test_what_no_worker_can_do_runs_alone(suite: Path, tested: Test) -> None:
    for name, ends in ODD.items():
        (suite / f"{name}.mjs").write_text(
            f"""import {{ writeSync }} from "node:fs";
import {{ isMainThread }} from "node:worker_threads";
import {{ run }} from "./jspi.mjs";
await run(1);
if (!isMainThread) {{ {ends}; }}
console.log("done");
"""
        )
        expected = 'timeout_s = 3\n[expect]\nstdout = "done\\n"\n'
        (suite / f"{name}.toml").write_text(case(f"{name}.mjs", more=expected))
    (suite / "once.toml").write_text(CASE)
    ran = tested(*given(suite))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert {name for name, _ in ran.results} == {*ODD, "once"}


def test_what_fails_fails_there_too(suite: Path, tested: Test) -> None:
    (suite / "wrong.mjs").write_text('import { run } from "./jspi.mjs";\nconsole.log(await run(1));\n')
    (suite / "wrong.toml").write_text(case("wrong.mjs", more='[expect]\nstdout = "never\\n"\n'))
    (suite / "hangs.mjs").write_text("while (true) {}\n")
    (suite / "hangs.toml").write_text(case("hangs.mjs", more="timeout_s = 2\n"))
    ran = tested(*given(suite))
    outcomes = {name: each["outcome"] for (name, _), each in ran.results.items()}
    assert (ran.status, outcomes) == (1, {"wrong": "wrong", "hangs": "hung"})


def test_a_list_that_falls_short_is_told_once(suite: Path, tested: Test) -> None:
    (suite / "once.toml").write_text(CASE)
    ran = tested(*given(suite, ("outer", "leaf")))
    result = ran.results["once", "asyncify"]
    assert (ran.status, result["outcome"]) == (1, "needs-list-fix")
    assert result["missing"] == {"ASYNCIFY_ONLY": ["middle"]}


def test_a_process_s_variables_and_flags_need_one(suite: Path, tested: Test) -> None:
    (suite / "tell.mjs").write_text(PROCESS)
    (suite / "a.toml").write_text(case("tell.mjs", "a", more='env = { TZ = "UTC" }\n'))
    (suite / "b.toml").write_text(case("--no-warnings", "tell.mjs", "b"))
    ran = tested(*given(suite))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert [seen(suite, name)[1] for name in ("a", "b")] == ["true", "true"]
