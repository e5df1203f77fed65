from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.cli.settings import config_folder, load_settings
from stackswitch.errors import ConfigError


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUITE", "BACKENDS", "ENGINE", "JOBS", "TIMEOUT_S", "WASM_OPT", "REQUIRE"):
        monkeypatch.delenv(f"STACKSWITCH_{name}", raising=False)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.suite is None
    assert settings.backends == ()
    assert settings.jobs == 2


def test_the_nearest_file_counts_and_its_paths_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "stackswitch.toml").write_text('suite = "cases"\nbackends = ["jspi"]\njobs = 3\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    settings = load_settings(below)
    assert settings.suite == tmp_path / "cases"
    assert (settings.backends, settings.jobs) == (("jspi",), 3)


def test_pyproject_counts_if_it_has_our_table(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    (tmp_path / "pyproject.toml").write_text('[tool.stackswitch]\nengine = "node@26"\n')
    assert load_settings(inner).engine == "node@26"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stackswitch.toml").write_text("jobs = 3\n")
    monkeypatch.setenv("STACKSWITCH_JOBS", "5")
    monkeypatch.setenv("STACKSWITCH_REQUIRE", "asyncify, jspi")
    settings = load_settings(tmp_path)
    assert settings.jobs == 5
    assert settings.require == ("asyncify", "jspi")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jobs = 0", "jobs"),
        ("surprise = 1", "surprise"),
        ("jobs = [", "not valid TOML"),
        ('jobs = "x"', "jobs"),
    ],
)
def test_a_configuration_that_is_not_valid_says_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "stackswitch.toml").write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings(tmp_path)
    assert "stackswitch.toml" in str(caught.value)


def test_lists_are_a_file_or_a_table_and_may_live_in_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "stackswitch.toml"
    file.write_text('lists = "Dockerfile"\n')
    assert load_settings(tmp_path).lists.file == tmp_path / "Dockerfile"
    file.write_text(
        '[lists]\nfile = "stackswitch.toml"\nvariable = "X"\nnever = ["a*"]\nalways = ["b"]\n'
        '[asyncify]\nonly = ["main"]\n[fix]\nbuild = "make"\nbuilt = "out/app.wasm"\n'
    )
    settings = load_settings(tmp_path)
    assert (settings.lists.file, settings.lists.variable) == (file, "X")
    assert (settings.lists.never, settings.lists.always) == (("a*",), ("b",))
    assert (settings.fix.build, settings.fix.built) == ("make", tmp_path / "out" / "app.wasm")
    assert config_folder(tmp_path / "below") == tmp_path
    file.write_text('[lists]\nnevr = ["a"]\n')
    with pytest.raises(ConfigError, match="nevr"):
        load_settings(tmp_path)


def test_the_environment_may_name_the_file_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKSWITCH_LISTS", "Makefile")
    assert load_settings(tmp_path).lists.file == Path("Makefile")


@pytest.mark.parametrize("text", ['lists = "a\\u0000b"', 'engine = "\\u0000"', '[fix]\nbuilt = "\\u0000"'])
def test_a_nul_character_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "stackswitch.toml").write_text(text)
    with pytest.raises(ConfigError, match="NUL"):
        load_settings(tmp_path)
