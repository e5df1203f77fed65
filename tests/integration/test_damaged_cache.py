"""A cache whose files have changed: noticed before anything in it runs, and fetched again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stackswitch.errors import DownloadError
from stackswitch.tools import downloads, folder_integrity

SIZE = 3 << 20


class Tool:
    """A cached tool that is made by hand, and counts how often."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "npm" / "tool"
        self.made = 0
        self.said: list[str] = []

    def install(self, into: Path) -> None:
        self.made += 1
        (into / "bin").mkdir()
        (into / "bin" / "tool").write_bytes(b"\x7fELF" + bytes(SIZE))
        (into / "bin" / "tool").chmod(0o755)
        (into / "package.json").write_text("{}")
        (into / "link").symlink_to("bin/tool")

    def get(self) -> Path:
        return downloads._once(self.folder, self.install, "fetching a tool", self.said.append)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "cache"))
    made = Tool(tmp_path / "cache")
    made.get()
    return made


def flip_a_byte(folder: Path) -> None:
    """Change one byte; size, permissions and the time of modification stay."""
    path = folder / "bin" / "tool"
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(b"\1")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def swap_the_file(folder: Path) -> None:
    """Put another file in its place, with the same size and time."""
    path = folder / "bin" / "tool"
    before = path.stat()
    other = folder / "other"
    other.write_bytes(b"\x7fELF" + b"\2" * SIZE)
    other.chmod(0o755)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def truncate(folder: Path) -> None:
    os.truncate(folder / "bin" / "tool", 5)


def drop_a_file(folder: Path) -> None:
    (folder / "package.json").unlink()


def drop_a_folder(folder: Path) -> None:
    shutil.rmtree(folder / "bin")


def turn_the_link(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("/bin/true")


def spoil_the_manifest(folder: Path) -> None:
    (folder / folder_integrity.NAME).write_bytes(b"\0" * 100)


def edit_the_manifest(folder: Path) -> None:
    path = folder / folder_integrity.NAME
    path.write_text(path.read_text().replace('"package.json"', '"package.jsom"'))


def drop_the_manifest(folder: Path) -> None:
    (folder / folder_integrity.NAME).unlink()


DAMAGES = [
    flip_a_byte,
    swap_the_file,
    truncate,
    drop_a_file,
    drop_a_folder,
    turn_the_link,
    spoil_the_manifest,
    edit_the_manifest,
    drop_the_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_what_is_damaged_is_fetched_again(tool: Tool, damage: Callable[[Path], None]) -> None:
    damage(tool.folder)
    assert tool.get() == tool.folder
    assert tool.made == 2
    assert "is damaged" in tool.said[-1]
    assert (tool.folder / "bin" / "tool").read_bytes() == b"\x7fELF" + bytes(SIZE)
    tool.get()
    assert tool.made == 2
    left = sorted(each.name for each in tool.folder.parent.iterdir())
    assert left == ["tool", "tool.lock"]


def test_a_copy_of_a_cache_is_as_good(tool: Tool) -> None:
    copy = tool.folder.with_name("copy")
    shutil.copytree(tool.folder, copy, symlinks=True)  # other inodes and times
    for path in (copy / "package.json", copy / "bin" / "tool"):
        os.utime(path, (1, 1))
    tool.folder = copy
    assert tool.get() == copy
    assert tool.made == 1


def test_files_that_are_written_beside_are_no_damage(tool: Tool) -> None:
    (tool.folder / "bin" / "__pycache__").mkdir()
    (tool.folder / "bin" / "__pycache__" / "more").write_text("")
    tool.get()
    assert tool.made == 1


def test_several_that_find_damage_fetch_once(tool: Tool) -> None:
    flip_a_byte(tool.folder)
    threads = [threading.Thread(target=tool.get) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert tool.made == 2


@pytest.mark.skipif(
    os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root writes anywhere"
)
def test_a_read_only_cache_is_used_and_its_damage_is_an_error(tool: Tool, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from stackswitch.tools import downloads\n"
        "def install(into): sys.exit('installed')\n"
        f"print(downloads._once(Path({str(tool.folder)!r}), install, 'fetching a tool', print))"
    )

    def run() -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-c", program]
        if os.geteuid() == 0:
            argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv]
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(downloads.__file__).parents[2]),
            "HOME": "/nonexistent",
        }
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, cwd="/")

    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == os.geteuid() and not each.stat().st_mode & 0o005:
            each.chmod(0o755)
    for each in (tool.folder.parent, tool.folder):
        each.chmod(0o555)
    try:
        fine = run()
        assert fine.stdout.strip() == str(tool.folder), fine.stderr
        flip_a_byte(tool.folder)
        spoilt = run()
    finally:
        for each in (tool.folder.parent, tool.folder):
            each.chmod(0o755)
    assert "DownloadError" in spoilt.stderr
    assert "cannot be used" in spoilt.stderr
    assert spoilt.returncode == 1


def test_a_cache_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match=r"the cache .*file cannot be used: [\s\S]*STACKSWITCH_CACHE"):
        Tool(tmp_path / "file").get()


def test_a_cached_tool_that_was_changed_does_not_run(tmp_path: Path) -> None:
    """As a user has it: Binaryen from npm, one byte of it changed, and the next run fetches it again."""
    environment = {**os.environ, "STACKSWITCH_CACHE": str(tmp_path / "cache")}
    (tmp_path / "a.wat").write_text('(module (import "e" "w" (func $w)) (func (export "f") (call $w)))')
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import wasmtime; open('a.wasm','wb').write(wasmtime.wat2wasm(open('a.wat').read()))",
        ],
        cwd=tmp_path,
        check=True,
    )
    argv = [sys.executable, "-m", "stackswitch", "instrument", "a.wasm", "--output", "out.wasm"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    environment["PATH"] = "/nonexistent"  # no wasm-opt but npm's
    first = run()
    assert first.returncode == 0, first.stderr
    (program,) = (tmp_path / "cache" / "npm").glob("*/node_modules/binaryen/bin/wasm-opt*")
    before = program.read_bytes()
    status = program.stat()
    program.write_bytes(before.replace(b"function", b"functioN", 1))
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = run()
    assert second.returncode == 0, second.stderr
    assert "is damaged" in second.stderr
    assert program.read_bytes() == before
