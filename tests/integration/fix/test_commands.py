"""``fix`` and ``instrument`` as a user has them: what they write, say and exit with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

from .conftest import CHAIN, CHAIN_NAMES, only, write_chain

COMMAND = [sys.executable, "-m", "stackswitch"]


def stackswitch(*args: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
    )


def test_check_changes_nothing_and_fix_writes(tmp_path: Path) -> None:
    path = write_chain(tmp_path / "suite", only(["leaf"]))
    path.chmod(0o640)
    before = path.read_bytes()
    checked = stackswitch("fix", path.parent, "--check", "--diff")
    assert checked.returncode == 1
    assert "+ mid  (observed in chain)" in checked.stdout
    assert '-only = ["leaf"]  # by hand\n+only = ["leaf", "main", "mid"]  # by hand' in checked.stdout
    assert "the lists fall short: 2 names are missing" in checked.stdout
    assert path.read_bytes() == before
    fixed = stackswitch("fix", path.parent, "--json", "-")
    assert fixed.returncode == 0, fixed.stderr
    report = json.loads(fixed.stdout)
    assert (report["verdict"], report["rounds"], report["schema_version"]) == ("verified", 1, 1)
    assert path.read_bytes() == before.replace(b'["leaf"]', b'["leaf", "main", "mid"]')
    assert path.stat().st_mode & 0o777 == 0o640
    written = path.stat()
    again = stackswitch("fix", path.parent)
    assert again.returncode == 0
    assert "no list changed" in again.stdout
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (written.st_mtime_ns, written.st_ino)
    assert stackswitch("fix", path.parent, "--check").returncode == 0
    assert sorted(each.name for each in path.parent.iterdir()) == ["chain.toml", "chain.wat"]


DOCKERFILE = r"""FROM emscripten/emsdk
# The names, found one by one.
RUN export ASYNCIFY_ONLY=$'"leaf",\
"zend_unused",\
"main"' && \
    emcc -sASYNCIFY -o out.js -sASYNCIFY_ONLY="[$ASYNCIFY_ONLY]" a.c
