"""Lua's explorer: its programs run, and show functions of Lua's that no case of the suite reaches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from stackswitch.engines.locate import find_engine
from stackswitch.models.trace import TRACE_LINE, TraceSuspension

EXPLORE = Path(__file__).parents[3] / "examples" / "lua" / "explore"
WANTED = {
    "wait/sort": "sort",
    "wait/hook": "luaD_hook",
    "statement-6/pieces": "luaY_parser",
    "table.concat(17)/plain": "tconcat",
    "table.move(16)/plain": "tmove",
    "string.format(10)/plain": "str_format",
    "M() .. M()/plain": "luaT_tryconcatTM",
}


def test_lua_is_explored_by_its_library(tmp_path: Path) -> None:
    node = find_engine()
    argv = [node.path, *node.flags]
    made = subprocess.run([*argv, EXPLORE / "generate.mjs"], capture_output=True, check=True, timeout=120)
    programs = {json.loads(line)["id"]: line for line in made.stdout.splitlines()}
    assert len(programs) > 8000
    (tmp_path / "programs.jsonl").write_bytes(b"\n".join(programs[each] for each in WANTED) + b"\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "stackswitch",
            "explore",
            "programs.jsonl",
            "--",
            *argv,
            EXPLORE / "runner.mjs",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(WANTED)} run (0 known before), 0 crashed" in done.stderr
    lines = map(TRACE_LINE.validate_json, (tmp_path / "explore/trace.jsonl").read_bytes().splitlines())
    functions = {name for one in lines if isinstance(one, TraceSuspension) for _, _, name in one.frames}
    assert set(WANTED.values()) <= functions
