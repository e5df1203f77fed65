from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.errors import SuiteError
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite

WAT = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (param i32) (result i32) (call $wait (local.get 0))))"""
TOML = """why = "w"
source = "a.wat"
export = "main"
args = ["i32:1"]
host = [{ import = "env.wait", returns = "i32:2", delay_ms = 0 }]
"""


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def problem(folder: Path) -> str | None:
    return load_suite(folder).cases[0].problem


def test_an_id_is_the_path_unless_given_and_cases_are_sorted(tmp_path: Path) -> None:
    named = 'id = "zz/named"\n' + TOML.replace("a.wat", "../b/a.wat")
    suite = load_suite(write(tmp_path, {"b/x.toml": TOML, "b/a.wat": WAT, "a/y.toml": named}))
    assert [each.case.id for each in suite.cases] == ["b/x", "zz/named"]
    assert suite.cases[0].main == bytes(wat2wasm(WAT))
    assert suite.cases[0].problem is None


def test_the_configuration_and_hidden_folders_are_no_cases(tmp_path: Path) -> None:
    files = {
        "x.toml": TOML,
        "a.wat": WAT,
        "stackswitch.toml": "jobs = 1",
        ".git/y.toml": "",
        "node_modules/z.toml": "",
    }
    assert [each.case.id for each in load_suite(write(tmp_path, dict(files))).cases] == ["x"]


def test_globs_choose(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.toml": TOML, "a/y.toml": TOML, "b/x.toml": TOML, "a/a.wat": WAT, "b/a.wat": WAT})
    assert [each.case.id for each in load_suite(tmp_path, ("a/*",)).cases] == ["a/x", "a/y"]
    assert [each.case.id for each in load_suite(tmp_path, ("*/y", "b/*")).cases] == ["a/y", "b/x"]
    with pytest.raises(SuiteError, match=r"none of its 3 cases matches c/\*\n .* as in a/\*, b/\*"):
        load_suite(tmp_path, ("c/*",))


def test_what_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no such folder"):
        load_suite(tmp_path / "none")
    with pytest.raises(SuiteError, match="no case in it"):
        load_suite(tmp_path)


def test_every_malformed_file_is_named_at_once(tmp_path: Path) -> None:
    write(
        tmp_path, {"a.toml": "why = 1 2", "b.toml": TOML + "surprise = 1\n", "c.toml": b"\xff", "a.wat": WAT}
    )
    with pytest.raises(SuiteError) as caught:
        load_suite(tmp_path)
    text = str(caught.value)
    assert "a.toml: not valid TOML" in text
    assert "line 1" in text
    assert "surprise: Extra inputs" in text
    assert "c.toml: not valid TOML" in text


def test_one_id_twice(tmp_path: Path) -> None:
    write(tmp_path, {"a.toml": TOML, "b.toml": 'id = "a"\n' + TOML, "a.wat": WAT})
    with pytest.raises(SuiteError, match=r"'a' is taken by .*a\.toml"):
        load_suite(tmp_path)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"(module (func (export", "not valid WebAssembly text"),
        (None, "cannot be read"),
    ],
)
def test_a_broken_module_is_the_problem_of_its_case_alone(
    tmp_path: Path, source: bytes | None, says: str
) -> None:
    write(tmp_path, {"bad.toml": TOML, "good/x.toml": TOML, "good/a.wat": WAT})
    if source is not None:
        write(tmp_path, {"a.wat": source})
    bad, good = load_suite(tmp_path).cases
    assert bad.problem is not None
    assert says in bad.problem
    assert good.problem is None


def test_a_truncated_module_says_where(tmp_path: Path) -> None:
    binary = bytes(wat2wasm(WAT))
    write(tmp_path, {"x.toml": TOML.replace("a.wat", "a.wasm"), "a.wasm": binary[:-5]})
    assert "offset 0x" in (problem(tmp_path) or "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'host = [{ import = "env.wait", returns = "i32:2", delay_ms = 0 }]',
            "",
            "nothing provides the import env.wait",
        ),
        ('returns = "i32:2", ', "", "0 returns given, the type has 1"),
        ('returns = "i32:2"', 'returns = "i64:2"', "returns[0] is i64:2, the type says i32"),
        ('returns = "i32:2"', 'returns = "arg:1"', "there are 1 parameters"),
        ("delay_ms = 0", 'args = ["f32:1"], delay_ms = 0', "args[0] is f32:1.0, the type says i32"),
        ('env.wait"', 'env.wiat"', "host describes env.wiat, which no module imports"),
        ('"main"', '"mian"', "exports no function 'mian'; it has main"),
        ('args = ["i32:1"]', "", "main: 0 args given, the type has 1 (i32)"),
        ('args = ["i32:1"]', 'args = ["i64:1"]', "args[0] is i64:1"),
    ],
)
def test_a_case_that_does_not_fit_its_module(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TOML
    write(tmp_path, {"x.toml": TOML.replace(old, new), "a.wat": WAT})
    assert says in (problem(tmp_path) or "")


def test_an_argument_handed_back_has_the_type_of_its_parameter(tmp_path: Path) -> None:
    write(tmp_path, {"x.toml": TOML.replace("i32:2", "arg:0"), "a.wat": WAT})
    assert problem(tmp_path) is None


def test_imports_come_from_earlier_instances_or_wasi(tmp_path: Path) -> None:
    lib = '(module (func (export "f")) (memory (export "m") 1))'
    main = '(module (import "lib" "f" (func)) (import "lib" "m" (memory 1)) (func (export "main")))'
    toml = 'why = "w"\nsource = "main.wat"\nexport = "main"\n'
    with_lib = toml + '[[instance]]\nname = "lib"\nsource = "lib.wat"\n'
    write(tmp_path, {"a.toml": with_lib, "b.toml": toml, "lib.wat": lib, "main.wat": main})
    linked, alone = load_suite(tmp_path).cases
    assert linked.problem is None
    assert list(linked.modules) == ["lib", "main"]
    assert "nothing provides the import lib.f" in (alone.problem or "")
    assert "the memory lib.m is imported" in (alone.problem or "")


def test_wasi_is_asked_for(tmp_path: Path) -> None:
    wat = '(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (func (export "main")))'
    toml = 'why = "w"\nsource = "m.wat"\nexport = "main"\n'
    write(tmp_path, {"a.toml": toml, "b.toml": toml + "[wasi]\n", "m.wat": wat})
    without, with_ = load_suite(tmp_path).cases
    assert "has no [wasi]" in (without.problem or "")
    assert with_.problem is None


def test_the_suite_that_comes_along_is_without_a_problem() -> None:
    suite = load_suite(CONFORMANCE_SUITE)
    assert len(suite.cases) >= 120
    assert {each.case.id: each.problem for each in suite.cases if each.problem} == {}


def test_a_nul_character_in_a_file_name_is_refused(tmp_path: Path) -> None:
    suite = write(tmp_path, {"x.toml": TOML.replace("a.wat", "a\\u0000.wat")})
    assert "NUL" in (problem(suite) or "")
    write(tmp_path, {"suite.toml": '[jspi]\nengine = "a\\u0000"\n'})
    with pytest.raises(SuiteError, match="NUL"):
        load_suite(suite)
