"""The loop: lists computed and verified, or the reason why not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.base import Backend
from stackswitch.errors import ConfigError, ListFileError
from stackswitch.fix.sources import own_source, shared_source
from stackswitch.lists.policies import PolicyName
from stackswitch.models.result import Observation
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from tests.list_edits import edit_list

from .conftest import CHAIN_NAMES, fix_suite, only, write_chain

Run = Callable[[Coroutine[Any, Any, Any]], Any]
ALL_GAPS = [
    list(kept) for size in range(len(CHAIN_NAMES)) for kept in itertools.combinations(CHAIN_NAMES, size)
]


@pytest.mark.parametrize("kept", ALL_GAPS, ids="-".join)
@pytest.mark.parametrize("observed_on", ["jspi", "asyncify"])
def test_any_names_removed_come_back_in_one_round(
    kept: list[str], observed_on: str, tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", only(kept))
    observer = jspi if observed_on == "jspi" else None
    fixed = run(fix_suite(load_suite(path.parent), None, asyncify, observer))
    report = fixed.report
    assert (report.verdict, report.rounds) == ("verified", 1)
    # A list of one name is not known to be sorted: what is new goes to its end.
    names = [*kept, *sorted(set(CHAIN_NAMES) - set(kept))] if len(kept) == 1 else CHAIN_NAMES
    assert fixed.sources[0].data == path.read_bytes().replace(only(kept).encode(), only(names).encode())
    (edit,) = report.edits
    assert set(edit.added) == set(CHAIN_NAMES) - set(kept)
    assert edit.needed_by == dict.fromkeys(edit.added, ("chain",))


def test_a_complete_list_is_verified_and_no_byte_changes(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", only([*CHAIN_NAMES, "never"]))
    fixed = run(fix_suite(load_suite(path.parent), None, asyncify, jspi))
    report = fixed.report
    assert (report.verdict, report.changed, report.edits) == ("verified", False, ())
    assert fixed.sources[0].data == path.read_bytes()
    checked = run(fix_suite(load_suite(path.parent), None, asyncify, jspi, check=True))
    assert checked.report.verdict == "verified"


@pytest.mark.parametrize(
    ("lists", "which", "added", "removed"),
    [
        ("[asyncify]\nadd = []\nignore_indirect = true\n", "ASYNCIFY_ADD", ("main", "mid"), ()),
        ('[asyncify]\nremove = ["le*", "mid"]\n', "ASYNCIFY_REMOVE", (), ("le*", "mid")),
        ("[asyncify]\nimports = []\n", "ASYNCIFY_IMPORTS", ("env.wait",), ()),
        ("[jspi]\nexports = []\n", "JSPI_EXPORTS", ("main",), ()),
        ("[jspi]\nimports = []\n", "JSPI_IMPORTS", ("env.wait",), ()),
    ],
)
def test_the_other_lists(
    lists: str,
    which: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    tmp_path: Path,
    run: Run,
    asyncify: Backend,
    jspi: Backend,
) -> None:
    path = write_chain(tmp_path / "suite", lists)
    checked = run(fix_suite(load_suite(path.parent), None, asyncify, jspi, check=True))
    assert checked.report.verdict == "falls-short"
    report = run(fix_suite(load_suite(path.parent), None, asyncify, jspi)).report
    assert report.verdict == "verified", report
    assert [(each.list, each.added, each.removed) for each in report.edits] == [(which, added, removed)]


def test_a_list_that_is_not_there_is_no_progress_with_the_reason(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", '[asyncify]\nignore_indirect = true\nimports = ["env.wait"]\n')
    report = run(fix_suite(load_suite(path.parent), None, asyncify, jspi)).report
    assert report.verdict == "no-progress"
    assert "has no list ASYNCIFY_ADD: add an empty one" in report.reason


def test_a_suite_that_fails_for_another_reason_says_so(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", only(["main"]))
    path.write_text(path.read_text().replace("i32:31", "i32:32"))
    report = run(fix_suite(load_suite(path.parent), None, asyncify, jspi)).report
    assert report.verdict == "fails-otherwise"
    assert report.reason == "chain: wrong: expected i32:32, got i32:31"
    assert report.edits[0].added == ("leaf", "mid")


class _Blind:
    """A real backend that shows no stack: what is missing comes out only when Asyncify runs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    async def run(self, *args: Any, **kwargs: Any) -> Observation:
        seen = await self._backend.run(*args, **kwargs)
        return seen.model_copy(update={"suspensions": ()})


