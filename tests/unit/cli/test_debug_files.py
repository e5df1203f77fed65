"""The files that a module names for debuggers are taken from its folder, and from no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.cli.debug_files import DebugFile, debug_file
from stackswitch.wasm.encoding import CUSTOM, HEADER, name, section
from stackswitch.wasm.module import Module, parse_module

MAP = "sourceMappingURL"


def naming(url: str) -> Module:
    return parse_module(HEADER + section(CUSTOM, name(MAP) + name(url)))


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("app.wasm.map", "out.wasm.map"),
        ("./maps/app.wasm.map", "./maps/out.wasm.map"),
        ("http://localhost:8000/maps/app.wasm.map?v=1#x", "http://localhost:8000/maps/out.wasm.map"),
        ("%61pp.wasm.map", "out.wasm.map"),
    ],
)
def test_a_file_is_found_by_the_end_of_its_url(url: str, written: str, tmp_path: Path) -> None:
    (tmp_path / "app.wasm.map").write_bytes(b"{}")
    output = str(tmp_path / "build" / "out.wasm")
    found = debug_file(MAP, naming(url), tmp_path / "app.wasm", output)
    assert found == DebugFile(data=b"{}", url=written, output=f"{output}.map")


@pytest.mark.parametrize(
    "url",
    [
        "other.map", "..%2fapp.wasm.map", "%2e%2e/secret.map", "..%2f..%2fsecret.map", "%2fetc%2fpasswd",
        "..", "", "a\0b", "data:application/json;base64,e30=", "[", "maps/",
    ],
)  # fmt: skip
def test_no_file_of_another_folder_is_read(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    for each in ("secret.map", "app.wasm.map"):
        (tmp_path / each).write_bytes(b"{}")
    assert debug_file(MAP, naming(url), folder / "app.wasm", str(folder / "out.wasm")) is None


def test_a_build_on_standard_output_has_no_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "app.wasm.map").write_bytes(b"{}")
    assert debug_file(MAP, naming("app.wasm.map"), tmp_path / "app.wasm", "-") is None
    broken = parse_module(HEADER + section(CUSTOM, name(MAP) + b"\xff"))
    assert debug_file(MAP, broken, tmp_path / "app.wasm", "out.wasm") is None
    assert debug_file(MAP, parse_module(HEADER), tmp_path / "app.wasm", "out.wasm") is None
