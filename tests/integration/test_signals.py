"""How a run ends before its time: by Ctrl-C on a terminal, by a signal, by a SIGKILL; what is left then."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
START = [sys.executable, "-m", "stackswitch"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left is looked for in /proc")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ctrl_c", ROOT / "fuzz" / "ctrl_c.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ctrl_c = load()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("ending")
    commands = ctrl_c.prepare(folder)
    (folder / "big.wasm").write_bytes(bytes(ctrl_c.wasmtime.wat2wasm((folder / "big.wat").read_text())))
    trace = [*START, "trace", "--output", "trace.jsonl", "--", "node", "program.mjs"]
    ctrl_c.interrupt(trace, folder, None, signal.SIGINT)
    return folder, {name: [*START, *command.args] for name, command in commands.items()}


MOMENTS = [
    ("test", 3.0),
    ("test-fiber", 4.0),
    ("test-commands", 3.0),
    ("fix-build", 3.5),
    ("fix-commands", 3.0),
    ("run-computes", 2.0),
    ("run-jspi", 2.0),
    ("bench", 3.0),
    ("detect", 2.0),
    ("explore", 2.0),
    ("analyze", 2.0),
]
"""Commands, and about when they are in the middle of their work (seconds)."""


@pytest.mark.parametrize(("name", "about_s"), MOMENTS, ids=[name for name, _ in MOMENTS])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_nothing_is_left(
    name: str, about_s: float, number: signal.Signals, prepared: tuple[Path, dict[str, list[str]]]
) -> None:
    folder, commands = prepared
    after = random.Random(name).uniform(0.5, 1) * about_s
    ended = ctrl_c.interrupt(commands[name], folder, after, number)
    if ended is None:  # a fast machine
        ended = ctrl_c.interrupt(commands[name], folder, 0.5, number)
    assert ended is not None
    assert not ended.early
    assert ended.findings(128 + number, killed=number == signal.SIGKILL) == [], ended.output[-2000:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_no_interruption(
    number: signal.Signals, prepared: tuple[Path, dict[str, list[str]]]
) -> None:
    folder, commands = prepared
    ended = ctrl_c.interrupt(commands["test-commands"], folder, 2.0, number)
    assert ended.status == 128 + number
    assert ended.findings(128 + number, killed=False) == [], ended.output
    assert f"ended by {number.name}" in ended.output


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "chain.wasm").write_bytes(bytes(ctrl_c.wasmtime.wat2wasm(ctrl_c.CHAIN)))
    # A host function that clings to life: one Ctrl-C alone takes the time that is given for cleaning up.
    (tmp_path / "host.py").write_text(
        "import asyncio\n"
        "async def wait(caller, number):\n"
        "    open('waiting', 'w').close()\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.sleep(60)\n"
        "        except BaseException:\n"
        "            pass\n"
    )
    argv = [*START, "run", "chain.wasm", "main", "1", "--host", "host.py"]
    once = started(argv, tmp_path, tmp_path / "waiting")
    began = time.monotonic()
    once.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert once.poll() is None
    once.send_signal(signal.SIGINT)
    assert once.wait(timeout=2) == 130
    assert time.monotonic() - began < 2.5
    assert once.communicate()[1] == "stackswitch: interrupted\n"


def test_what_does_not_stop_is_left_behind(tmp_path: Path) -> None:
    """The grace for cleaning up is over some time."""
    (tmp_path / "chain.wasm").write_bytes(bytes(ctrl_c.wasmtime.wat2wasm(ctrl_c.CHAIN)))
    (tmp_path / "host.py").write_text(
        "import time\n"
        "def wait(caller, number):\n"
        "    open('waiting', 'w').close()\n"
        "    while True:\n"
        "        try:\n"
        "            time.sleep(60)\n"
        "        except BaseException:\n"
        "            pass\n"
    )
    run = started(
        [*START, "run", "chain.wasm", "main", "1", "--host", "host.py"], tmp_path, tmp_path / "waiting"
    )
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=10) == 143
    assert run.communicate()[1] == "stackswitch: ended by SIGTERM\n"


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    (tmp_path / "chain.wasm").write_bytes(bytes(ctrl_c.wasmtime.wat2wasm(ctrl_c.CHAIN)))
    (tmp_path / "host.py").write_text(
        "import asyncio\nasync def wait(caller, number):\n    open('waiting', 'w').close()\n"
        "    await asyncio.sleep(1)\n    return 5\n"
    )
    argv = ["nohup", *START, "run", "chain.wasm", "main", "1", "--host", "host.py"]
    run = started(argv, tmp_path, tmp_path / "waiting")
    run.send_signal(signal.SIGHUP)
    stderr = run.communicate(timeout=20)[1]
    assert run.returncode == 0, stderr


def test_a_killed_run_that_started_no_other_process_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (tmp_path / "case.wat").write_text("""(module (import "env" "wait" (func $wait))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (func (export "main") (call $wait) (drop (call $yield))))""")
    (tmp_path / "case.toml").write_text(
        'why = "It waits."\nsource = "case.wat"\nexport = "main"\ntimeout_s = 20\n'
        'host = [{ import = "env.wait", delay_ms = 15000 }]\n[wasi]\nargs = ["case"]\n'
    )
    process = subprocess.Popen(
        [*START, "test", ".", "--backend", "fiber"], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: any(temporary.iterdir()))
    time.sleep(0.2)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    wait_until(lambda: not any(temporary.iterdir()))


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def started(argv: list[str], folder: Path, ready: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not ready.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """A file in which a program writes the processes that have to end."""
    file = tmp_path / "pids"
    yield file
    for each in file.read_text().split() if file.exists() else ():
        if is_alive(int(each)):
            os.kill(int(each), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


LIBRARY = """import asyncio, os, sys
import stackswitch
from stackswitch.transport import process as child
WAT = b'(module (import "env" "wait" (func $w)) (func (export "f") (call $w) (loop (br 0))))'
spawned = []
spawn = child.subprocess.Popen
def noting(*args, **options):
    process = spawn(*args, **options)
    spawned.append(process.pid)
    return process
