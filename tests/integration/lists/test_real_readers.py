"""What is edited into a file is what the program that reads such files has: hostile names among them."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stackswitch.errors import ListFileError
from stackswitch.lists.emscripten import read_items, rewritten
from stackswitch.lists.files import read_list
from stackswitch.lists.functions import Functions
from tests.list_edits import edit_list

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAMES = [
    "main",
    "operator<<(A&, B)",
    "f(int, char const*)",
    "it's",
    'say "x"',
    "back\\slash\\n",
    "$(touch x)",
    "`touch x`",
    "${HOME}",
    "$HOME",
    "%PATH%",
    "a;b",
    "a b",
    "#x",
    "@x@",
    "-x",
    "{x}",
    "{{y}}",
    "yes",
    "null",
    "1234",
    "0x10",
    "a: b",
    "a #b",
    "'''",
    '"""',
    "${{ x }}",
    "$<1:x>",
    "*/",
    "é名",
    "\u2019q\u201d",
    "tab\tx",
    "line\nend",
    "cr\rx",
    "del\x7f",
]
Reader = Callable[[Path], list[str]]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        check=True,
        timeout=120,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return done.stdout.decode("utf-8")


def emcc_names(value: str) -> list[str]:
    """Read a setting as emcc does; ``test_emcc_settings.py`` tries this reader against emcc."""
    return [rewritten(each.name) for each in read_items(value)]


def from_python(path: Path) -> list[str]:
    script = path.read_text("utf-8") + "\nimport json\nprint(json.dumps(L))"
    return list(json.loads(run(sys.executable, "-c", script)))


def from_node(path: Path) -> list[str]:
    return list(json.loads(run("node", "-e", f"{path.read_text('utf-8')};console.log(JSON.stringify(L))")))


def from_yaml(path: Path) -> list[str]:
    return list(yaml.safe_load(path.read_text("utf-8"))["ASYNCIFY_ONLY"])


def from_meson(path: Path) -> list[str]:
    """Have Meson write the array as JSON: how it prints arrays would not tell all names apart."""
    setup = ("-m", "mesonbuild.mesonmain", "setup", "--backend=none")
    run(sys.executable, *setup, path.parent / "build", path.parent)
    return list(json.loads((path.parent / "build" / "list.json").read_text("utf-8")))


def from_bash_in_yaml(path: Path) -> list[str]:
    script = yaml.safe_load(path.read_text("utf-8"))["run"]
    shown = run("bash", "-c", "emcc() { printf '%s\\0' \"$@\"; }\n" + script).split("\0")
    flag = next(each for each in shown if each.startswith("-sASYNCIFY_ONLY="))
    return emcc_names(flag.partition("=")[2])


def from_cargo(path: Path) -> list[str]:
    flags = tomllib.loads(path.read_text("utf-8"))["build"]["rustflags"]
    value = flags[1].removeprefix("link-arg=-sASYNCIFY_ONLY=")
    return emcc_names(value)


def from_rust(path: Path) -> list[str]:
    run("rustc", "-o", path.with_suffix(""), path)
    value = run(path.with_suffix("")).rstrip("\n").removeprefix("cargo:rustc-link-arg=-sASYNCIFY_ONLY=")
    return emcc_names(value)


MESON = r"""project('x')
asyncify_only = ['main']
lines = []
foreach n : asyncify_only
  n = n.replace('\\', '\\\\').replace('"', '\\"')
  n = n.replace('\n', '\\n').replace('\r', '\\r').replace('\t', '\\t')
  lines += '"' + n + '"'
endforeach
text = '[' + ','.join(lines) + ']'
configure_file(output: 'list.json', command: ['printf', '%s', text], capture: true)
"""
FLAG = '-sASYNCIFY_ONLY=["main"]'
KINDS: dict[str, tuple[str, str, Reader, str]] = {
    "python list": ("b.py", 'ASYNCIFY_ONLY = ["main"]\nL = ASYNCIFY_ONLY\n', from_python, sys.executable),
    "python tuple": (
        "b.py",
        "ASYNCIFY_ONLY: tuple[str, ...] = (\n    'main',\n)\nL = list(ASYNCIFY_ONLY)\n",
        from_python,
        sys.executable,
    ),
    "javascript": ("b.js", "const ASYNCIFY_ONLY = ['main'];\nconst L = ASYNCIFY_ONLY\n", from_node, "node"),
    "javascript template": (
        "b.js",
        "const ASYNCIFY_ONLY = [`main`]\nconst L = ASYNCIFY_ONLY\n",
        from_node,
        "node",
    ),
    "yaml block": ("b.yml", "x: 1\nASYNCIFY_ONLY:\n- main # why\ny: 2\n", from_yaml, sys.executable),
    "yaml flow": ("b.yml", "x: 1\nASYNCIFY_ONLY: [main]\ny: 2\n", from_yaml, sys.executable),
    "yaml double": ("b.yml", 'ASYNCIFY_ONLY: ["main"]\n', from_yaml, sys.executable),
    "yaml run": (
        "b.yml",
        f"run: |\n  set -e\n  emcc x.c '{FLAG}' \\\n    -O2\nenv: {{}}\n",
        from_bash_in_yaml,
        "bash",
    ),
    "meson": ("b/meson.build", MESON, from_meson, sys.executable),
    "cargo": ("config.toml", f"[build]\nrustflags = ['-C', 'link-arg={FLAG}']\n", from_cargo, sys.executable),
    "rust": (
        "build.rs",
        'fn main() {\n    println!("cargo:rustc-link-arg=-sASYNCIFY_ONLY=[\\"main\\"]");\n}\n',
        from_rust,
        "rustc",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_edited_in_is_what_is_read(tmp_path: Path, kind: str) -> None:
    name, text, reader, needs = KINDS[kind]
    if shutil.which(needs) is None:
        pytest.skip(f"no {needs}")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    functions = Functions.of(NAMES)
    choose = random.Random(7)
    carried = ["main"]
    data = text.encode()
    for each in choose.sample(NAMES, len(NAMES)):
        try:
            data = edit_list(data, [*carried, each], path=name, functions=functions)
        except ListFileError:
            continue
        carried = list(read_list(data, path=name, functions=functions).names)
    assert len(carried) > len(NAMES) // 2, carried
    path.write_bytes(data)
    assert reader(path) == carried
