"""Everything printed is safe and readable: hostile names in every command and format, and broken streams."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.hostile import NAMES, hostile_module, hostile_results, hostile_trace, text_of, unsafe

COMMAND = [sys.executable, "-m", "stackswitch"]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
WAT = """(module (import "env" "wait" (func $wait))
  (func $a_function_with_a_name_that_is_rather_long_for_a_narrow_terminal (call $wait))
  (func (export "main") (call $a_function_with_a_name_that_is_rather_long_for_a_narrow_terminal)))"""
CASE = """why = "It waits."
source = "m.wat"
export = "main"
host = [{ import = "env.wait", delay_ms = 1 }]
[expect]
"""


def stackswitch(folder: Path, *args: str | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *args],
        cwd=folder,
        capture_output=True,
        timeout=300,
        env=os.environ | environment,
    )


def sevens(names: Sequence[bytes]) -> list[list[bytes]]:
    """All names, seven at a time: each once in every place of a module."""
    return [[names[(at + place) % len(names)] for place in range(7)] for at in range(0, len(names), 7)]


@pytest.mark.slow
def test_analyze_and_report_of_hostile_modules(tmp_path: Path) -> None:
    for number, names in enumerate(sevens(NAMES)):
        module = hostile_module(names)
        texts = [text_of(each) for each in names]
        (tmp_path / "m.wasm").write_bytes(module)
        of = f"sha256:{hashlib.sha256(module).hexdigest()}"
        (tmp_path / "t.jsonl").write_bytes(hostile_trace(of, texts, f"{texts[0]}.{texts[1]}"))
        (tmp_path / "r.json").write_bytes(hostile_results(texts))
        (tmp_path / "names.txt").write_bytes(b"\n".join(names[4:]))
        args = ("--markdown", "o.md", "--json", "o.json", "--trace", "t.jsonl")
        if number % 2:
            done = stackswitch(tmp_path, "analyze", "m.wasm", *args, "--imports", f"{texts[0]}.{texts[1]}")
        else:
            args = (
                *args,
                "--html",
                "o.html",
                "--junit",
                "o.xml",
                "--title",
                texts[2].replace("\0", "") or "x",
            )
            done = stackswitch(tmp_path, "report", "r.json", "m.wasm", "--annotations", *args)
            ElementTree.fromstring((tmp_path / "o.xml").read_bytes())
        assert done.returncode == 0, done.stderr
        written = {path.name: path.read_bytes() for path in tmp_path.glob("o.*")}
        json.loads(written["o.json"])
        for name, data in {**written, "stderr": done.stderr}.items():
            assert not unsafe(data), name
        assert not unsafe(done.stdout, annotations=True)
        for path in tmp_path.glob("o.*"):
            path.unlink()


def test_a_suite_of_hostile_names_on_every_backend(tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    suite.mkdir()
    chosen = [each for each in NAMES[::6] if 0 < len(each) < 200]
    for number, name in enumerate(chosen):
        text = json.dumps(text_of(name)).replace("\x7f", "\\u007f")
        module = hostile_module([b"env", b"wait", name, name, name, name, name])
        (suite / f"{number}.wasm").write_bytes(module)
        case = (
            f'why = {text}\nsource = "{number}.wasm"\nexport = {text}\nhost = [{{ import = "env.wait" }}]\n'
        )
        (suite / f"{number}.toml").write_text(f"{case}[expect]\nstdout = {text}\n", "utf-8")
    done = stackswitch(tmp_path, "test", "suite", "--json", "o.json", "--junit", "o.xml")
    assert done.returncode == 1, done.stderr
    results = json.loads((tmp_path / "o.json").read_bytes())["results"]
    assert len({each["case_id"] for each in results}) == len(chosen)
    for data in (
        done.stdout,
        done.stderr,
        (tmp_path / "o.json").read_bytes(),
        (tmp_path / "o.xml").read_bytes(),
    ):
        assert not unsafe(data)
    ElementTree.fromstring((tmp_path / "o.xml").read_bytes())


def test_a_case_whose_file_has_a_hostile_name(tmp_path: Path) -> None:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / os.fsdecode(b"\xff\x1b\n::error::x.toml")).write_text(CASE)
    done = stackswitch(tmp_path, "test", "suite")
    assert done.returncode == 5
    assert not unsafe(done.stderr)


def test_output_of_a_guest_is_exact_in_a_pipe_and_escaped_for_a_runner(tmp_path: Path) -> None:
    text = b"\x1b[2J\n::error::x\n\xff##[group]x\n"
    escaped = "".join(f"\\{each:02x}" for each in text)
    (tmp_path / "m.wat").write_text(
        '(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))'
        f' (memory (export "memory") 1) (data (i32.const 16) "{escaped}")'
        f' (data (i32.const 0) "\\10\\00\\00\\00\\{len(text):02x}\\00\\00\\00")'
        ' (func (export "_start") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))'
    )
    run = ("run", "--backend", "asyncify", "m.wat", "_start")
    assert stackswitch(tmp_path, *run, GITHUB_ACTIONS="").stdout == text
    shown = stackswitch(tmp_path, *run, GITHUB_ACTIONS="true").stdout
    assert shown == b"\\u{1b}[2J\n\\u{3a}:error::x\n\\xff\\u{23}#[group]x\n"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            [*COMMAND, *run],
            cwd=tmp_path,
            stdout=out,
            env=os.environ | {"GITHUB_ACTIONS": "true"},
            check=True,
        )
    assert (tmp_path / "out").read_bytes() == text


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "m.wasm").write_bytes(
        hostile_module([b"env", b"wait", b"main", b"m", b"w\x81it", b"a\nb", b"\xff"])
    )
    return tmp_path


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("analyze m.wasm > /dev/full", 12, "No space left on device"),
        ("analyze m.wasm --json - > /dev/full", 12, "No space left on device"),
        ("--help > /dev/full", 12, "No space left on device"),
        ("analyze m.wasm >&-", 12, "standard output is closed"),
        ("analyze m.wasm --json - >&-", 12, "standard output is closed"),
        ("analyze nothing 2>&-", 4, ""),
        ("analyze nothing 2>/dev/full", 4, ""),
        ("analyze nothing <&- >&- 2>&-", 4, ""),
        ("analyze m.wasm <&- 2>&- > out", 0, ""),
        ("analyze m.wasm --nope 2>&-", 2, ""),
        ("test nothing 2>/dev/full", 5, ""),
    ],
)
def test_a_stream_that_cannot_be_written(module: Path, command: str, status: int, said: str) -> None:
    script = f"{sys.executable} -m stackswitch {command}"
    done = subprocess.run(["sh", "-c", script], cwd=module, capture_output=True)
    assert done.returncode == status, done.stderr
    assert said in done.stderr.decode()
    assert not unsafe(done.stderr)


@pytest.mark.parametrize(
    "args", [["analyze", "m.wasm"], ["analyze", "m.wasm", "--json", "-"], ["--help"], ["report", "m.wasm"]]
)
def test_a_pipe_that_nobody_reads(module: Path, args: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*COMMAND, *args], cwd=module, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert b"stackswitch: " not in done.stderr
    assert not unsafe(done.stderr)


def test_no_file_gets_the_number_of_a_closed_stdout(module: Path) -> None:
    script = f"{sys.executable} -m stackswitch analyze m.wasm --json o.json >&-"
    subprocess.run(["sh", "-c", script], cwd=module, capture_output=True)
    assert not (module / "o.json").exists()


@pytest.mark.parametrize(
    "args", [["analyze", "m.wasm"], ["report", "m.wasm"], ["test", "--help"], ["test", "é"], ["é"]]
)
def test_an_ascii_locale(module: Path, args: list[str]) -> None:
    done = stackswitch(module, *args, **ASCII)
    assert done.returncode in (0, 2, 5)
    assert (done.stdout + done.stderr).isascii()
    assert not unsafe(done.stdout + done.stderr)


def test_files_whose_names_are_not_utf8(module: Path) -> None:
    name = os.fsdecode(b"m\xff\x1b\n.wasm")
    (module / name).write_bytes((module / "m.wasm").read_bytes())
    for args in (
        ["analyze", name, "--json", "o.json", "--markdown", "o.md"],
        ["report", name, "--json", "o.json", "--html", "o.html"],
    ):
        done = stackswitch(module, *args)
        assert done.returncode == 0, done.stderr
        for data in (done.stdout, done.stderr, *(path.read_bytes() for path in module.glob("o.*"))):
            assert not unsafe(data)
        json.loads((module / "o.json").read_bytes())
    assert stackswitch(module, "analyze", os.fsdecode(b"\xff::")).returncode == 4


DEEP = 200_000


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["report", "deep.json"], 4),
        (["report", "m.wasm", "--compare", "deep.json"], 4),
        (["report", "m.wasm", "--detect", "deep.json"], 4),
        (["report", "m.wasm", "--bench", "deep.json"], 4),
        (["report", "m.wasm", "--trace", "deep.json"], 4),
        (["analyze", "m.wasm", "--trace", "deep.json"], 4),
        (["analyze", "m.wasm", "--list", "deep.json"], None),
        (["analyze", "m.wasm", "--list", "list.json"], None),
        (["analyze", "m.wasm", "--list", "list.toml"], None),
        (["analyze", "m.wasm", "--symbols", "deep.json"], 4),
        (["test", "suite"], 5),
        (["doctor"], 4),
    ],
)
def test_what_is_nested_200_000_deep(module: Path, args: list[str], status: int | None) -> None:
    (module / "deep.json").write_text("[" * DEEP)
    (module / "list.json").write_text('{"ASYNCIFY_ONLY": ["a"], "x": ' + "[" * DEEP + "]" * DEEP + "}")
    (module / "list.toml").write_text('ASYNCIFY_ONLY = ["a"]\nasyncify_x = ' + "[" * DEEP + "]" * DEEP)
    (module / "suite").mkdir()
    (module / "suite" / "case.toml").write_text("x = " + "[" * DEEP + "]" * DEEP)
    if args[0] == "doctor":
        (module / "stackswitch.toml").write_text("x = " + "[" * DEEP + "]" * DEEP)
    done = stackswitch(module, *args)
    # Whether a list is refused or read by another format is the business of the formats.
    assert done.returncode in ((0, 4, 13) if status is None else (status,)), done.stderr[:2000]
    assert not unsafe(done.stderr)


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "NaN", "-Infinity", "18446744073709551616"])
def test_numbers_out_of_proportion(module: Path, number: str) -> None:
    results = hostile_results(["a", "b"]).replace(b'"duration_ms": 1.0', b'"duration_ms": ' + number.encode())
    (module / "r.json").write_bytes(results)
    done = stackswitch(module, "report", "r.json", "--json", "o.json", "--junit", "o.xml", "--html", "o.html")
    assert done.returncode in (0, 4), done.stderr
    assert not unsafe(done.stderr)
    if done.returncode == 0:
        json.loads((module / "o.json").read_bytes(), parse_constant=pytest.fail)
        ElementTree.fromstring((module / "o.xml").read_bytes())


def on_terminal(folder: Path, columns: int, *args: str) -> tuple[int, list[str]]:
    """Run on a pseudo-terminal of so many columns; its lines, without colours."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [*COMMAND, *args], cwd=folder, stdin=follower, stdout=follower, stderr=subprocess.DEVNULL,
        env=environment | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(follower)
    data = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    os.close(leader)
    status = process.wait(60)
    return status, re.sub(r"\x1b\[[0-9;]*m", "", data.decode()).replace("\r\n", "\n").splitlines()


