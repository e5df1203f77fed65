"""Editing lists where they live: the same promises for every kind of file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import ListFileError
from stackswitch.lists import files
from stackswitch.lists.files import find_lists, read_list
from stackswitch.lists.functions import Functions
from stackswitch.lists.ordering import merge

PLAIN = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,12}", fullmatch=True)
SIGNATURES = st.sampled_from(
    [
        "Foo::bar(int, char const*)",
        "std::__2::vector<int, std::__2::allocator<int>>::push_back(int const&)",
        "operator new(unsigned long)",
        "Foo::operator()(int) const",
        "(anonymous namespace)::Widget::draw(Rect const&, bool)",
        "byn$fpcast-emu$zend_call_function",
        'a\'b("x")',
        "naïve::größe(int, 名前)",
        "back\\slash(int)",
        "$dollar`tick`",
        "a b",
        "!bang~tilde%percent^caret",
        "lambda{int x}::operator()[abi:v1]",
        "*_wild*(int*)",
        "1234",
    ]
)
NAMES = st.lists(st.one_of(PLAIN, SIGNATURES), unique=True, max_size=12)
WORDS = st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True), unique=True, max_size=12)


def edit_list(data: bytes, names: Sequence[str], *, path: str = "", of: Sequence[str] = ()) -> bytes:
    """Edit a list for a module that has the functions ``of`` and the new ones."""
    return files.edit_list(data, names, path=path, functions=Functions.of([*of, *names]))


@dataclass(frozen=True)
class Kind:
    """A kind of file: how a list is written into one by hand, and the names tried in it."""

    write: Callable[[list[str]], str]
    path: str = ""
    names: st.SearchStrategy[list[str]] = NAMES


def _dockerfile(line_end: str) -> Callable[[list[str]], str]:
    def write(names: list[str]) -> str:
        quoted = f",{line_end}\\\n".join(
            '"' + name.replace("\\", "\\\\").replace("'", "\\'") + '"' for name in names
        )
        return (
            '# a build\nFROM debian AS base\n\nRUN export OTHER=$\'"x",\\\n"y"\'; \\\n'
            f"\texport ASYNCIFY_ONLY=$'{quoted}'; \\\n"
            "\t# it's a comment \\\n"
            '\techo -n " -s ASYNCIFY_ONLY=[$ASYNCIFY_ONLY] " >> /flags; \\\n'
            '\temcc $(cat /flags) -sJSPI_EXPORTS=main -o "a b.js"\n\nCOPY . .\n'
        )

    return write


def _command_line_json(names: list[str]) -> str:
    return "[" + ",".join(f'"{name}"' for name in names) + "]"


def _shell_single(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    return (
        f"#!/bin/sh\n# don't\nset -e\nemcc main.c -sASYNCIFY_ONLY='{value}' -O2 \\\n"
        "  -o out.js # it's done\necho 'x'\n"
    )


def _shell_bare(names: list[str]) -> str:
    return "emcc main.c -s ASYNCIFY_ONLY=" + ",\\\n".join(names) + " -O2\n"


def _shell_double(names: list[str]) -> str:
    inner = ",".join(f"'{name}'" for name in names)
    return f'FLAGS="-O2 -sASYNCIFY_ONLY=[{inner}] -sFOO=1"\nemcc $FLAGS\n'


def _make(names: list[str]) -> str:
    inner = ", \\\n    ".join('"' + name.replace("$", "$$") + '"' for name in names)
    return (
        f"# names\nASYNCIFY_ONLY := [{inner}]\n\nall: a.js\n\n"
        "a.js: a.c\n\temcc -O2 '-sASYNCIFY_ONLY=$(ASYNCIFY_ONLY)' $< -o $@\n"
    )


def _make_recipe(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''").replace("$", "$$")
    return f"CC = emcc\n\na.js: a.c\n\t$(CC) $< \\\n\t  -sASYNCIFY_ONLY='{value}' \\\n\t  -o $@\n"


def _cmake(names: list[str]) -> str:
    inner = ",".join(f"'{name}'" for name in names)
    return (
        "cmake_minimum_required(VERSION 3.20)\nproject(x) # it's x\nadd_executable(app main.c)\n"
        f'target_link_options(app PRIVATE -O2 "-sASYNCIFY_ONLY=[{inner}]" -sASYNCIFY)\n'
    )


def _cmake_list(names: list[str]) -> str:
    return "set(ASYNCIFY_ONLY" + "".join(f"\n  {name}" for name in names) + "\n)\nproject(x)\n"


def _package_json(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    command = f"emcc a.c -sASYNCIFY_ONLY='{value}' -o a.js && echo \"done\""
    return json.dumps({"name": "x", "scripts": {"build": command, "test": "node ."}}, indent=2) + "\n"


def _json_key(names: list[str]) -> str:
    return json.dumps({"a": [1, {"ASYNCIFY_ONLY": names}], "b": "it's"}, indent=4, ensure_ascii=False)


def _json_list(names: list[str]) -> str:
    return json.dumps(names, indent=2, ensure_ascii=False) + "\n"


def _lines(names: list[str]) -> str:
    return "# the list\n\n" + "".join(f"{name}\n" for name in names)


def _wasm_opt(names: list[str]) -> str:
    return "wasm-opt --asyncify --pass-arg=asyncify-onlylist@" + ",".join(names) + " a.wasm -o b.wasm\n"


def _toml(names: list[str]) -> str:
    inner = "".join(f"  {json.dumps(name, ensure_ascii=False)}, # why\n" for name in names)
    return (
        f"# a case\nwhy = 'x'\n[asyncify]\nonly = [\n{inner}]\nignore_indirect = true\n"
        '[[step]]\ncall = "f"\n'
    )


def _yaml_block(names: list[str]) -> str:
    items = "".join(f"    - {json.dumps(name, ensure_ascii=False)}  # why\n" for name in names)
    value = f"\n{items}" if names else " []\n"
    return f"# a build\nbuild:\n  asyncify_only:{value}  other: [x, 'it''s']\n"


def _yaml_flow(names: list[str]) -> str:
    inner = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"lists: {{ASYNCIFY_ONLY: [{inner}], more: 1}}  # it's\n"


def _yaml_env(names: list[str]) -> str:
    return f'env:\n  A: 1\n  ASYNCIFY_ONLY: "{",".join(names)}"  # it\'s\non: push\n'


def _yaml_run(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    return (
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v5\n      - name: It's a build\n        run: |\n          set -e\n"
        f"          emcc a.c -sASYNCIFY_ONLY='{value}' \\\n"
        "            -o a.js\n\n          echo ${{ github.sha }}\n      - run: make\n"
    )


def _meson(names: list[str]) -> str:
    inner = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
    return (
        f"project('x', 'c')  # it's x\nasyncify_only = [{inner}]\n"
        "flags = ['-sASYNCIFY_ONLY=' + ','.join(asyncify_only)]\n"
    )


def _python(names: list[str]) -> str:
    inner = "".join(f"    {name!r},  # why\n" for name in names)
    return (
        f'"""It\'s a build: ASYNCIFY_ONLY."""\n\nASYNCIFY_ONLY = [\n{inner}]\n\nprint(f"{{ASYNCIFY_ONLY}}")\n'
    )


