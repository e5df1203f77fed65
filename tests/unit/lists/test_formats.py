"""What is particular to each kind of file: layout that must stay, and how a list is recognised at all."""

from __future__ import annotations

import pytest

from stackswitch.errors import ListFileError
from stackswitch.lists.files import find_lists, read_list
from stackswitch.lists.functions import Functions
from stackswitch.lists.ordering import merge, sort_key
from tests.list_edits import edit_list

TOML = """\
why = "x"   # a case
[asyncify]
# What may wait.
only = [
    # the network
    "read",   # blocking
    "write",

    # timers
    'sleep',
]
ignore_indirect = true
[jspi]
exports = ["main"]
"""


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        # Shell
        ("emcc -sASYNCIFY_ONLY=a,b x.c\n", ["a", "b", "c"], "emcc -sASYNCIFY_ONLY=a,b,c x.c\n"),
        ("emcc -s ASYNCIFY_ONLY=[a] x.c\n", ["b"], "emcc -s ASYNCIFY_ONLY=[b] x.c\n"),
        (
            "emcc -s 'ASYNCIFY_ONLY=[\"a\"]'\n",
            ["a", "f(int, x)"],
            'emcc -s \'ASYNCIFY_ONLY=["a","f(int, x)"]\'\n',
        ),
        ("emcc -sASYNCIFY_ONLY=[]\n", ["a", "b"], "emcc -sASYNCIFY_ONLY=[a,b]\n"),
        ("emcc -sASYNCIFY_ONLY='[]'\n", ["a"], "emcc -sASYNCIFY_ONLY='[\"a\"]'\n"),
        ("emcc -sASYNCIFY_ONLY=\n", ["a"], "emcc -sASYNCIFY_ONLY=a\n"),
        (
            "emcc -sASYNCIFY_ONLY=a,f(char.const*?.int)\n".replace("(", "\\(").replace(")", "\\)"),
            ["a", "f(char const*, int)", "g(int, X&)"],
            "emcc -sASYNCIFY_ONLY=a,f\\(char.const*?.int\\),'g(int?.X#)'\n",
        ),
        ('ASYNCIFY_ONLY="a,b"; export ASYNCIFY_ONLY\n', ["b"], 'ASYNCIFY_ONLY="b"; export ASYNCIFY_ONLY\n'),
        (
            'ASYNCIFY_ONLY=\'\n  "a",\n  "b",\n\'\n',
            ["a", "b", "c"],
            'ASYNCIFY_ONLY=\'\n  "a",\n  "b",\n  "c",\n\'\n',
        ),
        # wasm-opt
        (
            "wasm-opt --pass-arg=asyncify-onlylist@a,b in.wasm\n",
            ["b", "f(int, x)"],
            "wasm-opt --pass-arg=asyncify-onlylist@b,'f(int, x)' in.wasm\n",
        ),
        (
            'wasm-opt "--pass-arg=asyncify-onlylist@a,f(int, x)" in.wasm\n',
            ["a", "f(int, x)", "g(int, y)"],
            'wasm-opt "--pass-arg=asyncify-onlylist@a,f(int, x),g(int, y)" in.wasm\n',
        ),
        # Lists by themselves
        ("b\na\n", ["b", "a", "c"], "b\na\nc\n"),
        ("a\nc\n", ["a", "b", "c"], "a\nb\nc\n"),
        ("a\nb", ["a", "b", "c"], "a\nb\nc"),
        ("a", ["a", "b"], "a\nb"),
        ("", ["a", "b"], "a\nb\n"),
        ("# only these\n", ["a"], "# only these\na\n"),
        ("a\r\n# c\r\nb\r\n", ["b"], "# c\r\nb\r\n"),
        ("a\n# c\nb\n", ["a"], "a\n# c\n"),
        ("a\nb\n", [], ""),
        ('["a","c"]', ["a", "b", "c"], '["a","b","c"]'),
        ('[\n  "z",\n  "a"\n]\n', ["z", "a", "f(int, x)"], '[\n  "z",\n  "a",\n  "f(int, x)"\n]\n'),
        ('[\n  "a"\n]\n', ["a", "b"], '[\n  "a",\n  "b"\n]\n'),
        ("[]\n", ["a"], '["a"]\n'),
        # TOML
        (
            TOML,
            ["read", "sleep", "write"],
            TOML,
        ),
        (TOML, ["write", "sleep"], TOML.replace('    "read",   # blocking\n', "")),
        (TOML, ["read", "write"], TOML.replace("    'sleep',\n", "")),
        (TOML, ["read", "write", "sleep", "x'y"], TOML.replace("'sleep',\n", "'sleep',\n    \"x'y\",\n")),
        (
            '[asyncify]\nonly = [\n  "z", # about z\n  "b", # about b\n]\n',
            ["z", "b", "x"],
            '[asyncify]\nonly = [\n  "z", # about z\n  "b", # about b\n  "x",\n]\n',
        ),
        (
            '[asyncify]\nonly = [\n  "z", # about z\n  "b" # about b\n]\n',
            ["z"],
            '[asyncify]\nonly = [\n  "z" # about z\n]\n',
        ),
        (
            '[asyncify]\nonly = [\n  "z",\n  # about b\n  "b",\n]\n',
            ["x"],
            '[asyncify]\nonly = [\n  # about b\n  "x",\n]\n',
        ),
        ("a\n# c\nb\n", ["x"], "# c\nx\n"),
        ('[asyncify]\nonly = ["b", "a"]\n', ["a"], '[asyncify]\nonly = ["a"]\n'),
        ("[asyncify]\nonly = []\n", ["a\\b"], '[asyncify]\nonly = ["a\\\\b"]\n'),
        ('asyncify = { only = ["a"], asserts = true }\n', [], "asyncify = { only = [], asserts = true }\n"),
        ('[tool.stackswitch.asyncify]\nonly = ["a"]\n', ["b"], '[tool.stackswitch.asyncify]\nonly = ["b"]\n'),
    ],
)
def test_the_neighbours_set_the_style(text: str, names: list[str], expected: str) -> None:
    functions = Functions.of(["a", "b", *names])
    edited = edit_list(text.encode(), names, functions=functions).decode()
    assert edited == expected
    assert list(read_list(edited.encode()).names) == merge(read_list(text.encode()).names, names)


