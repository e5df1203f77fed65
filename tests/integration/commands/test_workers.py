"""``workers``: scripts as Workers of one process, each its own or one for all, and alone where that shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import CASE, Test

LIST = ("outer", "middle", "leaf")
OPTIONS = ("--backend", "asyncify", "--build", "instrumented", "-j", "1")
PROCESS = """import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { run } from "./jspi.mjs";
await run(1);
writeFileSync(`${process.argv[2]}.seen`, `${process.pid} ${isMainThread} ${process.env.OF_CASE ?? ""}`);
"""

pytestmark = pytest.mark.slow
ANY = pytest.mark.parametrize("workers", ["true", '"kept"'])


def given(suite: Path, workers: str, names: tuple[str, ...] = LIST) -> tuple[str | Path, ...]:
    (suite / "suite.toml").write_text(f"[backend.asyncify]\nworkers = {workers}\n")
    path = suite.parent / "names.txt"
    path.write_text("".join(f"{name}\n" for name in names))
    return (*OPTIONS, "--list", path)


def case(program: str, *args: str, more: str = "") -> str:
    words = ", ".join(f'"{each}"' for each in ("node", program, *args))
    return f'why = "Where it runs."\ncommand = [{words}]\n{more}'


def seen(suite: Path, name: str) -> list[str]:
    return (suite / f"{name}.seen").read_text().split(" ")


@ANY
def test_cases_share_a_process_and_keep_apart(suite: Path, tested: Test, workers: str) -> None:
    (suite / "tell.mjs").write_text(PROCESS)
    for name in ("a", "b"):
        (suite / f"{name}.toml").write_text(case("tell.mjs", name, more=f'env = {{ OF_CASE = "{name}" }}\n'))
    (suite / "once.toml").write_text(CASE)
    ran = tested(*given(suite, workers))
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


@ANY
def test_what_no_worker_can_do_runs_alone(suite: Path, tested: Test, workers: str) -> None:
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
    ran = tested(*given(suite, workers))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert {name for name, _ in ran.results} == {*ODD, "once"}


@ANY
def test_what_fails_fails_there_too(suite: Path, tested: Test, workers: str) -> None:
    (suite / "wrong.mjs").write_text('import { run } from "./jspi.mjs";\nconsole.log(await run(1));\n')
    (suite / "wrong.toml").write_text(case("wrong.mjs", more='[expect]\nstdout = "never\\n"\n'))
    (suite / "hangs.mjs").write_text("while (true) {}\n")
    (suite / "hangs.toml").write_text(case("hangs.mjs", more="timeout_s = 2\n"))
    ran = tested(*given(suite, workers))
    outcomes = {name: each["outcome"] for (name, _), each in ran.results.items()}
    assert (ran.status, outcomes) == (1, {"wrong": "wrong", "hangs": "hung"})


@ANY
def test_a_list_that_falls_short_is_told_once(suite: Path, tested: Test, workers: str) -> None:
    (suite / "once.toml").write_text(CASE)
    ran = tested(*given(suite, workers, ("outer", "leaf")))
    result = ran.results["once", "asyncify"]
    assert (ran.status, result["outcome"]) == (1, "needs-list-fix")
    assert result["missing"] == {"ASYNCIFY_ONLY": ["middle"]}


@ANY
def test_a_process_s_variables_and_flags_need_one(suite: Path, tested: Test, workers: str) -> None:
    (suite / "tell.mjs").write_text(PROCESS)
    (suite / "a.toml").write_text(case("tell.mjs", "a", more='env = { TZ = "UTC" }\n'))
    (suite / "b.toml").write_text(case("--no-warnings", "tell.mjs", "b"))
    ran = tested(*given(suite, workers))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert [seen(suite, name)[1] for name in ("a", "b")] == ["true", "true"]


STATE = """import { writeFileSync } from "node:fs";
import { threadId } from "node:worker_threads";
import { run } from "./jspi.mjs";
import { count } from "./counter.mjs";
await run(1);
const clean = globalThis.left === undefined && process.listenerCount("SIGUSR2") === 0;
writeFileSync(`${process.argv[2]}.seen`, `${threadId} ${count()} ${clean}`);
"""
ENDS = {
    "a-plain": "",
    "b-leaves-a-global": "globalThis.left = 1; process.on('SIGUSR2', () => {}); process.exitCode = 0",
    "c-exits": "process.exit()",
    "d-exits-later": "setTimeout(() => process.exit(), 5)",
    "e-exits-with-a-server": "createServer(() => {}).listen(0, '127.0.0.1', () => process.exit())",
    "f-says-goodbye": "process.on('exit', (status) => console.log(`bye ${status}`))",
    "g-plain": "",
    "h-exits-with-a-timer": "setInterval(() => console.log('late'), 1); process.exit()",
    "i-after-that": "",
}


def test_a_worker_that_is_kept_takes_the_next_if_nothing_lives_on(suite: Path, tested: Test) -> None:
    (suite / "counter.mjs").write_text("let counted = 0;\nexport const count = () => ++counted;\n")
    for name, ends in ENDS.items():
        server = 'import { createServer } from "node:net";\n' if "createServer" in ends else ""
        (suite / f"{name}.mjs").write_text(f"{server}{STATE}{ends};\n")
        said = "bye 0\\n" if "bye" in ends else ""
        (suite / f"{name}.toml").write_text(case(f"{name}.mjs", name, more=f'[expect]\nstdout = "{said}"\n'))
    ran = tested(*given(suite, '"kept"'))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert [each["suspensions"] for each in ran.results.values()] == [1] * len(ENDS)
    told = [seen(suite, name) for name in ENDS]
    assert [each[2] for each in told] == ["true"] * len(ENDS)
    threads = [each[0] for each in told]
    assert threads[:-1] == [threads[0]] * (len(ENDS) - 1)
    assert threads[-1] != threads[0]
    assert [each[1] for each in told] == [str(at) for at in range(1, len(ENDS))] + ["1"]


LIKE_A_PROCESS = {
    "throws": ("await run(1); throw new Error('mine')", 1),
    "throws-later": ("await run(1); setTimeout(() => { throw new Error('mine'); }, 1)", 1),
    "rejects": ("await run(1); Promise.reject(new Error('mine'))", 1),
    "waits-forever": ("await run(1); await new Promise(() => {})", 13),
    "exits-inside": ("await run(1); try { process.exit(4); } finally { console.log('never'); }", 4),
    "says-how-it-ends": ("await run(1); process.exitCode = 5", 5),
}


@ANY
def test_an_end_is_that_of_a_process(suite: Path, tested: Test, workers: str) -> None:
    for name, (program, status) in LIKE_A_PROCESS.items():
        (suite / f"{name}.mjs").write_text(f'import {{ run }} from "./jspi.mjs";\n{program};\n')
        (suite / f"{name}.toml").write_text(
            case(f"{name}.mjs", more=f'[expect]\nexit_code = {status}\nstdout = ""\n')
        )
    ran = tested(*given(suite, workers))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert {name for name, _ in ran.results} == set(LIKE_A_PROCESS)


def test_commonjs_runs_each_time(suite: Path, tested: Test) -> None:
    (suite / "say.cjs").write_text(
        'import("./jspi.mjs").then(({ run }) => run(1)).then(() => console.log(__filename.length > 0));\n'
    )
    for name in ("a", "b", "c"):
        (suite / f"{name}.toml").write_text(case("say.cjs", more='[expect]\nstdout = "true\\n"\n'))
    ran = tested(*given(suite, '"kept"'))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert [each["suspensions"] for each in ran.results.values()] == [1, 1, 1]
