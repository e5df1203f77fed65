"""Ways to begin a call, on Node: by an export, by a table, nested; rejections, refusals and traps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.locate import find_engine

from .conftest import LISTS, PROGRAMS, Node, Transform, check_results


def test_calls_of_all_kinds_overlap(kinds: Path, transform: Transform, node: Node) -> None:
    before = node("run-kinds.mjs", kinds)
    assert before["work"] != [1, 2, 3, 4, 5, 6]
    after = node("run-kinds.mjs", transform(kinds, *LISTS))
    check_results(after)
    assert (before["same_function"], after["same_function"]) == (True, False)
    assert set(after["sp"]) == {65536}
    assert after["refused"] == before["refused"]
    assert after["traps"] == [1, "unreachable", 3] * 3


def test_a_table_function_that_is_named_may_be_nested(kinds: Path, transform: Transform, node: Node) -> None:
    after = node("run-kinds.mjs", transform(kinds, *LISTS, "--promise-table", "unlisted"))
    assert after["unlisted"] == [1, 2, 3, 4, 5, 6]


def test_a_million_calls_that_trap_take_no_memory(kinds: Path, transform: Transform, node: Node) -> None:
    found = node("traps.mjs", transform(kinds, *LISTS), "1000000")
    assert found == {
        "grown": 0,
        "messages": ["unreachable"],
        "results": [1, 2, 5],
        "more": [3, 4],
        "moved": 0,
    }


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", "reentrant", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_what_it_used_and_wrapped(kinds: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = command(kinds, "-o", tmp_path / "out.wasm", *LISTS, "--region", "5000", "--json", report)
    assert done.returncode == 0, done.stderr
    assert "from options: 1 import, 5 exports" in done.stderr
    assert "may suspend: env.wait" in done.stderr
    found = json.loads(report.read_text("utf-8"))
    assert found["suspending"] == ["env.wait"]
    assert found["promising"] == ["work", "by_table", "by_table_to_the_import", "nested", "trap"]
    assert found["region_bytes"] == 5008
    assert found["size_bytes"] == (tmp_path / "out.wasm").stat().st_size


def test_the_build_can_be_piped(kinds: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", "reentrant", kinds, "-o", "-", *LISTS],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(b"\0asm")


def test_what_is_missing_is_said(kinds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wasm"
    done = command(kinds, "-o", out)
    assert done.returncode == 2
    assert "say which imports may suspend: --glue, --list, --trace, --suspend or --all-imports" in done.stderr
    glue = tmp_path / "app.js"
    glue.write_text("importPattern=/^(other)$/;exportPattern=/^(work)$/;")
    done = command(kinds, "-o", out, "--glue", glue)
    assert done.returncode == 2
    assert "none of them names an import of this module" in done.stderr
    done = command(kinds, "-o", out, "--suspend", "*", "--region", "1073741825")
    assert done.returncode == 2
    assert "less than or equal to 1073741824" in done.stderr
    done = command(kinds, "-o", out, "--suspend", "*", "--never", "*")
    assert done.returncode == 2
    assert "--never: it needs --all-imports" in done.stderr
    assert not out.exists()


def test_a_build_that_was_made_is_refused_with_its_exit_code(
    kinds: Path, transform: Transform, tmp_path: Path
) -> None:
    done = command(transform(kinds, *LISTS), "-o", tmp_path / "out.wasm", *LISTS)
    assert done.returncode == 23
    assert "re-entrant already" in done.stderr


def test_an_import_that_malloc_calls_is_refused_if_it_is_named(tmp_path: Path) -> None:
    text = (PROGRAMS / "wide.wat").read_text("utf-8")
    text = text.replace('(import "env"', '(import "env" "hook" (func $hook)) (import "env"', 1)
    text = re.sub(r'\(export "malloc"\)([^\n]*)', r'(export "malloc")\1 (call $hook)', text)
    module = tmp_path / "hook.wasm"
    module.write_bytes(wat2wasm(text))
    out = ["-o", str(tmp_path / "out.wasm"), "--promise", "work", "--suspend", "wait"]
    done = command(module, *out, "--suspend", "h*")
    assert done.returncode == 0, done.stderr
    assert "env.hook may not suspend and is not wrapped" in done.stderr
    done = command(module, *out, "--suspend", "hook")
    assert done.returncode == 23
    assert "env.hook cannot suspend: malloc calls it" in done.stderr


@pytest.fixture
def trace_of_kinds(kinds: Path, tmp_path: Path) -> Path:
    """A trace of a call of ``work`` and one of ``nested``."""
    program = tmp_path / "once.mjs"
    program.write_text(f"""
      import {{ readFileSync }} from "node:fs";
      const env = {{ wait: new WebAssembly.Suspending(async (value) => value), begin: () => 0 }};
      const {{ instance }} = await WebAssembly.instantiate(readFileSync({json.dumps(str(kinds))}), {{ env }});
      await WebAssembly.promising(instance.exports.work)(1);
      await WebAssembly.promising(instance.exports.nested)(1);
    """)
    trace, engine = tmp_path / "trace.jsonl", find_engine()
    subprocess.run(
        [sys.executable, "-m", "stackswitch", "trace", "--output", trace, "--", engine.path, *engine.flags,
         program],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    return trace


def test_a_trace_says_what_suspends(
    kinds: Path, node: Node, transform: Transform, trace_of_kinds: Path
) -> None:
    after = node("run-kinds.mjs", transform(kinds, "--trace", trace_of_kinds))
    assert after["work"] == after["nested"] == [1, 2, 3, 4, 5, 6]


def test_a_proof_counts_wrong_calls_before_and_after(kinds: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    proof = ["--prove", "work(3)", "--prove", "nested(0x10)", "--json", report]
    done = command(kinds, "-o", tmp_path / "out.wasm", *LISTS, *proof)
    assert done.returncode == 0, done.stderr
    assert "after: 0 of 100 overlapping calls end otherwise than alone" in done.stderr
    found = json.loads(report.read_text("utf-8"))
    assert found["before"]["wrong"] > 0
    after = found["after"]
    assert (after["calls"], after["wrong"], after["errors"]) == (100, 0, {})
    assert after["waits"] >= 100


def test_a_proof_that_shows_nothing_says_so(kinds: Path, tmp_path: Path) -> None:
    run = [kinds, "-o", tmp_path / "out.wasm", *LISTS]
    done = command(*run, "--prove", "by_table_to_the_import(1)")
    assert done.returncode == 0, done.stderr
    assert "this shows nothing: what these calls return does not depend on" in done.stderr
    done = command(*run, "--prove", "outer(8)")
    assert "this shows nothing: no call has waited" in done.stderr


def test_a_proof_takes_the_calls_of_a_suite_and_the_exports_of_a_trace(
    kinds: Path, tmp_path: Path, trace_of_kinds: Path
) -> None:
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "kinds.wasm").write_bytes(kinds.read_bytes())
    (suite / "work.toml").write_text(
        'why = "waits"\nsource = "kinds.wasm"\nexport = "work"\nargs = ["i32:7"]\n', "utf-8"
    )
    report = tmp_path / "report.json"
    run = [kinds, "-o", tmp_path / "out.wasm", *LISTS, "--json", report]
    for source in (suite, trace_of_kinds):
        done = command(*run, "--prove", source, "--prove", "work(3)")
        assert done.returncode == 0, done.stderr
        found = json.loads(report.read_text("utf-8"))
        assert found["before"]["wrong"] > 0
        assert found["after"]["wrong"] == 0
    done = command(*run, "--prove", tmp_path / "none.jsonl")
    assert done.returncode == 4
    assert "none.jsonl" in done.stderr


def test_a_proof_runs_on_the_node_that_the_environment_names(
    kinds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKSWITCH_NODE", str(tmp_path / "no-node"))
    done = command(kinds, "-o", tmp_path / "out.wasm", *LISTS, "--prove", "work(3)")
    assert done.returncode != 0
    assert "no-node: there is no such file" in done.stderr


def test_a_call_that_cannot_be_made_is_an_error(kinds: Path, tmp_path: Path) -> None:
    done = command(kinds, "-o", tmp_path / "out.wasm", *LISTS, "--prove", "work(nothing)")
    assert done.returncode == 4
    assert "nothing is no i32" in done.stderr


def test_a_module_with_64_bit_memory(tmp_path: Path) -> None:
    module, report = tmp_path / "wide.wasm", tmp_path / "report.json"
    module.write_bytes(wat2wasm((PROGRAMS / "wide.wat").read_text("utf-8")))
    calls = [option for value in (3, 4, 5) for option in ("--prove", f"work({value})")]
    done = command(
        module,
        "-o",
        tmp_path / "out.wasm",
        "--suspend",
        "wait",
        "--promise",
        "work",
        *calls,
        "--json",
        report,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text("utf-8"))
    assert found["before"]["wrong"] > 0
    assert found["after"]["wrong"] == 0
