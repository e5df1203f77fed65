"""``stackswitch explore`` as a user runs it: a generator, a runner that may die, a trace at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import wasmtime

from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.trace import TRACE_LINE, TraceSuspension

RUNNER = Path(__file__).parent / "runner.mjs"
WAT = """(module (import "env" "wait" (func $wait (result i32)))
  (func $leaf (drop (call $wait)))
  (func $one (export "one") (call $leaf))
  (func $mid (call $leaf))
  (func $two (export "two") (call $mid))
  (func (export "quiet"))
  (func (export "trap") unreachable))"""


@pytest.fixture(scope="session")
def node() -> Engine:
    """A Node with JSPI."""
    return find_engine()


class Explorer:
    def __init__(self, folder: Path, node: Engine) -> None:
        self.folder = folder
        self.node = node
        (folder / "module.wasm").write_bytes(bytes(wasmtime.wat2wasm(WAT)))

    def programs(self, *programs: str) -> str:
        lines = [json.dumps({"id": f"{at}:{each}", "program": each}) for at, each in enumerate(programs)]
        (self.folder / "programs.jsonl").write_text("\n".join(lines) + "\n")
        return "programs.jsonl"

    def run(self, generator: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [self.node.path, *self.node.flags, RUNNER, "module.wasm"]
        return subprocess.run(
            [sys.executable, "-m", "stackswitch", "explore", generator, *options, "--", *command],
            cwd=self.folder,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def suspensions(self) -> list[TraceSuspension]:
        lines = (self.folder / "explore" / "trace.jsonl").read_bytes().splitlines()
        read = [TRACE_LINE.validate_json(each) for each in lines]
        return [each for each in read if isinstance(each, TraceSuspension)]

    @property
    def functions(self) -> set[str]:
        return {name for each in self.suspensions for _, _, name in each.frames}

    @property
    def crashes(self) -> dict[str, str]:
        files = (self.folder / "explore" / "crashes").glob("*.json")
        read = [json.loads(each.read_text()) for each in files]
        return {each["program"]: each["detail"] for each in read}


@pytest.fixture
def explorer(tmp_path: Path, node: Engine) -> Explorer:
    return Explorer(tmp_path, node)


def test_what_breaks_the_runner_is_set_apart_and_the_rest_goes_on(explorer: Explorer) -> None:
    done = explorer.run(
        explorer.programs("one", "die", "trap", "one", "loop", "quiet", "two"), "--timeout", "2"
    )
    assert done.returncode == 0, done.stderr
    assert explorer.functions == {"leaf", "one", "mid", "two"}
    crashes = explorer.crashes
    assert set(crashes) == {"die", "trap", "loop"}
    assert "ended with 3" in crashes["die"]
    assert "unreachable" in crashes["trap"]
    assert "killed" in crashes["loop"]
    assert "6 run (0 known before), 3 crashed" in done.stderr
    assert not (explorer.folder / "explore" / "parts").exists()


def test_an_exploration_goes_on_where_it_ended(explorer: Explorer) -> None:
    explorer.run(explorer.programs("one"))
    assert explorer.functions == {"leaf", "one"}
    done = explorer.run(explorer.programs("one", "two"))
    assert "1 run (1 known before), 0 crashed" in done.stderr
    assert "2 new" in done.stderr
    assert explorer.functions == {"leaf", "one", "mid", "two"}
    # The two stacks share their innermost call; each still shows something of its own.
    assert len(explorer.suspensions) == 2


def test_a_generator_without_end_is_stopped_when_the_time_is_over(explorer: Explorer) -> None:
    (explorer.folder / "generate.py").write_text(
        "import json, itertools\n"
        "for at in itertools.count():\n"
        "    program = 'one' if at == 5 else f'missing{at}'\n"
        "    print(json.dumps({'id': str(at), 'program': program}), flush=True)\n"
    )
    done = explorer.run(f"{sys.executable} generate.py", "--seconds", "3", "-j", "2")
    assert done.returncode == 0, done.stderr
    assert "the time is over" in done.stderr
    assert explorer.functions == {"leaf", "one"}


@pytest.mark.parametrize(
    ("generator", "code", "text"),
    [
        ("none.jsonl", 4, "cannot be read"),
        ("there-is-no-such-command", 8, "not found in PATH"),
        (f"{sys.executable} -c 'import sys; sys.exit(3)'", 7, "the generator failed"),
        (f"{sys.executable} -c 'print(1)'", 4, "line 1 is no program"),
    ],
)
def test_a_generator_that_is_none(explorer: Explorer, generator: str, code: int, text: str) -> None:
    done = explorer.run(generator)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert text in done.stderr


def test_a_runner_that_is_none(explorer: Explorer) -> None:
    done = explorer.run(explorer.programs("babble"))
    assert done.returncode == 7
    assert "answer to 0:babble is not understood: this is no answer" in done.stderr
    (explorer.folder / "module.wasm").write_bytes(b"nonsense")
    done = explorer.run(explorer.programs("quiet"))
    assert done.returncode == 7
    assert "ended before its first answer" in done.stderr


def test_an_interrupted_exploration_leaves_no_runner_and_goes_on_later(explorer: Explorer) -> None:
    programs = explorer.programs("one", "loop", "two")
    command = [sys.executable, "-m", "stackswitch", "explore", programs, "--"]
    with subprocess.Popen(
        [*command, explorer.node.path, *explorer.node.flags, RUNNER, "module.wasm"],
        cwd=explorer.folder,
        stderr=subprocess.PIPE,
    ) as child:
        journal = explorer.folder / "explore" / "journal.jsonl"
        parts = explorer.folder / "explore" / "parts"
        end = time.monotonic() + 60
        while time.monotonic() < end and not any(
            b"stack" in each.read_bytes() for each in parts.glob("*.jsonl")
        ):
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 130
    assert not (explorer.folder / "explore" / "trace.jsonl").exists()
    assert journal.read_text().count("0:one") == 1
    # What was seen before is not lost, and what was interrupted is run again.
    explorer.run(explorer.programs("two"))
    assert explorer.functions == {"leaf", "one", "mid", "two"}