"""
FILES = {
    "Dockerfile": (DOCKERFILE, DOCKERFILE.replace('"main"', '"main",\\\n"mid"')),
    "Makefile": ("LDFLAGS = -sASYNCIFY_ONLY=leaf,main\n", "LDFLAGS = -sASYNCIFY_ONLY=leaf,main,mid\n"),
    "only.json": ('["leaf", "main"]\n', '["leaf", "main", "mid"]\n'),
    "only.txt": ("leaf\nmain\n", "leaf\nmain\nmid\n"),
    "build.sh": ('emcc -s \'ASYNCIFY_ONLY=["leaf","main"]\' a.c\n', None),
}


@pytest.mark.parametrize("name", FILES)
def test_a_list_where_it_lives(name: str, tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    before, after = FILES[name]
    path = tmp_path / name
    path.write_text(before)
    link = tmp_path / "link"
    link.symlink_to(path)
    done = stackswitch("fix", tmp_path / "suite", "--list", link if name == "only.txt" else path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_text() == (after or before.replace('"main"', '"main","mid"'))
    assert link.is_symlink()


def test_a_new_list(tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    path = tmp_path / "only.txt"
    assert stackswitch("fix", tmp_path / "suite", "--list", path, "--check").returncode == 1
    assert not path.exists()
    assert stackswitch("fix", tmp_path / "suite", "--list", path).returncode == 0
    assert path.read_text() == "leaf\nmain\nmid\n"


def test_the_configuration_says_where_the_list_lives(tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    makefile = tmp_path / "Makefile"
    makefile.write_text("A = -sASYNCIFY_ONLY=leaf\nB = -sASYNCIFY_ADD=leaf\n")
    config = 'suite = "suite"\nlists = "Makefile"\nlist_variable = "ASYNCIFY_ONLY"\n'
    (tmp_path / "stackswitch.toml").write_text(config)
    (tmp_path / "below").mkdir()
    done = stackswitch("fix", folder=tmp_path / "below")
    assert done.returncode == 0, done.stdout + done.stderr
    assert makefile.read_text() == "A = -sASYNCIFY_ONLY=leaf,main,mid\nB = -sASYNCIFY_ADD=leaf\n"


def started_fix(folder: Path, until: str) -> subprocess.Popen[str]:
    """Start a fix, and wait until it has said that it is at a certain place."""
    process = subprocess.Popen(
        [*COMMAND, "fix", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if until in line:
            return process
    raise AssertionError(f"it ended before it came to {until}")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("until", ["observing the stacks", "on asyncify"])
def test_an_interrupted_fix_leaves_the_old_list(sign: signal.Signals, until: str, tmp_path: Path) -> None:
    path = write_chain(tmp_path / "suite", only([]), delay_ms=3000)
    before = path.read_bytes()
    process = started_fix(path.parent, until)
    process.send_signal(sign)
    said = process.communicate(timeout=60)[1]
    assert process.returncode != 0
    assert "Traceback" not in said
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2


def test_a_file_that_others_edit_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = write_chain(tmp_path / "suite", only([]), delay_ms=3000)
    process = started_fix(path.parent, "on asyncify")
    edited = path.read_bytes() + b"# mine\n"
    path.write_bytes(edited)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 12, said
    assert "has changed while the suite ran; nothing was written" in said
    assert path.read_bytes() == edited


def test_a_write_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    size = 30_000_000
    path.write_bytes(b"a" * size)
    program = (
        "from stackswitch.cli.output import write_output\n"
        f"size = {size}\n"
        "while True:\n"
        f"    for each in (b'b', b'a'): write_output({str(path)!r}, each * size)\n"
    )
    for at in range(5):
        process = subprocess.Popen([sys.executable, "-c", program])
        time.sleep(0.5 + 0.037 * at)
        process.kill()
        process.wait()
        data = path.read_bytes()
        assert len(data) == size
        assert len(set(data)) == 1


BAD = {
    "sentence.txt": ("this is no list at all\n", "is no function's name"),
    "two.mk": ("A = -sASYNCIFY_ONLY=a\nB = -sASYNCIFY_ONLY=b\n", "stands 2 times in this file"),
    "none.json": ('{"a": 1}\n', "no"),
    "at.mk": ("A = -sASYNCIFY_ONLY=@names.txt\n", "names.txt: give that one"),
    "bin.txt": ("a\0b", "binary file"),
}


@pytest.mark.parametrize("command", ["fix", "instrument"])
@pytest.mark.parametrize("name", BAD)
def test_a_list_file_that_is_none(command: str, name: str, tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    text, says = BAD[name]
    path = tmp_path / name
    path.write_text(text)
    (tmp_path / "m.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    what = ["suite"] if command == "fix" else ["m.wasm", "-o", "out.wasm"]
    done = stackswitch(command, *what, "--list", path, folder=tmp_path)
    assert done.returncode == 13, done.stderr
    assert says in done.stderr
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text() == text
    assert not (tmp_path / "out.wasm").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["fix", "suite"], 4, "no case in suite has a list of its own"),
        (["fix", "suite", "--list", "none/only.txt"], 12, "there is no folder"),
        (["fix", "suite", "--list", "suite"], 13, "cannot be read"),
        (["fix", "suite", "--policy", "magic"], 2, "'magic' is not one of 'observed'"),
        (["fix", "suite", "--variable", "X"], 2, "--list"),
        (["fix", "suite", "--list", "only.txt", "--observe", "jspi", "--engine", "node:/none"], 10, "/none"),
        (["instrument", "none.wasm", "-o", "o.wasm"], 4, "none.wasm: this module cannot be read"),
        (["instrument", "suite/chain.wat", "-o", "o.wasm"], 6, "chain.wat: not a WebAssembly module"),
        (["instrument", "m.wasm", "-o", "none/o.wasm"], 12, "there is no folder"),
        (["instrument", "m.wasm", "-o", "o.wasm", "--imports", "env.wail"], 4, "it imports env.wait"),
        (["instrument", "m.wasm", "-o", "o.wasm", "--only", "a", "--add", "b"], 4, "ASYNCIFY_ONLY excludes"),
        (["instrument", "m.wasm", "-o", "-", "--json", "-"], 4, "standard output"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(
    arguments: list[str], status: int, says: str, tmp_path: Path
) -> None:
    write_chain(tmp_path / "suite")
    (tmp_path / "m.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    (tmp_path / "only.txt").write_text("leaf\n")
    done = stackswitch(*arguments, folder=tmp_path)
    assert done.returncode == status, done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "o.wasm").exists()


def test_instrument_takes_a_list_and_tells_what_is_wrong_with_it(tmp_path: Path) -> None:
    module = tmp_path / "m.wasm"
    module.write_bytes(bytes(wat2wasm(CHAIN)))
    (tmp_path / "only.txt").write_text("leaf\nmain\n_mid\nwait\nle*\n")
    command = ["instrument", module, "--list", tmp_path / "only.txt", "-o", tmp_path / "out.wasm"]
    done = stackswitch(*command, "--imports", "env.*", "--json", "-", "--strict")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert [(each["entry"], each["kind"]) for each in report["findings"]] == [
        ("_mid", "leading-underscore"),
        ("wait", "imported"),
        ("leaf", "shadowed"),
    ]
    build = parse_module((tmp_path / "out.wasm").read_bytes())
    names = binaryen_names(build)
    assert {names[each] for each in instrumented_functions(build)} == {"leaf", "main"}
    assert (report["functions"], report["instrumented"], report["imports"]) == (4, 2, ["env.wait"])
    assert "no --imports" not in done.stderr
    assert stackswitch(*command).returncode == 0
    whole = stackswitch("instrument", module, "-o", tmp_path / "whole.wasm")
    assert "every import may suspend" in whole.stderr
    twice = stackswitch("instrument", tmp_path / "out.wasm", "-o", tmp_path / "x.wasm")
    assert (twice.returncode, "an Asyncify build already" in twice.stderr) == (4, True)


def test_instrument_from_the_command_line_with_asserts(tmp_path: Path) -> None:
    module = tmp_path / "m.wasm"
    module.write_bytes(bytes(wat2wasm(CHAIN)))
    sizes = []
    for more in ([], ["--asserts"]):
        names = [part for each in CHAIN_NAMES for part in ("--only", each)]
        done = stackswitch("instrument", module, *names, "--imports", "env.wait", *more, "-o", tmp_path / "o")
        assert done.returncode == 0, done.stderr
        assert "3 of 4 functions instrumented" in done.stderr
        sizes.append((tmp_path / "o").stat().st_size)
    assert sizes[1] > sizes[0]