def test_out_of_rounds(tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend) -> None:
    path = write_chain(tmp_path / "suite", only([]))
    report = run(fix_suite(load_suite(path.parent), None, asyncify, _Blind(jspi), rounds=1)).report
    assert report.verdict == "out-of-rounds"
    assert "leaf, main, mid" in report.reason
    report = run(fix_suite(load_suite(path.parent), None, asyncify, _Blind(jspi))).report
    assert report.rounds == 2
    assert "the run of round 1 showed more names: leaf (chain), main (chain), mid (chain)" in report.notes


def test_a_list_for_all_cases_is_not_for_one_that_is_about_having_none(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    folder = tmp_path / "suite"
    write_chain(folder)
    about = write_chain(folder, "[asyncify]\nignore_indirect = true\n", name="about")
    about.write_text(
        about.read_text() + '[[differs]]\nbackend = "asyncify"\nreason = "mid goes through a table."\n'
        'expect = { missing = { ASYNCIFY_ADD = ["main", "mid"] } }\n'
    )
    fixed = run(fix_suite(load_suite(folder), shared_source(tmp_path / "names.txt", None), asyncify, jspi))
    report = fixed.report
    assert (report.verdict, report.rounds, len(report.results)) == ("verified", 1, 2), report.reason
    assert fixed.sources[0].data == b"leaf\nmain\nmid\n"


def test_a_list_for_all_cases(tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend) -> None:
    folder = tmp_path / "suite"
    write_chain(folder)
    write_chain(folder, name="again")
    own = write_chain(folder, only(["main"]), name="own")
    names = tmp_path / "names.txt"
    names.write_text("# by hand\nmid\n")
    fixed = run(fix_suite(load_suite(folder), shared_source(names, names.read_bytes()), asyncify, jspi))
    report = fixed.report
    assert (report.verdict, report.rounds) == ("verified", 1)
    by_path = {each.path.name: each.data for each in fixed.sources if each.changed}
    assert by_path["names.txt"] == b"# by hand\nmid\nleaf\nmain\n"
    assert by_path["own.toml"] == own.read_bytes().replace(b'["main"]', b'["main", "leaf", "mid"]')
    assert report.edits[0].needed_by["leaf"] == ("again", "chain")


@pytest.mark.parametrize(
    ("policy", "names"),
    [("observed", {"leaf", "mid", "main"}), ("dispatch", {"leaf", "mid", "main", "never"})],
)
def test_a_policy_takes_more_than_was_seen(
    policy: PolicyName, names: set[str], tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", only([]))
    for observer in (jspi, None):
        fixed = run(fix_suite(load_suite(path.parent), None, asyncify, observer, policy=policy))
        assert fixed.report.verdict == "verified"
        assert set(fixed.sources[0].lists["ASYNCIFY_ONLY"]) == names


def test_a_case_that_is_about_a_short_list_is_left_alone(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    path = write_chain(tmp_path / "suite", only(["leaf"]))
    reason = 'expect = { missing = { ASYNCIFY_ONLY = ["main", "mid"] } }\nreason = "short"\n'
    path.write_text(path.read_text() + f'[[differs]]\nbackend = "asyncify"\n{reason}')
    report = run(fix_suite(load_suite(path.parent), None, asyncify, jspi)).report
    assert (report.verdict, report.changed) == ("verified", False)


def test_nothing_to_fix(tmp_path: Path, run: Run, asyncify: Backend) -> None:
    path = write_chain(tmp_path / "suite")
    with pytest.raises(ConfigError, match="has a list of its own"):
        run(fix_suite(load_suite(path.parent), None, asyncify))


@pytest.mark.parametrize("name", ["lua", "sqlite"])
@pytest.mark.parametrize("gone", ["one", "five", "all"])
def test_programs(name: str, gone: str, tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend) -> None:
    programs = CONFORMANCE_SUITE / "programs"
    (tmp_path / f"{name}.wasm").symlink_to(programs / f"{name}.wasm")
    case = tmp_path / "case.toml"
    whole = (programs / f"{name}-list-complete.toml").read_bytes()
    names = own_source(case, whole).lists["ASYNCIFY_ONLY"]
    kept = {"one": names[1:], "five": names[:4] + names[9:], "all": ()}[gone]
    case.write_bytes(edit_list(whole, kept))
    fixed = run(fix_suite(load_suite(tmp_path), None, asyncify, jspi))
    report = fixed.report
    assert (report.verdict, report.rounds) == ("verified", 1), report.reason
    assert set(fixed.sources[0].lists["ASYNCIFY_ONLY"]) == set(names)


def test_the_lists_of_the_conformance_suite_all_emptied(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    everything = load_suite(CONFORMANCE_SUITE)
    count = 0
    for loaded in everything.cases:
        case = loaded.case
        expected = [case.expectations(each.info)[0].outcome for each in (asyncify, jspi)]
        if not case.asyncify.only or expected != ["returned"] * 2 or case.id.startswith("programs/"):
            continue
        count += 1
        source = everything.files[case.id]
        target = tmp_path / source.relative_to(CONFORMANCE_SUITE)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(edit_list(source.read_bytes(), ()))
        for each in {case.source, *(other.source for other in case.instances)}:
            copy = target.parent / each
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((source.parent / each).read_bytes())
    assert count >= 10
    report = run(fix_suite(load_suite(tmp_path), None, asyncify, jspi, jobs=2)).report
    assert (report.verdict, report.rounds) == ("verified", 1), report.reason


def test_a_name_that_cannot_be_said_where_the_list_lives(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    folder = tmp_path / "suite"
    write_chain(folder)
    text = (folder / "chain.wat").read_text().replace("$mid", '$"mid.part.0"')
    (folder / "chain.wat").write_text(text)
    makefile = tmp_path / "Makefile"
    makefile.write_text("LDFLAGS = -sASYNCIFY_ONLY=main,leaf\n")
    fixed = run(fix_suite(load_suite(folder), shared_source(makefile, makefile.read_bytes()), asyncify, jspi))
    report = fixed.report
    assert report.verdict == "verified", report.reason
    assert fixed.sources[0].lists["ASYNCIFY_ONLY"] == ("main", "leaf", "mid*part*0")
    assert any("'mid.part.0' cannot be written there; mid*part*0 is written" in each for each in report.notes)

    # With another function that the wildcard matches, there is no wildcard for just the one.
    (folder / "chain.wat").write_text(text.rstrip().removesuffix(")") + '(func $"mid/part/0"))')
    with pytest.raises(ListFileError, match=r"mid\*part\*0"):
        run(fix_suite(load_suite(folder), shared_source(makefile, makefile.read_bytes()), asyncify, jspi))


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            ".github/workflows/ci.yml",
            "on: push\nenv:\n  ASYNCIFY_ONLY: leaf,mid  # what waits\n",
            "on: push\nenv:\n  ASYNCIFY_ONLY: leaf,main,mid  # what waits\n",
        ),
        ("meson.build", "asyncify_only = ['leaf', 'mid']\n", "asyncify_only = ['leaf', 'main', 'mid']\n"),
        ("build.py", 'ASYNCIFY_ONLY = ["leaf"]\n', 'ASYNCIFY_ONLY = ["leaf", "main", "mid"]\n'),
    ],
)
def test_lists_in_build_files(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend, name: str, before: str, after: str
) -> None:
    write_chain(tmp_path / "suite")
    path = tmp_path / name
    fixed = run(
        fix_suite(load_suite(tmp_path / "suite"), shared_source(path, before.encode()), asyncify, jspi)
    )
    report = fixed.report
    assert report.verdict == "verified", report.reason
    assert fixed.sources[0].data.decode() == after


def test_a_file_that_names_no_function_of_the_module_is_no_list(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    folder = tmp_path / "suite"
    write_chain(folder)
    words = tmp_path / "words.txt"
    words.write_text("alpha\nbeta\n")
    with pytest.raises(ListFileError, match=r"words.txt:1: no line .*'alpha' is none"):
        run(fix_suite(load_suite(folder), shared_source(words, words.read_bytes()), asyncify, jspi))
    for name in ("ci.yml", "build.py", "main.c", ".gitignore", "trace.jsonl"):
        with pytest.raises(ListFileError, match=r"list\.txt"):
            shared_source(tmp_path / name, None)
