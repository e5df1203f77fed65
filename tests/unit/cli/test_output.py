from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stackswitch.cli.output import check_writable, open_outputs, write_output
from stackswitch.errors import ConfigError, OutputError


def test_a_file_is_replaced_whole_with_the_usual_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old and longer than the new")
    write_output(str(target), b"new")
    assert target.read_bytes() == b"new"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask
    assert [each.name for each in tmp_path.iterdir()] == ["out.json"]


def test_what_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    check_writable([None, "-", str(tmp_path / "fine.json")])
    with pytest.raises(OutputError, match="no folder"):
        check_writable([str(tmp_path / "none" / "out.json")])
    with pytest.raises(OutputError, match="is a folder"):
        check_writable([str(tmp_path)])


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    (target / "inside").write_text("kept")
    with pytest.raises(OutputError, match="could not be written"):
        write_output(str(target), b"new")
    assert (target / "inside").read_text() == "kept"
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_what_is_no_file_is_written_into_and_stays() -> None:
    write_output("/dev/null", b"gone")
    assert Path("/dev/null").is_char_device()


def test_standard_output_holds_one_thing_and_nothing_else(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    console = open_outputs("-", None)
    console.print("for people")
    write_output("-", b"for machines")
    out, err = capsysbinary.readouterr()
    assert out == b"for machines"
    assert b"for people" in err
    with pytest.raises(ConfigError, match="standard output"):
        open_outputs("-", "-")


def test_a_file_holds_one_thing(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    with pytest.raises(ConfigError, match="same file"):
        open_outputs(str(target), str(tmp_path / "." / "out.json"))
    open_outputs(str(target), None, str(tmp_path / "other.json"), "/dev/null", "/dev/null")
