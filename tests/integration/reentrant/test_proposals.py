"""The commands that ``report``, ``trace`` and ``fix`` propose, run as they are printed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.locate import find_engine

from .conftest import LISTS, PROGRAMS, Compile, Node, check_results
from .test_emscripten import RIGHT as OVERLAPPING
from .test_emscripten import WITH_MALLOC, shown
from .test_invokes import RIGHT as EXCEPTIONS

emscripten = pytest.mark.emscripten


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has stackswitch on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "stackswitch"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m stackswitch "$@"\n')
    script.chmod(0o755)
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


class User:
    """Runs commands in a folder, by a shell."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def run(self, command: str, status: int = 0) -> str:
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def user(tmp_path: Path, environment: dict[str, str]) -> User:
    """A user in the folder of the program."""
    return User(tmp_path, environment)


def proposed(text: str) -> set[str]:
    """Return the commands in a text that begin a line."""
    lines = [each.strip() for each in text.splitlines()]
    return {each for each in lines if each.startswith("stackswitch reentrant ") and " -o " in each}


@emscripten
def test_exceptions_wait_after_the_command_that_is_proposed(emcc: Compile, node: Node, user: User) -> None:
    module = emcc("exceptions.cpp", "-fexceptions", "-sALLOW_MEMORY_GROWTH", "-O1", "-g2")
    shutil.copyfile(PROGRAMS / "exceptions.cjs", user.folder / "exceptions.cjs")
    program = f"{shlex.quote(str(find_engine().path))} --experimental-wasm-jspi exceptions.cjs ./guest.js"
    traced = user.run(f"stackswitch trace --output t.jsonl -- {program}")
    assert "invoke_iii" in traced
    assert "carries C++ exceptions and longjmp" in traced
    (command,) = proposed(traced)
    assert command == "stackswitch reentrant guest.wasm --trace t.jsonl --invokes -o guest.reentrant.wasm"
    formats = "--markdown r.md --json r.json --html r.html"
    said = user.run(f"stackswitch report guest.wasm --trace t.jsonl {formats}")
    assert proposed(said) == proposed((user.folder / "r.md").read_text("utf-8")) == {command}
    assert command in (user.folder / "r.html").read_text("utf-8")
    report = json.loads((user.folder / "r.json").read_text("utf-8"))
    assert report["level"] != "not-ready"
    assert [each["code"] for each in report["steps"] if "shared-stack" in each["rules"]] == [command]
    (user.folder / "only.txt").write_text("virtual_call\n")
    fixed = user.run("stackswitch fix --trace t.jsonl --module guest.wasm --list only.txt --json f.json", 1)
    assert proposed(fixed) == {command}
    proposals = json.loads((user.folder / "f.json").read_text("utf-8"))["proposals"]
    assert [each["command"] for each in proposals] == [command]
    user.run(command)
    shutil.copyfile(user.folder / "guest.reentrant.wasm", module)
    found = node("exceptions.cjs", module.with_suffix(".js"))
    found.pop("catching")
    assert found == EXCEPTIONS


@emscripten
def test_calls_overlap_after_the_command_that_is_proposed(emcc: Compile, node: Node, user: User) -> None:
    emcc("overlap.c", WITH_MALLOC, "-sALLOW_MEMORY_GROWTH", "-O1", "-g2")
    (command,) = proposed(user.run("stackswitch report guest.wasm"))
    user.run(command)
    assert shown(node("overlap.mjs", user.folder / "guest.reentrant.wasm", "4", "80")) == OVERLAPPING


@emscripten
def test_an_asyncify_build_has_no_command_of_its_own(emcc: Compile, user: User) -> None:
    emcc("overlap.c", WITH_MALLOC, "-sASYNCIFY", "-O1", "-g2")
    said = user.run("stackswitch report guest.wasm")
    assert proposed(said) == {"stackswitch reentrant MODULE --glue GLUE -o OUT"}
    assert "Give the report the JSPI build" in said


def test_the_imports_and_lists_that_are_given_are_in_the_command(kinds: Path, node: Node, user: User) -> None:
    exports = [each.partition("=")[2] for each in LISTS if "=" in each]
    lists = {"JSPI_EXPORTS": exports, "JSPI_IMPORTS": ["wait"]}
    (user.folder / "lists.json").write_text(json.dumps(lists))
    (command,) = proposed(user.run("stackswitch report kinds.wasm --list lists.json"))
    assert command == "stackswitch reentrant kinds.wasm --list lists.json -o kinds.reentrant.wasm"
    user.run(command)
    check_results(node("run-kinds.mjs", user.folder / "kinds.reentrant.wasm"))
    (command,) = proposed(user.run(f"stackswitch report {kinds} --imports env.wait"))
    assert command == "stackswitch reentrant kinds.wasm --suspend env.wait -o kinds.reentrant.wasm"
    user.run(command)


def test_names_that_a_shell_would_take_apart_are_quoted(kinds: Path, user: User) -> None:
    folder = user.folder / "it's a folder"
    folder.mkdir()
    shutil.copyfile(kinds, folder / "a $b.wasm")
    glue = "// loads a $b.wasm\nimportPattern=/^(wait)$/;exportPattern=/^(work|nested)$/;"
    (folder / "start.js").write_text(glue)
    module = shlex.quote("it's a folder/a $b.wasm")
    (command,) = proposed(user.run(f"stackswitch report {module}"))
    assert "--glue" in command
    user.run(command)
    assert (folder / "a $b.reentrant.wasm").exists()


def test_what_the_transform_refuses_is_not_proposed(user: User) -> None:
    text = (PROGRAMS / "kinds.wat").read_text("utf-8").rstrip().removesuffix(")")
    (user.folder / "two.wasm").write_bytes(wat2wasm(text + '(memory (export "second") 1))'))
    said = user.run("stackswitch report two.wasm --imports env.wait --html r.html --json r.json")
    assert not proposed(said)
    why = "stackswitch reentrant refuses this module: the module has 2 memories"
    for each in (said, *((user.folder / name).read_text("utf-8") for name in ("r.html", "r.json"))):
        assert "Make one call at a time" in each
        assert why in each