LONG_ID = "network/a-case-with-an-id-that-says-at-length-what-it-is-about/and-then-some-more"


@pytest.mark.parametrize("columns", [80, 40])
def test_words_are_never_broken_on_a_terminal(tmp_path: Path, columns: int) -> None:
    (tmp_path / "suite" / LONG_ID).parent.mkdir(parents=True)
    (tmp_path / "suite" / Path(LONG_ID).parent / "m.wat").write_text(WAT)
    (tmp_path / "suite" / f"{LONG_ID}.toml").write_text(CASE + "suspensions = 2\n[asyncify]\nonly = []\n")
    status, lines = on_terminal(tmp_path, columns, "test", "suite", "--backend", "asyncify")
    assert status == 1
    assert any(LONG_ID in line for line in lines)
    assert any("a_function_with_a_name_that_is_rather_long_for_a_narrow_terminal" in line for line in lines)
    for command in ("test", "fix", "report", "run"):
        status, lines = on_terminal(tmp_path, columns, command, "--help")
        assert status == 0
        whole = stackswitch(tmp_path, command, "--help").stdout.decode()
        assert " ".join(lines).split() == whole.split()
        assert all(len(line) <= columns or len(line.split()) <= 3 for line in lines)


def test_nothing_is_wrapped_in_a_pipe(tmp_path: Path) -> None:
    whole = stackswitch(tmp_path, "test", "--help", COLUMNS="40").stdout.decode()
    assert "The engine: node, node@24 (from npm), node:/path/to/node. Asyncify runs there only" in whole
    done = stackswitch(tmp_path, "fix", "--help", COLUMNS="40").stdout.decode().splitlines()
    assert max(map(len, done)) > 150
