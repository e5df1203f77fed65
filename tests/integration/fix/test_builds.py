"""``fix`` where a build command makes the modules, and where traces are all there is."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from .conftest import CHAIN, write_chain

COMMAND = [sys.executable, "-m", "stackswitch"]
ENV = os.environ | {"COLUMNS": "200"}
INSTRUMENT = (
    f"{shlex.join(COMMAND)} instrument chain.wasm"
    " --list only.txt --imports env.wait -o suite/chain-build.wasm"
)


def stackswitch(*args: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, args)], capture_output=True, text=True, timeout=300, cwd=folder, env=ENV
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A suite whose module is a build, made by a command from a list that falls short."""
    path = write_chain(tmp_path / "suite", "[asyncify]\nprebuilt = true\n")
    path.write_text(path.read_text().replace("chain.wat", "chain-build.wasm"))
    (path.parent / "chain.wat").unlink()
    (tmp_path / "chain.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    (tmp_path / "only.txt").write_text("leaf\n")
    subprocess.run(INSTRUMENT, shell=True, check=True, cwd=tmp_path, capture_output=True)
    return tmp_path


def test_a_build_command_makes_the_module_again(project: Path) -> None:
    config = f'suite = "suite"\n[lists]\nfile = "only.txt"\n[fix]\nbuild = """{INSTRUMENT}"""\n'
    (project / "stackswitch.toml").write_text(config)
    (project / "below").mkdir()
    done = stackswitch("fix", "--json", "-", folder=project / "below")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["rounds"], report["build"]) == ("verified", 1, INSTRUMENT)
    assert (project / "only.txt").read_text() == "leaf\nmain\nmid\n"
    assert stackswitch("fix", "--check", folder=project).returncode == 0


def test_without_a_build_command_there_is_no_progress_and_the_reason_is_told(project: Path) -> None:
    done = stackswitch("fix", "suite", "--list", "only.txt", folder=project)
    assert done.returncode == 1
    assert "no progress" in done.stdout
    assert "give --build COMMAND, which makes it again" in done.stdout
    assert (project / "only.txt").read_text() == "leaf\n"


def test_a_build_that_takes_no_notice_of_the_list_is_no_progress(project: Path) -> None:
    done = stackswitch("fix", "suite", "--list", "only.txt", "--build", "true", folder=project)
    assert done.returncode == 1
    assert "the list has these, and what the build command made does not" in done.stdout
    assert (project / "only.txt").read_text() == "leaf\n"


def test_a_build_command_that_fails_leaves_the_old_list(project: Path) -> None:
    command = "grep -q mid only.txt && echo no such compiler >&2; exit 9"
    done = stackswitch("fix", "suite", "--list", "only.txt", "--build", command, folder=project)
    assert done.returncode == 7
    assert "the build command failed with the new lists; the old ones are restored" in done.stderr
    assert "exit status 9" in done.stderr
    assert "no such compiler" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project / "only.txt").read_text() == "leaf\n"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_fix_that_is_killed_while_it_builds_leaves_the_old_list(
    project: Path, sign: signal.Signals
) -> None:
    names = project / "only.txt"
    command = "touch building; exec sleep 20"
    process = subprocess.Popen(
        [*COMMAND, "fix", "suite", "--list", "only.txt", "--build", command],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (project / "building").exists())
    assert names.read_text() == "leaf\nmain\nmid\n"
    process.send_signal(sign)
    process.wait(timeout=60)
    assert process.stderr is not None
    process.stderr.close()
    wait_for(lambda: names.read_text() == "leaf\n")
    assert sorted(each.name for each in project.iterdir()) == ["building", "chain.wasm", "only.txt", "suite"]


def wait_for(condition: object, most_s: float = 60.0) -> None:
    assert callable(condition)
    ends = time.monotonic() + most_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def traced(tmp_path: Path) -> Path:
    """A trace of the module on JSPI, the module, and a list that falls short."""
    (tmp_path / "chain.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    (tmp_path / "only.txt").write_text("never\n")
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "chain.wat").write_text(CHAIN)
    (tmp_path / "suite" / "chain.toml").write_text(
        'why = "A chain."\nsource = "chain.wat"\nexport = "main"\n'
    )
    trace_of(tmp_path, "chain.wasm", "trace.jsonl")
    return tmp_path


