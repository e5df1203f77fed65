"""What a suite's commands talk to: up before the first case, gone after the last, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Test

SERVER = """import json, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open("pids", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
print(json.dumps({"GREETING": "hello"}), flush=True)
sys.stdin.read()
with open("ended", "w") as file:
    file.write("in order")
"""
GREETS = """why = "w"
command = ["node", "-p", "process.env.GREETING"]
[expect]
stdout = "hello\\n"
"""


def with_server(suite: Path, code: str, more: str = "") -> None:
    (suite / "server.py").write_text(code)
    (suite / "suite.toml").write_text(f'[services]\ncommand = ["python3", "server.py"]\n{more}')


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def all_gone(suite: Path) -> bool:
    """Whether neither the server nor what it started is left; killed processes may take a moment."""
    pids = [int(each) for each in (suite / "pids").read_text().split()]
    for _ in range(100):
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


def test_they_are_up_for_all_cases_and_end_with_all_they_started(suite: Path, tested: Test) -> None:
    with_server(suite, SERVER)
    for name in ("a", "b"):
        (suite / f"{name}.toml").write_text(GREETS)
    ran = tested("--backend", "jspi")
    assert [ran.outcome(name) for name in ("a", "b")] == ["returned", "returned"]
    assert (suite / "ended").read_text() == "in order"
    assert all_gone(suite)


@pytest.mark.parametrize(
    ("code", "more", "said"),
    [
        ("import sys\nsys.exit('no port is free')", "", "no port is free"),
        ("print('ready')", "", "JSON object of strings"),
        ("print('{\"PORT\": 80}')", "", "JSON object of strings"),
        ('print(\'{"A B": "c"}\')', "", "JSON object of strings"),
        ("import time\ntime.sleep(600)", "ready_timeout_s = 0.5", "not ready after 0.5 s"),
        ("import sys\nsys.stdout.write('x' * 3_000_000)\nsys.stdin.read()", "", "has no end"),
    ],
)
def test_those_that_do_not_come_up(suite: Path, tested: Test, code: str, more: str, said: str) -> None:
    with_server(suite, code, more)
    (suite / "a.toml").write_text(GREETS)
    ran = tested("--backend", "jspi")
    assert ran.status == 7
    assert said in ran.stderr
    assert "suite.toml: services" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_command_that_is_not_there(suite: Path, tested: Test) -> None:
    (suite / "suite.toml").write_text('[services]\ncommand = ["no-such-server"]\n')
    (suite / "a.toml").write_text(GREETS)
    ran = tested("--backend", "jspi")
    assert ran.status == 8
    assert "there is no command no-such-server" in ran.stderr


def test_those_that_die_are_told_by_every_case_after_that(suite: Path, tested: Test) -> None:
    dies = SERVER.replace(
        "sys.stdin.read()",
        "import time\nwhile not os.path.exists('die'): time.sleep(0.01)\nsys.exit('out of memory')",
    )
    with_server(suite, dies)
    (suite / "a.toml").write_text(
        GREETS.replace(
            '["node", "-p", "process.env.GREETING"]',
            '["sh", "-c", "node -p process.env.GREETING; touch die; sleep 1"]',
        )
    )
    (suite / "b.toml").write_text(GREETS)
    ran = tested("--backend", "jspi", "-j", "1")
    assert [ran.outcome(name) for name in ("a", "b")] == ["returned", "error"]
    detail = ran.results["b", "jspi"]["detail"]
    assert "the suite's services have ended (exit status 1)" in detail
    assert "out of memory" in detail
    assert all_gone(suite)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_they_end_when_the_run_is_ended(suite: Path, how: signal.Signals) -> None:
    with_server(suite, SERVER)
    (suite / "a.toml").write_text(
        'why = "w"\ncommand = ["node", "-e", '
        "\"require('fs').writeFileSync('case', String(process.pid)); setInterval(() => {}, 1000)\"]\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-m", "stackswitch", "test", suite, "--backend", "jspi"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(1200):
            if (suite / "case").exists() and (suite / "case").read_text():
                break
            time.sleep(0.05)
        case = int((suite / "case").read_text())
        os.kill(run.pid, how)
        _, stderr = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode not in (0, 1)
    assert "Traceback" not in stderr
    assert all_gone(suite)
    assert not is_alive(case)
    assert (suite / "ended").exists()


def test_what_they_print_later_never_stops_them(suite: Path, tested: Test) -> None:
    talks = SERVER.replace(
        "sys.stdin.read()",
        "print('x' * 1_000_000, flush=True)\n"
        "print('y' * 1_000_000, file=sys.stderr, flush=True)\n"
        "open('talked', 'w').close()\nsys.stdin.read()",
    )
    with_server(suite, talks)
    (suite / "a.toml").write_text(
        GREETS.replace(
            '["node", "-p", "process.env.GREETING"]',
            '["sh", "-c", "until [ -e talked ]; do sleep 0.05; done; node -p process.env.GREETING"]',
        )
    )
    assert tested("--backend", "jspi").outcome("a") == "returned"