def _python_argument(names: list[str]) -> str:
    flag = f"-sASYNCIFY_ONLY={_command_line_json(names)}"
    return f"import subprocess\n\nsubprocess.run(['emcc', {flag!r}, '-O2'], check=True)  # it's\n"


def _javascript(names: list[str]) -> str:
    inner = "".join(f"  {json.dumps(name, ensure_ascii=False)}, // why\n" for name in names)
    return f"// it's a build\nexport const ASYNCIFY_ONLY = [\n{inner}];\nconst x = /['\"]/.test(`${{1}}`);\n"


def _rust(names: list[str]) -> str:
    flag = f"-sASYNCIFY_ONLY={_command_line_json(names)}".replace("\\", "\\\\").replace('"', '\\"')
    flag = flag.replace("{", "{{").replace("}", "}}")
    return (
        "// it's a build\nfn main<'a>() {\n"
        f'    println!("cargo:rustc-link-arg={flag}");\n    let c = \'"\';\n}}\n'
    )


def _powershell(names: list[str]) -> str:
    inner = "".join("\n  '" + name.replace("'", "''") + "'  # why" for name in names)
    return (
        '# it\'s a build\n$env:CC = "emcc $($x -join \'"\') `" "\n'
        f"$ASYNCIFY_ONLY = @({inner}\n)\n& emcc '-O2'\n"
    )


def _cargo(names: list[str]) -> str:
    flag = json.dumps(f"link-arg=-sASYNCIFY_ONLY={','.join(names)}")
    return f'# it\'s\n[target.wasm32-unknown-emscripten]\nrustflags = ["-C", {flag}, "-Cdebuginfo=0"]\n'


