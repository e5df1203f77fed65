"""Builds that report: what a host's hook tells of a list that falls short, before anything is corrupted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.locate import find_engine
from stackswitch.engines.targets import named_target
from stackswitch.tools.paths import node_shim_dir
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.report_section import SECTION, find_instrumented, read_report_section

from .conftest import CHAIN, write_chain

COMMAND = [sys.executable, "-m", "stackswitch"]
AUTO = str(node_shim_dir() / "report-auto.mjs")
# A host as Emscripten's glue is one: it drives Asyncify and knows nothing of lists.
HOST = """
import { readFileSync } from "node:fs";
let state = 0, result = 0, go;
const wait = () => {
  if (state === 2) { exports.asyncify_stop_rewind(); state = 0; return result; }
  state = 1;
  exports.asyncify_start_unwind(16);
  new Promise((resolve) => setTimeout(resolve, 1)).then(() => { result = 5; go(); });
  return 0;
};
const bytes = readFileSync(process.argv[2]);
const ways = {
  instance: async () => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { wait } }),
  instantiate: async () => (await WebAssembly.instantiate(bytes, { env: { wait } })).instance,
  module: () => WebAssembly.instantiate(new WebAssembly.Module(bytes), { env: { wait } }),
};
const { exports } = await ways[process.argv[3] ?? "instance"]();
const memory = exports.__asyncify_memory ?? exports.memory;
new DataView(memory.buffer).setInt32(16, 32, true);
new DataView(memory.buffer).setInt32(20, 4096, true);
try {
  let value = exports.main(10);
  while (state === 1) {
    exports.asyncify_stop_unwind();
    await new Promise((resolve) => { go = resolve; });
    state = 2;
    exports.asyncify_start_rewind(16);
    value = exports.main(10);
  }
  console.log("returned", value);
} catch (error) {
  console.log(error.name, error.message);
}
"""


def run(*argv: str | Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, argv)], capture_output=True, text=True, timeout=300, cwd=folder, env=os.environ | env
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "chain.wasm").write_bytes(bytes(wat2wasm(CHAIN)))
    (tmp_path / "host.mjs").write_text(HOST)
    return tmp_path


def built(folder: Path, only: str, *flags: str) -> Path:
    """A build with a list, which reports."""
    (folder / "only.txt").write_text("".join(f"{name}\n" for name in only.split()))
    done = run(
        *COMMAND, "instrument", "chain.wasm", "--list", "only.txt", "--imports", "env.wait", *flags,
        "-o", "build.wasm", folder=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "build.wasm"


@pytest.mark.parametrize(
    ("engine", "way"),
    [("node", "instance"), ("node", "instantiate"), ("node", "module"), ("node@20", "instance")],
)
def test_what_the_field_reports_feeds_the_list(project: Path, engine: str, way: str) -> None:
    node = find_engine(engine, purpose="asyncify").path
    build = built(project, "leaf main", "--report")
    host = (node, "--import", AUTO, "host.mjs", build, way)
    for _ in range(2):
        done = run(*host, folder=project, STACKSWITCH_REPORT="field.jsonl")
        assert (
            done.stdout
            == "MissingFunctionError mid on the stack at a wait for env.wait, and not instrumented\n"
        )
    (line, again) = map(json.loads, (project / "field.jsonl").read_text().splitlines())
    assert line == again
    assert line["module"] == parse_module((project / "chain.wasm").read_bytes()).sha256
    assert (line["import"], line["export"], line["missing"]) == ("env.wait", "main", ["mid"])
    assert [name for _, _, name in line["frames"]] == ["leaf", "mid", "main"]
    fixed = run(
        *COMMAND,
        "fix",
        "--trace",
        "field.jsonl",
        "--module",
        "chain.wasm",
        "--list",
        "only.txt",
        folder=project,
    )
    assert fixed.returncode == 0, fixed.stderr
    assert (project / "only.txt").read_text() == "leaf\nmain\nmid\n"
    done = run(
        node, "--import", AUTO, "host.mjs", built(project, "leaf main mid", "--report"), way, folder=project
    )
    assert (done.stdout, done.stderr) == ("returned 31\n", "")


@pytest.mark.network
@pytest.mark.parametrize("spec", ["deno@2.9.6", "bun@1.4.5"])
def test_engines_whose_stacks_look_otherwise(project: Path, spec: str) -> None:
    program = named_target(spec).path
    assert program is not None
    build = built(project, "leaf main", "--report")
    (project / "run.mjs").write_text(
        f'import {{ install }} from "{node_shim_dir() / "report.mjs"}";\n'
        "install({ report: (line) => console.log(JSON.stringify(line)) });\n"
        f'process.argv[2] = "{build}";\nawait import("./host.mjs");\n'
    )
    flags = ["run", "-A"] if spec.startswith("deno") else []
    line, ended = run(program, *flags, "run.mjs", folder=project).stdout.splitlines()
    assert json.loads(line)["frames"] == [[1, -1, "leaf"], [2, -1, "mid"], [4, -1, "main"]]
    assert ended.startswith("MissingFunctionError mid on the stack")


def test_without_the_hook_the_build_is_what_it_was_and_going_on_is_a_choice(project: Path) -> None:
    node = find_engine("node").path
    plain = built(project, "leaf main").read_bytes()
    build = built(project, "leaf main", "--report")
    assert build.read_bytes().startswith(plain)
    blind = run(node, "host.mjs", build, folder=project)
    assert (
        blind.stdout == "RuntimeError unreachable\n"
    )  # in main, which is instrumented: it says nothing of mid
    loud = run(node, "--import", AUTO, "host.mjs", build, folder=project, STACKSWITCH_REPORT_GO_ON="1")
    assert loud.stdout == blind.stdout
    assert loud.stderr.startswith("stackswitch: missing from the Asyncify list: mid {")


def test_the_section_is_what_the_code_shows_and_wasmtime_goes_by_it(project: Path) -> None:
    module = parse_module(built(project, "leaf main", "--report").read_bytes())
    told = read_report_section(module)
    assert told is not None
    plain = parse_module(built(project, "leaf main").read_bytes())
    assert told.indexes() == find_instrumented(plain) == {1, 4}
    assert (told.imports, told.functions) == (("env.wait",), module.function_count)
    case = write_chain(project / "suite", "[asyncify]\nprebuilt = true\n")
    text = case.read_text().replace("chain.wat", "build.wasm")
    case.write_text(text)
    for broken in (False, True):
        data = module.data
        if broken:  # says that everything is instrumented: it is the section that is gone by
            data = data.replace(b'"instrumented":[[1,1],[4,4]]', b'"instrumented":[[1,4]      ]')
            assert data != module.data
        (case.parent / "build.wasm").write_bytes(data)
        done = run(*COMMAND, "test", case.parent, "--backend", "asyncify", "--json", "-", folder=project)
        (result,) = json.loads(done.stdout)["results"]
        assert (result["missing"] == {"ASYNCIFY_ADD": ["mid"]}) is not broken, result


def test_a_section_that_does_not_fit_is_passed_over(project: Path) -> None:
    data = built(project, "leaf main", "--report").read_bytes()
    for old, new in ((b'"functions":', b'"functionz":'), (b'"functions":1', b'"functions":2')):
        assert read_report_section(parse_module(data.replace(old, new))) is None
    assert find_instrumented(parse_module(data.replace(b'"functions":', b'"functionz":'))) == {1, 4}


@pytest.mark.emscripten
@pytest.mark.skipif(shutil.which("emcc") is None, reason="no emcc (Debian: emscripten)")
def test_emccs_own_build_can_be_made_to_report(tmp_path: Path) -> None:
    (tmp_path / "guest.c").write_text(
        "#include <stdio.h>\n#include <emscripten.h>\n#define NO __attribute__((noinline))\n"
        "NO int leaf(int x) { emscripten_sleep(1); return x + 1; }\n"
        "NO int middle(int x) { return leaf(x) * 2; }\n"
        'int main(void) { printf("after %d\\n", middle(5)); return 0; }\n'
    )
    done = run(
        "emcc", "-O1", "--profiling-funcs", "-sASYNCIFY=1",
        "-sASYNCIFY_ONLY=['main','__original_main','leaf']", "guest.c", "-o", "guest.js", folder=tmp_path,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr
    made = run(*COMMAND, "instrument", "guest.wasm", "--report", "-o", "guest.wasm", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    told = read_report_section(parse_module((tmp_path / "guest.wasm").read_bytes()))
    assert told is not None
    assert told.imports == ("env.emscripten_sleep",)
    (tmp_path / "without-fetch.cjs").write_text("delete globalThis.fetch;")
    seen = run(
        find_engine("node").path, "--require", "./without-fetch.cjs", "--import", AUTO, "guest.js",
        folder=tmp_path, STACKSWITCH_REPORT="field.jsonl",
    )  # fmt: skip
    assert "MissingFunctionError: middle on the stack at a wait for env.emscripten_sleep" in seen.stderr
    (line,) = map(json.loads, (tmp_path / "field.jsonl").read_text().splitlines())
    assert line["missing"] == ["middle"]
    assert SECTION.encode() in (tmp_path / "guest.wasm").read_bytes()
