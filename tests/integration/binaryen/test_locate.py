"""Which wasm-opt is taken, which is refused, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from stackswitch.binaryen.locate import VARIABLE, FoundTool, find_wasm_opt, npm_wasm_opt
from stackswitch.binaryen.tool import ProcessTool
from stackswitch.errors import ToolNotFoundError
from stackswitch.tools import paths, progress

Run = Callable[[Coroutine[Any, Any, Any]], Any]
OLD = """#!/bin/sh
case "$*" in *--version*) echo "wasm-opt version 108"; exit ;; esac
echo "unexpected expression type" >&2
kill -ABRT $$
"""
DOES_NOTHING = """#!/bin/sh
case "$*" in *--version*) echo "wasm-opt version 130" ;; *) cp in.wasm out.wasm ;; esac
"""
NOT_A_TOOL = "#!/bin/sh\nexit 3\n"


@pytest.fixture(scope="module")
def npm(run: Run) -> Path:
    path: Path = run(npm_wasm_opt(progress.silent))
    return path.resolve()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No wasm-opt on PATH, none named, and no verdicts; what is fetched is fetched once."""
    kept = paths.cache_dir()
    cache = tmp_path / "cache"
    cache.mkdir()
    (kept / "npm").mkdir(parents=True, exist_ok=True)
    (cache / "npm").symlink_to(kept / "npm")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("STACKSWITCH_CACHE", str(cache))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/sbin:/sbin")
    monkeypatch.delenv(VARIABLE, raising=False)
    return cache


def script(path: Path, text: str) -> Path:
    path.write_text(text.replace("cp ", "/bin/cp "), "utf-8")
    path.chmod(0o755)
    return path


def found(run: Run, requested: Path | None = None, **options: Any) -> FoundTool:
    async def find() -> FoundTool:
        tool = await find_wasm_opt(requested, **options)
        await tool.tool.aclose()
        return tool

    result: FoundTool = run(find())
    return result


def test_npms_is_taken_when_there_is_no_other(run: Run, npm: Path) -> None:
    tool = found(run)
    assert tool.path.resolve() == npm
    assert tool.version.startswith("wasm-opt version 1")
    assert tool.passed_over == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OLD, "wasm-opt version 108: it failed on legacy exceptions"),
        (DOES_NOTHING, "wasm-opt version 130: its --asyncify adds no asyncify exports"),
        (NOT_A_TOOL, "--version gives status 3"),
    ],
)
def test_one_on_path_that_will_not_do_is_passed_over_and_told(
    run: Run, npm: Path, tmp_path: Path, text: str, why: str
) -> None:
    old = script(tmp_path / "bin" / "wasm-opt", text)
    tool = found(run)
    assert tool.path.resolve() == npm
    assert len(tool.passed_over) == 1
    assert tool.passed_over[0].startswith(f"PATH: {old}: refused: ")
    assert why in tool.passed_over[0]


def test_one_that_was_requested_and_will_not_do_is_an_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = script(tmp_path / "old", OLD)
    with pytest.raises(ToolNotFoundError, match="125 or later") as told:
        found(run, old)
    assert told.value.looked[0].startswith(f"requested: {old}: refused: wasm-opt version 108")
    assert "unexpected expression type" in told.value.looked[0]
    monkeypatch.setenv(VARIABLE, str(old))
    with pytest.raises(ToolNotFoundError, match=r"\$STACKSWITCH_WASM_OPT"):
        found(run)


def test_one_that_is_not_there(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ToolNotFoundError, match="no such wasm-opt") as told:
        found(run, tmp_path / "none")
    assert told.value.looked == (f"requested: {tmp_path / 'none'}: no file",)


def native(path: Path, npm: Path) -> Path:
    """Npm's, behind a shell: to us a program like any other, started for each run."""
    count = path.with_name("count")
    return script(path, f'#!/bin/sh\necho x >> {count}\nexec {paths.wheel_node()} {npm} "$@"\n')


def test_one_on_path_that_does_is_taken_and_checked_once(run: Run, npm: Path, tmp_path: Path) -> None:
    path = native(tmp_path / "bin" / "wasm-opt", npm)
    tool = found(run)
    assert tool.path == path
    assert isinstance(tool.tool, ProcessTool)
    runs = (tmp_path / "bin" / "count").read_text()
    assert found(run).version == tool.version
    assert (tmp_path / "bin" / "count").read_text() == runs
    path.write_text(path.read_text() + "# changed\n", "utf-8")
    found(run)
    assert len((tmp_path / "bin" / "count").read_text()) == 2 * len(runs)


def test_what_is_named_in_the_environment_wins_over_path(
    run: Run, npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "bin" / "wasm-opt", OLD)
    named = native(tmp_path / "named", npm)
    monkeypatch.setenv(VARIABLE, str(named))
    assert found(run).path == named


def test_progress_is_told_in_the_callers_thread_when_npm_fetches(
    run: Run, clean: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (clean / "npm").unlink()

    def fetch(lock_dir: Path, *, progress: progress.Progress) -> Path:
        progress(f"fetching what {lock_dir.name} pins")
        return tmp_path

    monkeypatch.setattr("stackswitch.binaryen.locate.npm_packages", fetch)
    said: list[str] = []

    async def ask() -> None:
        loop = asyncio.get_running_loop()

        def tell(line: str) -> None:
            assert asyncio.get_running_loop() is loop
            said.append(line)

        await npm_wasm_opt(tell)

    run(ask())
    assert said == ["fetching what node_shim pins"]
