"""Write the suite's cases from its programs and results; ``--check`` says what is stale, and exits with 1.

Each program begins with what its cases need::

    // array_map with a wait in its callback.
    // waits: http mysqli                 (a case for each; without the line: one, as the program waits)
    // prints: a b c                      (a line of the expected output; any number of them)
    // exits: 255                         (the expected exit status, if it is not 0)
    // outcome: trapped                   (the expected outcome, if it is not that it returns)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

SUITE = Path(__file__).resolve().parent / "suite"
WAITS = {
    "http": "file_get_contents over HTTP",
    "socket": "fsockopen",
    "select": "stream_select",
    "curl": "curl_exec",
    "mysqli": "mysqli::query",
    "pdo": "PDO",
    "sleep": "usleep",
}
RESULTS = SUITE.parent / "results.json"
_NOTE = "# Written by generate.py from the program beside it."


def cases(program: Path, seen: dict[str, dict[str, dict[str, str]]]) -> dict[Path, str]:
    """The cases of one program: file to text.

    :param seen: what the cases came to on each build, by id, as in ``results.json``

    :raises ValueError: its first lines are not as they have to be
    """
    why, notes = _header(program)
    stdout = "".join(f"{line}\n" for line in notes.get("prints", []))
    status = notes.get("exits", ["0"])[0]
    found: dict[Path, str] = {}
    for wait in notes.get("waits", [""])[0].split() or [None]:
        lines = [_NOTE, "", f"why = {_toml(f'{why} [{WAITS[wait]}]' if wait else why)}"]
        lines.append(f'command = ["node", "../../runner.mjs", {_toml(program.name)}]')
        if wait:
            lines.append(f"env = {{ WAIT = {_toml(wait)} }}")
        lines += ["", "[expect]", f"stdout = {_toml(stdout)}"]
        if "outcome" in notes:
            lines.append(f"outcome = {_toml(notes['outcome'][0])}")
        if status != "0":
            lines.append(f"exit_code = {int(status)}")
        name = f"{program.stem}-{wait}" if wait else program.stem
        if "outcome" not in notes:
            lines += _differs(seen.get(f"{program.parent.name}/{name}", {}).get("shipped", {}))
        found[program.with_name(f"{name}.toml")] = "\n".join(lines) + "\n"
    return found


def _differs(shipped: dict[str, str]) -> list[str]:
    """What is known of the shipped Asyncify build, where it fails."""
    if shipped.get("ended", "not run") == "not run":
        return []
    lacks = "lacks" in shipped
    reason = (
        "The shipped list lacks names of this stack."
        if lacks
        else "It fails with all names of its stacks instrumented."
    )
    outcome = "needs-list-fix" if lacks else shipped["ended"]
    return [
        "",
        "[[differs]]",
        'build = "own"',
        f"reason = {_toml(reason)}",
        f"expect = {{ outcome = {_toml(outcome)} }}",
    ]


def _header(program: Path) -> tuple[str, dict[str, list[str]]]:
    lines = program.read_text("utf-8").split("\n")
    why: list[str] = []
    notes: dict[str, list[str]] = {}
    for line in lines[1:]:
        if not line.startswith("//"):
            break
        word, colon, rest = line[3:].partition(":")
        if colon and word in ("waits", "prints", "exits", "outcome"):
            notes.setdefault(word, []).append(rest.removeprefix(" "))
        else:
            why.append(line[3:])
    if lines[0] != "<?php" or not why or "prints" not in notes:
        raise ValueError(f"{program}: the first lines say what it is about and what it prints")
    return " ".join(why), notes


def _toml(text: str) -> str:
    """A basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)


def generated() -> dict[Path, str]:
    """All cases: file to text."""
    found: dict[Path, str] = {}
    seen = json.loads(RESULTS.read_bytes())["cases"]
    for program in sorted(SUITE.glob("*/*.php")):
        found |= cases(program, seen)
    return found


def main() -> int:
    """Write, or check."""
    wanted = generated()
    there = {path: path.read_text("utf-8") for path in SUITE.glob("*/*.toml")}
    left = {path for path, text in there.items() if path not in wanted and text.startswith(_NOTE)}
    stale = sorted(left | {path for path, text in wanted.items() if there.get(path) != text})
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path} is stale: run python examples/php/generate.py")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
