"""An unexpected exception, wherever it comes from: one message, status 70, a traceback only in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile import unsafe

RAISES = {
    "an exception": "raise KeyError('x\\x1b[2J\\n::error::y')",
    "recursion": "def again(): again()\nagain()",
    "memory": "raise MemoryError",
    "the base of our errors": """from stackswitch.errors import StackswitchError
raise StackswitchError('lost')""",
    "a thread": """import threading
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
return""",
    "a task that nobody awaits": """import asyncio
async def fails(): 1 / 0
async def main():
    asyncio.ensure_future(fails())
    await asyncio.sleep(0.01)
asyncio.run(main())
return""",
    "a callback of the event loop": """import asyncio
async def main():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)
asyncio.run(main())
return""",
    "a callback from C": "import ctypes\nctypes.CFUNCTYPE(None)(lambda: 1 / 0)()\nreturn",
    "a group of exceptions": """class Group(Exception):
    exceptions = (ValueError('inner'), KeyError('other'))
raise Group('several')""",
}
PROGRAM = """import sys
import stackswitch.cli.doctor as doctor
from stackswitch.cli import main
class Settings:
    engine = wasm_opt = None
def crash():
{}
def load_settings(folder):
    crash()
    return Settings
doctor.load_settings = load_settings
doctor.BACKENDS = {{}}
sys.argv = ['stackswitch', 'doctor']
main()
"""


def run(text: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    program = PROGRAM.format("".join(f"    {line}\n" for line in text.splitlines()))
    argv = [sys.executable, "-c", program]
    return subprocess.run(argv, capture_output=True, env=os.environ | environment, timeout=120)


@pytest.mark.parametrize("text", RAISES.values(), ids=RAISES)
def test_one_message_and_status_70(text: str, tmp_path: Path) -> None:
    done = run(text, STACKSWITCH_TRACEBACK="")
    assert done.returncode == 70, done.stderr
    assert not unsafe(done.stderr)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 4, lines
    assert lines[0].startswith("stackswitch: internal error: ")
    assert "this is a bug" in lines[1]
    assert "STACKSWITCH_TRACEBACK=FILE" in lines[2]
    assert lines[3].endswith("/errors/#internal")

    kept = tmp_path / "traceback.txt"
    done = run(text, STACKSWITCH_TRACEBACK=str(kept))
    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 4
    assert b"Traceback (most recent call last)" in kept.read_bytes()
    assert b"\x1b" not in kept.read_bytes()


def test_a_group_of_one_error_of_ours_is_that_error() -> None:
    done = run(
        "from stackswitch.errors import ConfigError\n"
        "class Group(Exception):\n    exceptions = (ConfigError('no such thing'),)\nraise Group('one')"
    )
    assert done.returncode == 4
    assert done.stderr.decode().splitlines()[0] == "stackswitch: no such thing"


def test_a_traceback_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = run("raise KeyError", STACKSWITCH_TRACEBACK=str(tmp_path / "no" / "file"))
    assert done.returncode == 70
    assert b"could not be written" in done.stderr


@pytest.mark.parametrize("module", ["rich.console", "pydantic", "typer", "stackswitch.reports.escape"])
def test_an_installation_that_cannot_be_imported(module: str) -> None:
    program = f"import sys; sys.modules[{module!r}] = None; from stackswitch.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert done.returncode == 70
    assert not unsafe(done.stderr)
    assert done.stderr.startswith(b"stackswitch: internal error: ")


def test_the_disk_is_full_is_no_bug() -> None:
    done = run("import errno\nraise OSError(errno.ENOSPC, 'No space left on device', '/tmp/x')")
    assert done.returncode == 12
    assert (
        done.stderr.decode().splitlines()[0]
        == "stackswitch: /tmp/x: could not be written: No space left on device"
    )