def trace_of(folder: Path, module: str, trace: str) -> None:
    (folder / "run.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        f'const module = new WebAssembly.Module(readFileSync("{module}"));\n'
        "const wait = new WebAssembly.Suspending(async () => 5);\n"
        "const { exports } = new WebAssembly.Instance(module, { env: { wait } });\n"
        "if ((await WebAssembly.promising(exports.main)(10)) !== 31) throw new Error('wrong');\n"
    )
    done = stackswitch(
        "trace", "--engine", "node@26", "--output", trace, "--", "node", "run.mjs", folder=folder
    )
    assert done.returncode == 0, done.stderr


def test_lists_from_a_trace(traced: Path) -> None:
    command = ["fix", "--trace", "trace.jsonl", "--module", "chain.wasm", "--list", "only.txt"]
    before = (traced / "only.txt").read_bytes()
    checked = stackswitch(*command, "--check", folder=traced)
    assert checked.returncode == 1
    assert "3 names are missing" in checked.stdout
    assert (traced / "only.txt").read_bytes() == before
    done = stackswitch(*command, "--json", "-", folder=traced)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["edits"][0]["needed_by"]["leaf"]) == ("covers-traces", ["trace.jsonl"])
    assert (traced / "only.txt").read_text() == "never\nleaf\nmain\nmid\n"
    assert stackswitch(*command, "--minimize", folder=traced).returncode == 0
    assert (traced / "only.txt").read_text() == "leaf\nmain\nmid\n"
    assert stackswitch(*command, "--check", folder=traced).returncode == 0
    with_asserts = stackswitch(*command, "--policy", "dispatch", "--diff", folder=traced)
    assert "+never" in with_asserts.stdout


