"""The committed modules of C are what guests/build.py makes of the registries' sources, to the byte."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.wasm.module import parse_module

ROOT = Path(__file__).parents[3]
CASES = ROOT / "stackswitch" / "suite" / "cases"
RECORDS = {
    CASES / topic: json.loads((CASES / topic / "built.json").read_text("utf-8"))
    for topic in ("programs", "c-stack")
}
FOLDERS = {name: folder for folder, record in RECORDS.items() for name in record}
BUILT = {name: RECORDS[folder][name] for name, folder in FOLDERS.items()}
ZIG = "0.17.1"


def compiler_problem() -> str | None:
    try:
        version = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        return f"no compiler: pip install ziglang=={ZIG}"
    return None if version == ZIG else f"ziglang is {version}, the modules are built with {ZIG}"


@pytest.mark.compiler
@pytest.mark.skipif(compiler_problem() is not None, reason=compiler_problem() or "")
@pytest.mark.parametrize("name", sorted(BUILT))
def test_a_second_build_gives_the_same_bytes(name: str) -> None:
    argv = [sys.executable, str(ROOT / "guests" / "build.py"), name, "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(BUILT))
def test_the_record_is_of_the_module_that_stands_there(name: str) -> None:
    data = (FOLDERS[name] / f"{name}.wasm").read_bytes()
    assert hashlib.sha256(data).hexdigest() == BUILT[name]["sha256"]
    assert len(data) == BUILT[name]["size_bytes"] < 1_200_000


@pytest.mark.parametrize("name", sorted(set(BUILT) - {"cstack-hidden"}))
def test_names_are_kept_and_paths_are_not(name: str) -> None:
    data = (FOLDERS[name] / f"{name}.wasm").read_bytes()
    module = parse_module(data)
    names = module.function_names
    assert len(names) == module.function_count
    assert not [section for section in module.custom_sections if section.startswith(".debug")]
    assert not re.search(rb"/(?:tmp|home|root|work|usr)/|site-packages|stackswitch", data)


def test_a_program_that_does_not_exist_is_a_usage_error() -> None:
    argv = [sys.executable, str(ROOT / "guests" / "build.py"), "cobol"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no program cobol" in done.stderr


def test_a_changed_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "stackswitch" / "guests" / "lupa-2.8.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"something else")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    argv = [sys.executable, str(ROOT / "guests" / "build.py"), "lua", "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "pinned is" in done.stderr
