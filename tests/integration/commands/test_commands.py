"""``stackswitch test`` over commands: real programs on JSPI and on an Asyncify build of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from stackswitch.models.trace import TRACE_LINE, TraceSuspension

from .conftest import CASE, Test

SCHEMA = Path(__file__).parents[3] / "docs" / "schema" / "trace-line.schema.json"


def command(*words: str, expect: str = "", more: str = "") -> str:
    listed = ", ".join(f"'''{word}'''" for word in words)
    return f'why = "w"\ncommand = [{listed}]\n{more}\n[expect]\n{expect}\n'


def test_both_builds(suite: Path, own_build: Callable[..., None], tested: Test, tmp_path: Path) -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    (suite / "once.toml").write_text(CASE)
    own_build("outer", "middle", "leaf")
    good = tested("--traces", tmp_path / "traces")
    assert good.status == 0, good.stderr
    assert {
        key: (each["outcome"], each["build"], each["suspensions"]) for key, each in good.results.items()
    } == {
        ("once", "jspi"): ("returned", None, 1),
        ("once", "asyncify"): ("returned", "own", 1),
    }
    for backend in ("jspi", "asyncify"):
        lines = (tmp_path / "traces" / backend / "once.jsonl").read_bytes().splitlines()
        for line in lines:
            validator.validate(json.loads(line))
        stacks = [each for each in map(TRACE_LINE.validate_json, lines) if isinstance(each, TraceSuspension)]
        assert [[name for _, _, name in each.frames] for each in stacks] == [["leaf", "middle", "outer"]]
        assert {each.backend for each in stacks} == {backend}


@pytest.mark.parametrize(
    ("only", "missing", "symptom"),
    [
        # Called through a table, it runs again from its beginning; and so does the export.
        (("outer", "middle"), ["leaf"], "wrong"),
        (("outer", "leaf"), ["middle"], "trapped"),
        (("middle", "leaf"), ["outer"], "wrong"),
    ],
)
def test_a_list_that_falls_short_is_told_by_name(
    suite: Path,
    own_build: Callable[..., None],
    tested: Test,
    only: tuple[str, ...],
    missing: list[str],
    symptom: str,
) -> None:
    (suite / "once.toml").write_text(CASE)
    own_build(*only)
    bad = tested("--backend", "asyncify", "--junit", suite.parent / "junit.xml")
    result = bad.results["once", "asyncify"]
    assert bad.status == 1
    assert (result["outcome"], result["missing"]) == ("needs-list-fix", {"ASYNCIFY_ONLY": missing})
    assert result["symptom"] == symptom
    assert f"ASYNCIFY_ONLY: {missing[0]}" in bad.stdout
    assert missing[0] in (suite.parent / "junit.xml").read_text()


ENDINGS = {
    "env": command(
        "node", "-e", "console.log(process.env.STACKSWITCH_BACKEND, process.env.A, process.env.B)",
        expect="stdout = 'jspi one case\\n'".replace("'", '"'), more='env = { B = "case" }',
    ),
    "stdin": command(
        "node", "-e", "process.stdin.pipe(process.stdout)", expect='stdout = "in"', more='stdin = "in"'
    ),
    "status": command("node", "-e", "process.exit(7)", expect="exit_code = 7"),
    "throws": command("node", "-e", "throw new Error(1234)"),
    "wrong": command("node", "-e", "console.log(1)", expect='stdout = "2\\n"'),
    "silent": command("node", "-e", "0", expect='stdout = "2\\n"'),
    "killed": command("node", "-e", "process.kill(process.pid, 9)"),
    "hangs": command("sh", "-c", "node -e 'setInterval(() => {}, 1000)' & wait", more="timeout_s = 3"),
    "no-node": command("sh", "-c", "echo hello", expect='stdout = "hello\\n"'),
    "not-there": command("no-such-program"),
    "not-executable": command("./once.toml"),
    "through-a-script": command("sh", "-c", "exec node -p 1+1", expect='stdout = "2\\n"'),
    "leaves-one-behind": command("sh", "-c", "sleep 1000 & node -p 1", expect='stdout = "1\\n"'),
    "endless": command("node", "-e", "for (;;) require('fs').writeSync(1, 'x'.repeat(1 << 20))"),
    "refused": command(
        "node", "--input-type=module", "-e",
        "await import('./direct.mjs')",
    ),
}  # fmt: skip
OUTCOMES = {
    "once": "returned",
    "env": "returned",
    "stdin": "returned",
    "status": "returned",
    "throws": "trapped",
    "wrong": "wrong",
    "silent": "wrong",
    "killed": "crashed",
    "hangs": "hung",
    "no-node": "error",
    "not-there": "error",
    "not-executable": "error",
    "through-a-script": "returned",
    "leaves-one-behind": "returned",
    "endless": "error",
    "refused": "trapped",
}


def test_how_commands_end(suite: Path, tested: Test) -> None:
    for name, text in ENDINGS.items():
        (suite / f"{name}.toml").write_text(text)
    (suite / "once.toml").write_text(CASE)
    (suite / "direct.mjs").write_text(
        (suite / "jspi.mjs")
        .read_text()
        .replace("WebAssembly.promising(instance.exports.run)", "instance.exports.run")
        + "run(1);\n"
    )
    (suite / "suite.toml").write_text('[backend.jspi]\nenv = { A = "one", B = "suite" }\n')
    ran = tested("--backend", "jspi", "-j", "2")
    assert {case: each["outcome"] for (case, _), each in ran.results.items()} == OUTCOMES, ran.stderr
    assert ran.status == 1
    details = {case: each["detail"] for (case, _), each in ran.results.items()}
    assert "exit status 1" in details["throws"]
    assert "Error: 1234" in details["throws"]
    assert "line 1: expected '2', got '1'" in details["wrong"]
    assert "signal 9" in details["killed"]
    assert "no Node program was observed" in details["no-node"]
    assert "no-such-program" in details["not-there"]
    assert "Permission denied" in details["not-executable"]
    assert "prints without end" in details["endless"]
    assert "SuspendError" in details["refused"]
    assert "without WebAssembly.promising" in details["refused"]


def test_globs_shards_and_options_that_do_not_fit(suite: Path, tested: Test, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (suite / f"{name}.toml").write_text(command("node", "-p", "1", expect='stdout = "1\\n"'))
    assert set(tested("--backend", "jspi", "-k", "[ab]", "--traces", tmp_path / "t").results) == {
        ("a", "jspi"),
        ("b", "jspi"),
    }
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["a.jsonl", "b.jsonl"]
    halves = [set(tested("--backend", "jspi", "--shard", f"{part}/2").results) for part in (1, 2)]
    assert len(halves[0] | halves[1]) == 3
    assert not halves[0] & halves[1]
    for options, said in (
        (["--build", "odd"], "not one of 'own', 'instrumented'"),
        (["--backend", "fiber"], "the backend 'fiber' runs none"),
        (["--traces", suite / "a.toml", "--backend", "jspi"], "is no folder"),
        (["--list", suite / "none.txt"], "cannot be read"),
    ):
        refused = tested(*options)
        assert refused.status not in (0, 1)
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