child.subprocess.Popen = noting
async def main():
    import wasmtime
    async def wait(caller):
        asyncio.get_running_loop().call_later(0.5, end)
    guest = await stackswitch.open(bytes(wasmtime.wat2wasm(WAT)), imports={"env.wait": wait}, backend="jspi")
    await guest.call("f")
def end():
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(" ".join(map(str, spawned)))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    HOW
asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["os._exit(3)", "os.abort()", "os.kill(os.getpid(), 9)", "sys.exit(4)"])
def test_a_guest_that_computes_ends_with_its_process(how: str, tmp_path: Path, pids: Path) -> None:
    """Its Node is in an endless loop: it hears nothing of a closed socket."""
    (tmp_path / "program.py").write_text(LIBRARY.replace("HOW", how))
    done = subprocess.run(
        [sys.executable, "program.py", pids], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    found = [int(each) for each in pids.read_text().split()]
    assert found, done.stderr
    end = time.monotonic() + 5
    while any(map(is_alive, found)):
        assert time.monotonic() < end, "Node is still there"
        time.sleep(0.05)


def test_a_fork_does_not_keep_the_children_alive(tmp_path: Path, pids: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import os, subprocess, sys, time\n"
        "from stackswitch.tools import watchdog\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "watchdog.watch(child.pid)\n"
        "forked = os.fork()\n"
        "if not forked:\n    time.sleep(30)\n    os._exit(0)\n"
        "open(sys.argv[1], 'w').write(f'{child.pid} {forked}')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "program.py", pids], cwd=tmp_path, timeout=60, check=False)
    child, forked = map(int, pids.read_text().split())
    end = time.monotonic() + 5
    while is_alive(child):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert is_alive(forked), "it is none of what was watched"


def test_an_orderly_end_leaves_what_has_left_its_group(tmp_path: Path, pids: Path) -> None:
    """A build command may leave a server behind on purpose."""
    (tmp_path / "program.py").write_text(
        "import os, subprocess, sys\n"
        "from stackswitch.tools import watchdog\n"
        "watchdog.mark()\n"
        "own = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "watchdog.watch(own.pid)\n"
        "other = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "assert own.pid in watchdog.marked(os.environ['STACKSWITCH_RUN'])\n"
        "open(sys.argv[1], 'w').write(f'{own.pid} {other.pid}')\n"
        "own.returncode = other.returncode = 0\n"
    )
    done = subprocess.run(
        [sys.executable, "program.py", pids],
        cwd=tmp_path,
        timeout=60,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert done.returncode == 0
    own, other = map(int, pids.read_text().split())
    assert not is_alive(own)
    assert is_alive(other)


KILLER = "sleep 600 & echo $$ $! >>{pids}; kill -9 $PPID; sleep 600"
"""A program that starts another, and kills stackswitch before that can know of it."""


@pytest.mark.parametrize("what", ["service", "command", "trace", "runner"])
def test_a_child_that_kills_stackswitch_at_once_ends_too(what: str, tmp_path: Path, pids: Path) -> None:
    killer = ["sh", "-c", KILLER.format(pids=pids)]
    suite = tmp_path / "suite"
    suite.mkdir()
    command = ["true"] if what == "service" else killer
    (suite / "a.toml").write_text(f'why = "w"\ncommand = {json.dumps(command)}\n')
    if what == "service":
        (suite / "suite.toml").write_text(f"[services]\ncommand = {json.dumps(killer)}\n")
    (tmp_path / "programs.jsonl").write_text('{"id": "1", "program": "1"}\n')
    args = {
        "trace": ["trace", "--", *killer],
        "runner": ["explore", "programs.jsonl", "--", *killer],
    }.get(what, ["test", "suite", "--backend", "jspi"])
    done = subprocess.run([*START, *args], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    end = time.monotonic() + 5
    while any(map(is_alive, map(int, pids.read_text().split()))):
        assert time.monotonic() < end
        time.sleep(0.05)
