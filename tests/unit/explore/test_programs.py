"""Programs as a generator writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackswitch.errors import ConfigError
from stackswitch.explore.programs import parse_programs, programs_of


def line(id_: str, program: str) -> bytes:
    return json.dumps({"id": id_, "program": program}).encode() + b"\n"


def test_of_two_with_the_same_text_the_first_is_kept() -> None:
    lines = [line("a", "1"), b"\n", line("b", "1"), line("c", "2")]
    assert [each.id for each in parse_programs(lines, "x")] == ["a", "c"]


@pytest.mark.parametrize("bad", [b"nonsense\n", b'{"id": "a"}\n', b'{"id": "a", "program": 1}\n', b"[]\n"])
def test_a_line_that_is_no_program_is_told_by_its_number(bad: bytes) -> None:
    found = parse_programs([line("a", "1"), bad], "gen")
    assert next(found).id == "a"
    with pytest.raises(ConfigError, match="gen: line 2 is no program"):
        next(found)


def test_a_file_of_programs(tmp_path: Path) -> None:
    file = tmp_path / "programs.jsonl"
    file.write_bytes(line("a", "1"))
    with programs_of(str(file)) as programs:
        assert [each.program for each in programs] == ["1"]
    with pytest.raises(ConfigError, match="cannot be read"), programs_of(str(tmp_path / "none.jsonl")):
        pass


@pytest.mark.parametrize("empty", ["", "  ", "'unclosed"])
def test_what_is_no_command_is_refused(empty: str) -> None:
    with pytest.raises(ConfigError, match="generator"), programs_of(empty):
        pass
