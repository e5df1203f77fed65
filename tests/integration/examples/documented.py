"""Reads the commands that a page shows with their output, and runs them.

In a block ``console``, a line ``$ COMMAND`` is a command; the lines up to the next one are what it prints.
``…`` stands for any text, and on a line of its own for any lines. A command with nothing below it has to
succeed, whatever it prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_MARK = "@@ ended with"
TIMEOUT_S = 600.0


@dataclass
class Step:
    """A command, and what it prints."""

    command: str
    output: list[str] = field(default_factory=list)

    def pattern(self) -> str:
        """Return the output as a regular expression."""
        lines = [
            r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
            for line in self.output
        ]
        return "".join(lines)


def steps(page: Path) -> list[Step]:
    """Return the commands of a page.

    :raises AssertionError: it has none, or a block begins with something else
    """
    found: list[Step] = []
    for block in _BLOCK.findall(page.read_text("utf-8")):
        for line in map(str.strip, block.rstrip().split("\n")):
            if line.startswith("$ "):
                found.append(Step(line.removeprefix("$ ")))
            else:
                found[-1].output.append(line)
    assert found, f"{page} shows no command"
    return found


def check(page: Path, folder: Path, programs: list[Path], skipped: str = "") -> None:
    """Run a page's commands in one shell, in a folder, and compare what each prints.

    :param programs: folders that come first in PATH
    :param skipped: commands that begin so are not run
    :raises AssertionError: one fails, or prints something else
    """
    plan = [each for each in steps(page) if not (skipped and each.command.startswith(skipped))]
    script = "".join(f"{each.command}\necho; echo '{_MARK}' $?\n" for each in plan)
    places = [*map(str, programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}"],
        cwd=folder, env=os.environ | {"PATH": os.pathsep.join(places)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    ends = re.split(rf"\n?{_MARK} (\d+)\n", done.stdout)
    for at, each in enumerate(plan):
        printed, status = ends[2 * at], ends[2 * at + 1]
        assert status == "0", f"{page.name}: {each.command} ended with {status}:\n{printed}"
        if each.output:
            told = "".join(f"{line.strip()}\n" for line in printed.strip("\n").split("\n"))
            shown = "\n".join(each.output)
            assert re.fullmatch(each.pattern(), told), (
                f"{page.name}: {each.command} printed\n{told}not\n{shown}"
            )
