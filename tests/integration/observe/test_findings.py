"""Each rule of ``stackswitch trace`` on programs of which it has to speak, and on their right twins."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest
import wasmtime

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.engines.locate import find_engine
from stackswitch.models.finding import TraceFinding
from stackswitch.observe.rules import RULES
from stackswitch.tools.paths import node_shim_dir

from .conftest import Trace, Traced
from .finding_cases import CASES, ENGINES, HERE, Case
from .finding_programs import BUILDS, MODULE, OUTER, RENAMED, SCHEMES


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The builds that the cases name, each as a file."""
    folder = tmp_path_factory.mktemp("builds")
    wasm = bytes(wasmtime.wat2wasm(MODULE))
    (folder / "plain.wasm").write_bytes(wasm)
    hidden = MODULE.replace('(export "__stack_pointer")', "")
    for name, text in (("schemes", SCHEMES), ("renamed", RENAMED), ("hidden", hidden)):
        (folder / f"{name}.wasm").write_bytes(wasmtime.wat2wasm(text))

    async def make() -> None:
        binaryen = await open_binaryen()
        try:
            for build in BUILDS.values():
                made = await binaryen.asyncify(AsyncifyRequest(wasm=wasm, **build.options))
                (folder / build.file).write_bytes(made.wasm)
            outer = AsyncifyRequest(wasm=bytes(wasmtime.wat2wasm(OUTER)), imports=("env.wait", "inner.run"))
            (folder / "outer.wasm").write_bytes((await binaryen.asyncify(outer)).wasm)
        finally:
            await binaryen.aclose()

    asyncio.run(make())
    return folder


def run_case(case: Case, engine: str, builds: Path, folder: Path, trace: Trace, *options: str) -> Traced:
    module = builds / (case.build.file if case.build else "plain.wasm")
    (folder / "guest.wasm").write_bytes(module.read_bytes())
    for other in ("outer.wasm", "schemes.wasm", "renamed.wasm", "hidden.wasm"):
        (folder / other).write_bytes((builds / other).read_bytes())
    script = folder / ("program.cjs" if case.script.startswith("const {") else "program.mjs")
    script.write_text(case.script)
    if engine == HERE:
        here = find_engine()
        return trace(here.path, *here.flags, script.name, options=options)
    return trace("node", script.name, options=("--engine", engine, *options))


PAIRS = [
    pytest.param(
        case,
        engine,
        id=f"{case.id}, {engine}",
        marks=() if engine == HERE else pytest.mark.network,
    )
    for case in CASES
    for engine in case.engines or ENGINES[case.backend]
]


@pytest.mark.parametrize(("case", "engine"), PAIRS)
def test_what_is_found(case: Case, engine: str, builds: Path, tmp_path: Path, trace: Trace) -> None:
    seen = run_case(case, engine, builds, tmp_path, trace)
    found = [each for each in seen.lines if isinstance(each, TraceFinding)]
    assert [f"{each.rule} {each.severity}" for each in found] == list(case.found), seen.stderr
    assert seen.errors == []
    if case.id != "no JSPI":
        assert {each.backend for each in found} <= {"", case.backend}
    for text in case.says:
        assert text in seen.stderr
    assert not any(str(node_shim_dir().resolve()) in each.model_dump_json() for each in found)


def test_each_rule_has_a_case() -> None:
    found = {each.split()[0] for case in CASES for each in case.found}
    assert found == set(RULES)
    assert any(not case.found for case in CASES)


FAULTY = next(case for case in CASES if case.id == "a list that lacks a function")
CAUGHT = next(case for case in CASES if "caught" in case.id)
GOOD = CASES[0]


@pytest.mark.parametrize(
    ("case", "options", "status"),
    [
        (CAUGHT, (), 0),
        (CAUGHT, ("--fail-on", "error"), 0),
        (CAUGHT, ("--fail-on", "warning"), 1),
        (GOOD, ("--fail-on", "warning"), 0),
    ],
)
def test_the_status(
    case: Case, options: tuple[str, ...], status: int, builds: Path, tmp_path: Path, trace: Trace
) -> None:
    assert run_case(case, HERE, builds, tmp_path, trace, *options).status == status


def test_a_silenced_rule_does_not_count(builds: Path, tmp_path: Path, trace: Trace) -> None:
    config = tmp_path / "stackswitch.toml"
    config.write_text('[trace.silence]\nnot-promising = "the probe of our loader"\n')
    options = ("--fail-on", "warning")
    seen = run_case(CAUGHT, HERE, builds, tmp_path, trace, *options)
    assert seen.status == 0
    assert "silenced: the probe of our loader" in seen.stderr
    for content, says in (("nothing = 'x'", "there is no rule 'nothing'"), ("no-jspi = ' '", "say why")):
        config.write_text(f"[trace.silence]\n{content}\n")
        seen = run_case(CAUGHT, HERE, builds, tmp_path, trace)
        assert (seen.status, seen.lines) == (4, [])
        assert says in seen.stderr


def test_every_format_has_the_findings(builds: Path, tmp_path: Path, trace: Trace) -> None:
    options = ("--junit", "out.xml", "--markdown", "out.md", "--annotations")
    seen = run_case(FAULTY, HERE, builds, tmp_path, trace, *options)
    failure = ElementTree.parse(tmp_path / "out.xml").find(".//failure")
    assert failure is not None
    assert "lacks 1 function" in failure.attrib["message"]
    assert "**error** `missing-function`" in (tmp_path / "out.md").read_text()
    assert any(line.startswith("::error file=program.cjs,line=") for line in seen.stdout.splitlines())


def test_without_findings_the_formats_say_so(builds: Path, tmp_path: Path, trace: Trace) -> None:
    options = ("--junit", "out.xml", "--markdown", "out.md", "--annotations")
    seen = run_case(GOOD, HERE, builds, tmp_path, trace, *options)
    assert "no findings" in (tmp_path / "out.xml").read_text()
    assert "0 findings" in (tmp_path / "out.md").read_text()
    assert "::" not in seen.stdout


def test_a_run_in_which_nothing_was_observed_is_no_success(tmp_path: Path, trace: Trace) -> None:
    options = ("--junit", "out.xml", "--markdown", "out.md")
    assert trace("true", options=options).status == 0
    assert trace("true", options=(*options, "--fail-on", "error")).status == 1
    assert "no Node program was observed" in (tmp_path / "out.md").read_text()
    assert ElementTree.parse(tmp_path / "out.xml").find(".//failure") is not None
    assert trace("sh", "-c", "exit 3", options=("--fail-on", "error")).status == 3