def test_both_backends_lists_from_a_trace(traced: Path) -> None:
    makefile = traced / "Makefile"
    text = "A = -sASYNCIFY_ONLY=main -sJSPI_EXPORTS=start -sJSPI_IMPORTS=env.other -sASYNCIFY_IMPORTS=env.o\n"
    makefile.write_text(text)
    done = stackswitch(
        "fix", "--trace", "trace.jsonl", "--module", "chain.wasm", "--list", makefile, folder=traced
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert makefile.read_text() == (
        "A = -sASYNCIFY_ONLY=main,leaf,mid -sJSPI_EXPORTS=start,main -sJSPI_IMPORTS=env.other,env.wait "
        "-sASYNCIFY_IMPORTS=env.o\n"
    )
    assert "env.wait was not added to ASYNCIFY_IMPORTS: only a JSPI build waited there" in done.stdout
    makefile.write_text("A = -sASYNCIFY_ONLY=main -sASYNCIFY_IMPORTS=env.o\n")
    stackswitch("fix", "--trace", "trace.jsonl", "--module", "chain.wasm", "--list", makefile, folder=traced)
    assert makefile.read_text() == "A = -sASYNCIFY_ONLY=main,leaf,mid -sASYNCIFY_IMPORTS=env.o,env.wait\n"


def test_a_trace_of_another_build_goes_by_name_or_is_refused(traced: Path) -> None:
    other = CHAIN.replace("(func $leaf", '(func $first (export "first")) (func $leaf')
    (traced / "other.wasm").write_bytes(bytes(wat2wasm(other)))
    command = ["fix", "--trace", "trace.jsonl", "--list", "only.txt", "--module"]
    done = stackswitch(*command, "other.wasm", folder=traced)
    assert done.returncode == 0, done.stderr
    assert "was recorded on another build of other.wasm: its functions are matched by name" in done.stdout
    assert (traced / "only.txt").read_text() == "never\nleaf\nmain\nmid\n"
    strange = CHAIN.replace("$leaf", "$a").replace("$mid", "$b").replace("$main", "$c")
    (traced / "strange.wasm").write_bytes(bytes(wat2wasm(strange)))
    refused = stackswitch(*command, "strange.wasm", folder=traced)
    assert refused.returncode == 4
    assert "this trace was recorded on another module: 0 of the 3 functions" in refused.stderr


def test_names_from_a_symbol_file(tmp_path: Path) -> None:
    module = bytes(wat2wasm(CHAIN))
    stripped = module[: module.rindex(b"\x04name") - 2]
    (tmp_path / "stripped.wasm").write_bytes(stripped)
    (tmp_path / "app.symbols").write_text("0:wait\n1:leaf\n2:mid\\28int\\29\n3:never\n4:main\n")
    (tmp_path / "only.txt").write_text("main\n")
    trace_of(tmp_path, "stripped.wasm", "trace.jsonl")
    command = ["fix", "--trace", "trace.jsonl", "--module", "stripped.wasm", "--list", "only.txt"]
    named = stackswitch(*command, "--symbols", "app.symbols", folder=tmp_path)
    assert named.returncode == 0, named.stderr
    assert (tmp_path / "only.txt").read_text() == "main\nleaf\nmid(int)\n"
    (tmp_path / "only.txt").write_text("0\n")
    assert stackswitch(*command, folder=tmp_path).returncode == 0
    assert (tmp_path / "only.txt").read_text().split() == ["0", "1", "3"]
    (tmp_path / "app.symbols").write_text("0:wait\n9:leaf\n")
    other = stackswitch(*command, "--symbols", "app.symbols", folder=tmp_path)
    assert (other.returncode, "it is another build's file" in other.stderr) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--trace", "trace.jsonl"], 2, "say which module the traces are of"),
        (["suite", "--trace", "t", "--module", "m"], 2, "not both"),
        (["--module", "chain.wasm"], 2, "it goes with --trace"),
        (["--trace", "trace.jsonl", "--module", "chain.wasm"], 4, "say with --list FILE"),
        (["--trace", "none", "--module", "chain.wasm", "--list", "only.txt"], 4, "none: this trace cannot"),
        (["--trace", ".", "--module", "none.wasm", "--list", "only.txt"], 4, "this module cannot be read"),
        (["--trace", "run.mjs", "--module", "chain.wasm", "--list", "only.txt"], 4, "line 1 is no line of a"),
        (
            ["--trace", "t.jsonl", "--module", "chain.wasm", "--list", "only.txt", "--build", "true"],
            4,
            "--built FILE",
        ),
        (
            [
                "--trace",
                "trace.jsonl",
                "--module",
                "chain.wasm",
                "--list",
                "only.txt",
                "--symbols",
                "run.mjs",
            ],
            4,
            "none of a symbol file",
        ),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(
    arguments: list[str], status: int, says: str, traced: Path
) -> None:
    done = stackswitch("fix", *arguments, folder=traced)
    assert done.returncode == status, done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert (traced / "only.txt").read_text() == "never\n"


def test_assertions_of_the_configuration(tmp_path: Path) -> None:
    write_chain(tmp_path / "suite")
    (tmp_path / "only.txt").write_text("leaf\n")
    config = 'suite = "suite"\n[lists]\nfile = "only.txt"\n'
    (tmp_path / "stackswitch.toml").write_text(config + 'never = ["nev*"]\nalways = ["main"]\n')
    done = stackswitch("fix", "--policy", "dispatch", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "never nev*: removes 1 function," in done.stdout
    assert "always main: adds 0 functions, 0 bytes of code" in done.stdout
    assert (tmp_path / "only.txt").read_text() == "leaf\nmain\nmid\n"
    for lists, says in (
        (
            'never = ["mi*"]',
            'never = ["mi*"] is wrong: mid was on the stack at a wait for env.wait in chain',
        ),
        ('never = ["gone"]', "no module has a function for never 'gone'"),
        ('never = ["m*"]\nalways = ["main"]', "never and always both name 'main'"),
    ):
        (tmp_path / "stackswitch.toml").write_text(config + lists + "\n")
        refused = stackswitch("fix", folder=tmp_path)
        assert refused.returncode == 4, refused.stdout
        assert says in refused.stderr
    assert "leaf < mid < main" not in refused.stderr
