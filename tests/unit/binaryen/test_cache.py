from __future__ import annotations

import os
from pathlib import Path

import pytest

from stackswitch.binaryen.cache import BuildCache, entry_key

FINDINGS = {"warnings": ["é"], "memory": "m"}


@pytest.fixture
def cache(tmp_path: Path) -> BuildCache:
    return BuildCache(tmp_path / "builds")


def files(cache: BuildCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_written_is_read(cache: BuildCache) -> None:
    cache.write("aabb", FINDINGS, b"\0asm\n\n")
    assert cache.read("aabb") == (FINDINGS, b"\0asm\n\n")
    assert cache.read("aabc") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:10],
        lambda data: b"",
        lambda data: b"[]\n",
        lambda data: data.replace(b'"m"', b'"n"'),
    ],
)
def test_a_spoilt_entry_counts_as_absent_and_is_replaced(cache: BuildCache, spoil: object) -> None:
    cache.write("aabb", FINDINGS, b"\0asm")
    [path] = files(cache)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    assert cache.read("aabb") is None
    cache.write("aabb", FINDINGS, b"\0asm")
    assert cache.read("aabb") == (FINDINGS, b"\0asm")


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path, most_bytes=3000)
    for number in range(4):
        cache.write(f"aa{number}", {}, bytes(900))
        for at, path in enumerate(files(cache)):
            os.utime(path, (at, at))
    assert cache.read("aa0")  # young again
    cache.sweep()
    assert [number for number in range(4) if cache.read(f"aa{number}")] == [0, 3]


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = BuildCache(tmp_path / "file")
    cache.write("aabb", FINDINGS, b"\0asm")
    assert cache.read("aabb") is None


def test_keys_tell_modules_options_and_versions_apart() -> None:
    keys = {
        entry_key(b"a", {"only": ["x"]}, "132"),
        entry_key(b"b", {"only": ["x"]}, "132"),
        entry_key(b"a", {"only": ["y"]}, "132"),
        entry_key(b"a", {"only": None}, "132"),
        entry_key(b"a", {"only": ["x"]}, "133"),
    }
    assert len(keys) == 5
    assert entry_key(b"a", {"x": 1, "y": 2}, "132") == entry_key(b"a", {"y": 2, "x": 1}, "132")
