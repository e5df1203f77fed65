"""What ``fix``, ``analyze`` and ``instrument`` write is what their schemas say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from wasmtime import wat2wasm

from stackswitch.wasm.module import parse_module
from stackswitch.wasm.report_section import read_report_section

from .conftest import CHAIN, write_chain

SCHEMAS = Path(__file__).parents[3] / "docs" / "schema"


def stackswitch(folder: Path, *args: str) -> None:
    command = [sys.executable, "-m", "stackswitch", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode == 0, done.stderr


def fits(schema: str, *files: Path) -> bool:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", SCHEMAS / f"{schema}.schema.json"]
    return subprocess.run([*command, *files], capture_output=True, timeout=60).returncode == 0


def test_reports_are_valid_and_other_things_are_not(tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    write_chain(tmp_path / "suite", name="again")
    (tmp_path / "m.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    lists = '[lists]\nfile = "only.txt"\nnever = ["never"]\nalways = ["mid"]\n'
    (tmp_path / "stackswitch.toml").write_text(f'suite = "suite"\n{lists}')
    stackswitch(tmp_path, "fix", "--policy", "dispatch", "--json", "fix.json")
    stackswitch(
        tmp_path, "analyze", "m.wasm", "--imports", "env.wait", "--list", "only.txt", "--json", "a.json"
    )
    command = (
        "instrument",
        "m.wasm",
        "--list",
        "only.txt",
        "--imports",
        "env.wait",
        "--report",
        "-o",
        "b.wasm",
    )
    stackswitch(tmp_path, *command, "--json", "i.json")
    section = read_report_section(parse_module((tmp_path / "b.wasm").read_bytes()))
    assert section is not None
    (tmp_path / "s.json").write_text(section.model_dump_json())
    report = json.loads((tmp_path / "fix.json").read_text())
    assert report["assertions"]
    assert report["confidence"]
    files = {
        "fix": "fix.json",
        "analysis": "a.json",
        "instrument": "i.json",
        "instrumented-section": "s.json",
    }
    for schema, name in files.items():
        assert fits(schema, tmp_path / name), schema
    assert not fits("fix", tmp_path / "a.json")
