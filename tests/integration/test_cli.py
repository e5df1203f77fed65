"""The command as a user has it: what it prints, writes and exits with, and how it takes broken input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from wasmtime import wat2wasm

WAT = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (call $wait (local.get 0))))
  (func $mid (param i32) (result i32) (i32.mul (i32.const 2) (call $leaf (local.get 0))))
  (func (export "main") (param i32) (result i32) (i32.add (i32.const 1) (call $mid (local.get 0)))))"""
TOML = """why = "Three frames wait and come back."
source = "chain.wat"
export = "main"
args = ["i32:10"]
host = [{ import = "env.wait", args = ["i32:10"], returns = "i32:5", delay_ms = 1 }]
[expect]
values = ["i32:31"]
suspensions = 1
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "chain.wat").write_text(WAT)
    (folder / "chain.toml").write_text(TOML)
    return folder


def stackswitch(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"COLUMNS": "200"} | environment,
    )


def results(folder: Path, *args: str, status: int = 0) -> list[dict[str, object]]:
    done = stackswitch("test", folder, "--json", "-", *args)
    assert done.returncode == status, done.stderr
    report = json.loads(done.stdout)
    assert report["schema_version"] == 1
    found: list[dict[str, object]] = report["results"]
    return found


def test_both_backends_run_without_being_asked_for(suite: Path) -> None:
    found = results(suite)
    assert [(each["backend"], each["outcome"], each["suspensions"]) for each in found] == [
        ("asyncify", "returned", 1),
        ("jspi", "returned", 1),
    ]
    fields = {"case_id", "backend", "engine", "engine_version", "outcome", "detail", "missing", "suspensions"}
    for each in found:
        assert fields | {"build", "duration_ms", "as_expected", "module", "symptom", "warnings"} == set(each)
        assert each["case_id"] == "chain"


def test_a_table_for_people_and_files_for_machines(suite: Path, tmp_path: Path) -> None:
    junit, report = tmp_path / "out.xml", tmp_path / "out.json"
    done = stackswitch("test", suite, "--junit", junit, "--json", report)
    assert done.returncode == 0
    assert "chain" in done.stdout
    assert "2 of 2 results as expected" in done.stdout
    assert len(json.loads(report.read_text())["results"]) == 2
    assert len(ET.parse(junit).getroot()) == 2


def test_a_wrong_expectation(suite: Path) -> None:
    (suite / "chain.toml").write_text(TOML.replace("i32:31", "i32:32"))
    for each in results(suite, status=1):
        assert each["outcome"] == "wrong"
        assert each["detail"] == "expected i32:32, got i32:31"


@pytest.mark.parametrize("gone", ["leaf", "mid", "main"])
def test_a_list_with_one_name_removed(suite: Path, gone: str) -> None:
    names = {"leaf", "mid", "main"} - {gone}
    wat = WAT.replace("(func (export", "(func $main (export")
    (suite / "chain.wat").write_text(wat)
    (suite / "chain.toml").write_text(TOML + f"[asyncify]\nonly = {json.dumps(sorted(names))}\n")
    asyncify, jspi = results(suite, status=1)
    assert (asyncify["outcome"], asyncify["missing"]) == ("needs-list-fix", {"ASYNCIFY_ONLY": [gone]})
    assert jspi["outcome"] == "returned"
    shown = stackswitch("test", suite, "--backend", "asyncify")
    assert f"ASYNCIFY_ONLY: {gone}" in shown.stdout


def test_all_missing_names_come_out_of_one_run(suite: Path) -> None:
    (suite / "chain.toml").write_text(TOML + '[asyncify]\nonly = ["nothing-of-the-kind"]\n')
    (suite / "chain.wat").write_text(WAT.replace("(func (export", "(func $main (export"))
    asyncify = results(suite, "--backend", "asyncify", status=1)[0]
    assert asyncify["missing"] == {"ASYNCIFY_ONLY": ["leaf", "main", "mid"]}
    assert asyncify["warnings"] == ["ASYNCIFY_ONLY: no function has the name nothing-of-the-kind"]


def test_the_lists_of_jspi(suite: Path) -> None:
    (suite / "chain.toml").write_text(TOML + "[jspi]\nexports = []\nimports = []\n")
    jspi = results(suite, "--backend", "jspi", status=1)[0]
    assert jspi["outcome"] == "needs-list-fix"
    assert jspi["missing"] == {"JSPI_EXPORTS": ["main"], "JSPI_IMPORTS": ["env.wait"]}


def test_a_truncated_module_does_not_stop_the_others(suite: Path) -> None:
    (suite / "cut.wasm").write_bytes(bytes(wat2wasm(WAT))[:-7])
    (suite / "cut.toml").write_text(TOML.replace("chain.wat", "cut.wasm"))
    found = results(suite, status=1)
    assert [each["outcome"] for each in found] == ["returned", "returned", "error", "error"]
    assert "at offset 0x" in str(found[2]["detail"])


def test_a_module_that_parses_and_is_not_valid(suite: Path) -> None:
    binary = bytearray(wat2wasm(WAT))
    at = binary.rindex(b"\x6a\x0b")  # the i32.add of main becomes f32.add
    binary[at] = 0x92
    (suite / "bad.wasm").write_bytes(bytes(binary))
    (suite / "bad.toml").write_text(TOML.replace("chain.wat", "bad.wasm"))
    found = {(each["case_id"], each["backend"]): each for each in results(suite, status=1)}
    assert found["bad", "asyncify"]["outcome"] == "error"
    assert found["bad", "jspi"]["outcome"] == "error"
    assert found["chain", "jspi"]["outcome"] == "returned"


def test_an_endless_loop_hangs_alone(suite: Path) -> None:
    (suite / "loop.wat").write_text('(module (func (export "main") (loop $l (br $l))))')
    (suite / "loop.toml").write_text('why = "w"\nsource = "loop.wat"\nexport = "main"\ntimeout_s = 0.5\n')
    found = {(each["case_id"], each["backend"]): each["outcome"] for each in results(suite, status=1)}
    assert found == {
        ("chain", "asyncify"): "returned",
        ("chain", "jspi"): "returned",
        ("loop", "asyncify"): "hung",
        ("loop", "jspi"): "hung",
    }


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["test", "/none"], 5, "no such folder"),
        (["test", "SUITE", "-k", "zzz"], 5, "none of its 1 cases matches zzz"),
        (["test", "SUITE", "--json", "/none/x.json"], 12, "there is no folder /none"),
        (["test", "SUITE", "--json", "-", "--junit", "-"], 4, "standard output"),
        (["test", "SUITE", "--backend", "steam"], 2, "there is no backend 'steam'; there are asyncify, jspi"),
        (["test", "SUITE", "-j", "0"], 2, "greater than"),
        (["test", "SUITE", "--surprise"], 2, "No such option"),
        (["test", "SUITE", "--backend", "jspi", "--engine", "steam@1"], 4, "steam"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(
    suite: Path, arguments: list[str], status: int, says: str
) -> None:
    done = stackswitch(*[str(suite) if each == "SUITE" else each for each in arguments])
    assert done.returncode == status, done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_configuration_is_found_and_flags_win(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "stackswitch.toml").write_text('suite = "suite"\nbackends = ["asyncify"]\n')
    command = [sys.executable, "-m", "stackswitch", "test", "--json", "-"]
    by_file = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert [each["backend"] for each in json.loads(by_file.stdout)["results"]] == ["asyncify"]
    by_flag = subprocess.run(
        [*command, "--backend", "jspi"], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    assert [each["backend"] for each in json.loads(by_flag.stdout)["results"]] == ["jspi"]


def test_doctor_says_what_is_there_and_what_is_missing() -> None:
    healthy = stackswitch("doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert "✓ asyncify" in healthy.stdout
    assert "✓ jspi" in healthy.stdout
    ill = stackswitch("doctor", "--wasm-opt", "/none/wasm-opt")
    assert ill.returncode == 10
    assert "✗ asyncify" in ill.stdout
    assert "to get it:" in ill.stdout
    assert "`stackswitch test` needs asyncify" in ill.stderr


def test_help_names_every_command() -> None:
    text = stackswitch("--help").stdout
    assert "test" in text
    assert "doctor" in text
    assert stackswitch("--version").stdout.startswith("stackswitch 0.")


def test_shards_of_equal_length_make_the_whole(suite: Path, tmp_path: Path) -> None:
    for at in range(2, 6):
        (suite / f"chain{at}.toml").write_text(TOML)
    timed = tmp_path / "timed.json"
    lines = results(suite, "--backend", "asyncify")
    lines[0]["duration_ms"] = 10 * sum(float(str(each["duration_ms"])) for each in lines)
    timed.write_text(json.dumps({"schema_version": 1, "results": lines}))
    parts = [
        results(suite, "--backend", "asyncify", "--shard", f"{at}/2", "--durations", str(timed))
        for at in (1, 2)
    ]
    assert [[each["case_id"] for each in part] for part in parts] == [
        ["chain"],
        ["chain2", "chain3", "chain4", "chain5"],
    ]
    even = results(suite, "--backend", "asyncify", "--shard", "2/5")
    assert [each["case_id"] for each in even] == ["chain2"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{}", "no such"),
        ("nonsense", "not what `stackswitch test --json` writes"),
        ('{"schema_version": 2, "results": []}', "schema version 2"),
        ('{"results": [{"case_id": "a"}]}', "results: 0: backend: Field required"),
    ],
)
def test_durations_that_are_none(suite: Path, tmp_path: Path, content: str, why: str) -> None:
    timed = tmp_path / "timed.json"
    if why != "no such":
        timed.write_text(content)
    done = stackswitch("test", suite, "--shard", "1/2", "--durations", timed)
    assert done.returncode == 4
    assert why in done.stderr or "cannot be read: No such file" in done.stderr


def test_durations_are_for_shards(suite: Path, tmp_path: Path) -> None:
    assert stackswitch("test", suite, "--durations", tmp_path / "t.json").returncode == 2
    assert stackswitch("test", suite, "--shard", "3/2").returncode == 2