KINDS = {
    "dockerfile, plain line ends": Kind(_dockerfile("")),
    "dockerfile, newlines in the value": Kind(_dockerfile("\\n")),
    "shell, JSON in single quotes": Kind(_shell_single),
    "shell, bare": Kind(_shell_bare, names=WORDS),
    "shell, flags in a variable": Kind(_shell_double, names=WORDS),
    "make variable": Kind(_make, path="Makefile"),
    "make recipe": Kind(_make_recipe, path="build/rules.mk"),
    "cmake option": Kind(_cmake, path="CMakeLists.txt", names=WORDS),
    "cmake variable": Kind(_cmake_list, names=WORDS),
    "package.json": Kind(_package_json),
    "json key": Kind(_json_key),
    "json list": Kind(_json_list),
    "a name a line": Kind(_lines, names=NAMES.filter(lambda names: "a b" not in names)),
    "wasm-opt argument": Kind(_wasm_opt, names=WORDS),
    "toml": Kind(_toml),
    "yaml, block sequence": Kind(_yaml_block, path="build.yml"),
    "yaml, flow sequence": Kind(_yaml_flow, path="build.yaml"),
    "yaml, env": Kind(_yaml_env, path="ci.yml", names=WORDS),
    "yaml, run": Kind(_yaml_run, path=".github/workflows/ci.yml"),
    "meson": Kind(_meson, path="meson.build"),
    "python": Kind(_python, path="build.py"),
    "python, arguments": Kind(_python_argument, path="build.py"),
    "javascript": Kind(_javascript, path="build.mjs"),
    "rust": Kind(_rust, path="build.rs"),
    "powershell": Kind(_powershell, path="build.ps1"),
    "cargo": Kind(_cargo, path=".cargo/config.toml", names=WORDS),
}
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@EVERY
@given(data=st.data(), crlf=st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_was_edited_in_is_read_back(kind: Kind, data: st.DataObject, crlf: bool) -> None:
    before = data.draw(kind.names, "before")
    after = data.draw(
        st.lists(st.one_of(st.sampled_from(before), PLAIN, SIGNATURES) if before else PLAIN, unique=True)
    )
    text = kind.write(before)
    if crlf:
        text = text.replace("\n", "\r\n")
    raw = text.encode()
    if list(read_list(raw, path=kind.path).names) != before:
        # A quote inside a name keeps a list from being JSON, and then emcc doubles backslashes and spoils
        # names with commas: it does not read what was meant, and neither do we.
        assert any(set(name) & set('\\"') for name in before)
        return
    if not all(name.isidentifier() for name in after):
        # Not every name can be said in every file; what must not be is a list that says something else.
        with suppress(ListFileError):
            edited = edit_list(raw, after, path=kind.path, of=before)
            assert list(read_list(edited, path=kind.path).names) == merge(before, after)
        return
    edited = edit_list(raw, after, path=kind.path, of=before)
    assert list(read_list(edited, path=kind.path).names) == merge(before, after)
    if set(after) == set(before):
        assert edited == raw
    if crlf:
        assert b"\n" not in edited.replace(b"\r\n", b"")


@EVERY
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_name_added_and_removed_leaves_the_file_as_it_was(kind: Kind, data: st.DataObject) -> None:
    before = data.draw(kind.names.filter(bool), "before")
    raw = kind.write(before).encode()
    if list(read_list(raw, path=kind.path).names) != before:
        return
    more = edit_list(raw, [*before, "zz_new", "aa_new"], path=kind.path)
    assert set(read_list(more, path=kind.path).names) == {*before, "zz_new", "aa_new"}
    assert edit_list(more, before, path=kind.path) == raw


DAMAGE = st.sampled_from(
    [
        "'",
        '"',
        "\\",
        "\n",
        "\r\n",
        ",",
        "[",
        "]",
        "$",
        "$(",
        "${",
        "`",
        "#",
        "\\\n",
        " ",
        "=",
        "@",
        "(",
        ")",
        "\t",
        "{",
        "é",
        "",
    ]
)


@EVERY
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_damaged_file_is_refused_or_edited_right(kind: Kind, data: st.DataObject) -> None:
    text = kind.write(data.draw(kind.names))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(DAMAGE) + text[at + data.draw(st.integers(0, 3)) :]
    raw = text.encode()
    try:
        found = find_lists(raw, path=kind.path)
        before = read_list(raw, path=kind.path).names
        edited = edit_list(raw, [*before, "zz_added"], path=kind.path)
    except ListFileError:
        return
    assert found
    assert list(read_list(edited, path=kind.path).names) == merge(before, [*before, "zz_added"])
    assert edit_list(raw, before, path=kind.path) == raw


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(ListFileError):
        find_lists(raw)


def calls_made(work: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's: what a piece of work costs, on whatever machine."""
    count = 0

    def note(frame: object, event: str, what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "kind",
    ["dockerfile, plain line ends", "make variable", "package.json", "json list", "toml", "a name a line"],
)
def test_a_list_four_times_as_long_takes_four_times_the_work(kind: str) -> None:
    path = KINDS[kind].path
    work = []
    for count in (500, 2000):
        names = [f"function_number_{at}(int, char)" for at in range(count)]
        raw = KINDS[kind].write(names).encode()
        edited = b""

        def edit(raw: bytes = raw, names: list[str] = names) -> None:
            nonlocal edited
            edited = edit_list(raw, [*names[::2], "new"], path=path)

        work.append(calls_made(edit))
        assert len(read_list(edited, path=path).names) == count // 2 + 1
    assert work[1] < 6 * work[0]


@pytest.mark.parametrize(
    "line", ["ASYNCIFY_ONLY " + "a " * 10_000, "x" * 100_000 + " -sASYNCIFY_ONLY=a", "$(" * 10_000]
)
def test_hostile_lines_do_not_stall(line: str) -> None:
    """Were one read in more than linear time, this would not end within any patience."""
    for path in ("Makefile", "CMakeLists.txt", "x.sh", "Dockerfile", ""):
        with suppress(ListFileError):
            find_lists(f"FROM x\nASYNCIFY_ONLY\n{line}\n".encode(), path=path)