MAKEFILE = """\
# It's a build
CC := emcc
ASYNCIFY_ONLY = "main", \\
                "read"   # what waits
FLAGS += -sASYNCIFY -sJSPI_EXPORTS=main

all: app.js
app.js: app.c
\t$(CC) $< -sASYNCIFY_ONLY='[$(ASYNCIFY_ONLY)]' $(FLAGS) \\
\t\t-o $@
"""


@pytest.mark.parametrize(
    ("backslashes", "names"), [(0, ("a",)), (1, ("a", "b")), (2, ("a", r"\\")), (3, ("a", r"\\\\ b"))]
)
def test_a_makefile_goes_on_after_an_odd_number_of_backslashes(
    backslashes: int, names: tuple[str, ...]
) -> None:
    source = "ASYNCIFY_ONLY := a," + "\\" * backslashes + "\n  b\nJSPI_EXPORTS := main\n"
    found = [(each.variable, each.names) for each in find_lists(source.encode(), path="Makefile")]
    assert found == [("ASYNCIFY_ONLY", names), ("JSPI_EXPORTS", ("main",))]


def test_a_makefile() -> None:
    found = find_lists(MAKEFILE.encode())
    assert [(each.variable, each.names, each.expansions) for each in found] == [
        ("ASYNCIFY_ONLY", ("main", "read"), ()),
        ("JSPI_EXPORTS", ("main",), ()),
        ("ASYNCIFY_ONLY", (), ("$(ASYNCIFY_ONLY)",)),
    ]
    edited = edit_list(MAKEFILE.encode(), ["main", "read", "w$b"])
    assert edited.decode() == MAKEFILE.replace('"read" ', '"read", \\\n                "w$$b" ')
    assert b"JSPI_EXPORTS=main,run\n" in edit_list(MAKEFILE.encode(), ["main", "run"], "JSPI_EXPORTS")


CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(app) # it's an app
set(ASYNCIFY_ONLY
  main   # the entry
  read
)
set_target_properties(app PROPERTIES LINK_FLAGS "-s ASYNCIFY=1 -s ASYNCIFY_ADD='[\\"a\\",\\"b\\"]' -O2")
target_link_options(app PRIVATE "SHELL:-s ASYNCIFY_REMOVE=[x]" -sASYNCIFY_IMPORTS=env.wait)
"""


def test_a_cmake_file() -> None:
    data = CMAKE.encode()
    assert {each.variable: each.names for each in find_lists(data)} == {
        "ASYNCIFY_ONLY": ("main", "read"),
        "ASYNCIFY_ADD": ("a", "b"),
        "ASYNCIFY_REMOVE": ("x",),
        "ASYNCIFY_IMPORTS": ("env.wait",),
    }
    assert edit_list(data, ["main", "read", "w(int)"]).decode() == CMAKE.replace(
        "read\n", 'read\n  "w(int)"\n'
    )
    added = edit_list(data, ["a", "b", "f(int, x)"], "ASYNCIFY_ADD").decode()
    assert added == CMAKE.replace('\\"b\\"', '\\"b\\",\\"f(int, x)\\"')
    assert "=[x,y]" in edit_list(data, ["x", "y"], "ASYNCIFY_REMOVE").decode()
    assert (
        "IMPORTS=env.wait,env.sleep)"
        in edit_list(data, ["env.wait", "env.sleep"], "ASYNCIFY_IMPORTS").decode()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "flags = ['-O2', '-sASYNCIFY_ONLY=[\"a\"]', '-o']\n",
            "flags = ['-O2', '-sASYNCIFY_ONLY=[\"a\",\"b\"]', '-o']\n",
        ),
        ('link_args : ["-sASYNCIFY_ONLY=a"]\n', 'link_args : ["-sASYNCIFY_ONLY=a,b"]\n'),
        ("- run: emcc -sASYNCIFY_ONLY=a -o x\n", "- run: emcc -sASYNCIFY_ONLY=a,b -o x\n"),
    ],
)
def test_arguments_in_build_scripts_of_other_kinds(text: str, expected: str) -> None:
    assert edit_list(text.encode(), ["a", "b"]).decode() == expected


def test_settings_in_json() -> None:
    command = "emcc -sASYNCIFY_ONLY='[\\\"a\\\"]' x.c"
    text = f'{{"scripts": {{"build": "{command}"}},\n "args": ["-s", "ASYNCIFY_ADD=b,c"]}}'
    assert [each.names for each in find_lists(text.encode())] == [("a",), ("b", "c")]
    assert '\'[\\"a\\",\\"b\\"]\'' in edit_list(text.encode(), ["a", "b"]).decode()
    assert '"ASYNCIFY_ADD=c"' in edit_list(text.encode(), ["c"], "ASYNCIFY_ADD").decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\0asm\x01\0\0\0", "binary"),
        (b"a\nb\xff\n", r"list:2: not UTF-8: byte 0xff"),
        (b"int main(void) {\n  return 0;\n}\n", "list:1: .*no function's name"),
        (b"# Title\n\nSome prose stands here.\n", "list:3: .*no function's name"),
        (b'["a", 1]', "JSON array"),
        (b'["a"', "JSON array"),
        (b'{"a": 1}', "no function's name"),
        (b"FROM debian\nRUN true\n", "no list of names is set in this Dockerfile"),
        (b"# ASYNCIFY_ONLY goes here.\nset -e\n", "no list of names is set in this shell text"),
        (b"[asyncify]\nonly = [1]\n", "something else than names"),
        (b"export ASYNCIFY_ONLY='a,b\n", r"list:1: a quote \('\) around this list is not closed"),
        (b"emcc -sASYNCIFY_ONLY=[a\n", "must end with"),
        (b"emcc -sASYNCIFY_ONLY=a -sASYNCIFY_ONLY=b\n", "stands 2 times"),
        (b"wasm-opt --pass-arg=asyncify-onlylist@@names.txt\n", "but in names.txt"),
        (b"wasm-opt --pass-arg='asyncify-onlylist@a,operator<'\n", "brackets"),
        (
            b"emcc -sASYNCIFY_ADD=a\n",
            r"no list ASYNCIFY_ONLY in this file; there are: ASYNCIFY_ADD \(line 1\)",
        ),
    ],
)
def test_bad_files_get_one_clear_message(data: bytes, message: str) -> None:
    with pytest.raises(ListFileError, match=message) as caught:
        read_list(data, path="list")
    assert str(caught.value).startswith("list:")
    with pytest.raises(ListFileError):
        edit_list(data, ["x"], path="list")


@pytest.mark.parametrize(
    ("text", "name", "wildcard"),
    [
        ("emcc -sASYNCIFY_ONLY='[\"a\"]'\n", "x.specialized.1", "x*specialized*1"),
        ("emcc -sASYNCIFY_ONLY=a,b\n", "operator<(A, B)", "operator*(A, B)"),
        ('["a"]', "f(int)#2", "f(int)*2"),
        ("wasm-opt --pass-arg=asyncify-onlylist@a\n", "operator<<", "@@FILE"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_way_around(text: str, name: str, wildcard: str) -> None:
    with pytest.raises(ListFileError) as caught:
        edit_list(text.encode(), ["a", name])
    assert name in str(caught.value)
    assert wildcard in str(caught.value)
    assert "@" in str(caught.value)


def test_the_same_names_are_no_trouble_where_binaryen_reads_them() -> None:
    names = ["x.specialized.1", "operator<<", "f(int)#2", "a,b"]
    assert edit_list(b"# names\n", names) == b"# names\n" + "".join(f"{each}\n" for each in names).encode()


@pytest.mark.parametrize(
    ("current", "wanted", "merged"),
    [
        (["a", "c"], ["b", "a", "c"], ["a", "b", "c"]),
        (["a", "C"], ["a", "C", "B"], ["a", "B", "C"]),
        (["_b", "a"], ["_b", "a", "c"], ["_b", "a", "c"]),
        (["c", "a", "c"], ["c", "b"], ["c", "c", "b"]),
        ([], ["b", "a"], ["b", "a"]),
    ],
)
def test_where_new_names_go(current: list[str], wanted: list[str], merged: list[str]) -> None:
    assert merge(current, wanted) == merged
    key = sort_key(current)
    assert key is None or [*map(key, merged)] == sorted(map(key, merged))
