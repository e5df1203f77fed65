"""The bar: no line that is printed while it is shown runs into it, and nothing of it is left."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

PRINTS = """
import time
from stackswitch.cli.console import Console
from stackswitch.cli.progress import Progress
out, err = Console(), Console(stderr=True)
out.print("before")
with Progress(err) as progress:
    for at in range(3):
        progress.say(f"said {at}")
        out.print(f"printed {at}")
        time.sleep(0.15)
        err.print(f"warned {at}")
        if at == 1:
            progress.expect(7)
out.print("after")
"""


def screen(data: str) -> list[str]:
    """Return the lines that a terminal shows in the end."""
    lines, row, column = [""], 0, 0
    for escape, char in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z])|([\s\S])", data):
        if escape == "\x1b[2K":
            lines[row] = ""
        elif escape.endswith("A"):
            row -= int(escape[2:-1] or 1)
        elif char == "\r":
            column = 0
        elif char == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif char:
            lines[row] = lines[row][:column].ljust(column) + char + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


def test_lines_of_every_console_stand_above_the_bar() -> None:
    leader, follower = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "60", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTS], stdin=follower, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    data = b""
    try:
        while part := os.read(leader, 65536):
            data += part
    except OSError:
        pass  # the end, on Linux
    os.close(leader)
    assert process.wait(30) == 0
    said = [f"{what} {at}" for at in range(3) for what in ("said", "printed", "warned")]
    assert screen(data.decode()) == ["before", *said, "after"]
    assert "━" in data.decode()
    assert "0/?" not in data.decode()
