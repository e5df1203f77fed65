"""Files that users pass by mistake: none is edited, and the message has the formats and the way out."""

from __future__ import annotations

import pytest

from stackswitch.errors import ListFileError
from stackswitch.lists.files import find_lists, read_list
from stackswitch.lists.formats import table
from stackswitch.lists.functions import Functions
from stackswitch.lists.list_file import refuse_new
from tests.list_edits import edit_list, edit_list_with_wildcards

FUNCTIONS = Functions.of(["main", "foo", "bar", "zzz"])
WAY_OUT = "-sASYNCIFY_ONLY=@list.txt"

OTHERS = {
    "main.c": "#include <stdio.h>\nint main() { return 0; }\n",
    "main.cpp": "// -sASYNCIFY_ONLY=foo\nint main() {}\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "main.zig": "pub fn main() void {}\n",
    "Main.java": "class Main {}\n",
    "lib.rs": "fn main() {}\n",
    "index.html": "<html><body>hi</body></html>\n",
    "index.htm": "main\n",
    "list.csv": "name,count\nfoo,1\nbar,2\n",
    "x.ini": "[build]\nonly = foo,bar\n",
    "x.conf": "foo\n",
    "server.key": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
    "README.md": "# My project\n\nmain\n",
    "README": "main\n",
    "LICENSE": "# license\n",
    "build.log": "main\nfoo\n",
    "Cargo.lock": "version = 4\n",
    "package-lock.json": '{"name": "x"}\n',
    "package.json": '{"scripts": {"build": "emcc a.c"}}\n',
    "trace.jsonl": '{"kind": "header"}\n',
    "module.wat": "(module)\n",
    "build.bat": "set ASYNCIFY_ONLY=foo,bar\r\n",
    "config.fish": "set -x ASYNCIFY_ONLY foo,bar\n",
    "build.nims": 'switch("passL", "-sASYNCIFY_ONLY=foo")\n',
    "build.gradle": 'def ASYNCIFY_ONLY = ["foo"]\n',
    "build.gradle.kts": 'val ASYNCIFY_ONLY = listOf("foo")\n',
    "BUILD.bazel": 'cc_binary(name = "x", linkopts = ["-sASYNCIFY_ONLY=foo"])\n',
    "pom.xml": "<ASYNCIFY_ONLY>foo</ASYNCIFY_ONLY>\n",
    "requirements.txt": "foo\nbar\n",
    ".gitignore": "foo\n",
    "ci.yml": "on: push\n",
    "build.py": "print('main')\n",
    "meson.build": "project('main', 'c')\n",
    "build.rs": "fn main() {}\n",
    "build.js": "main();\n",
    "build.ps1": "main\n",
    "build.sh": "set -e\nmain\n",
    "Makefile": "all:\n\tmain\n",
    "CMakeLists.txt": "project(x)\n",
    "Dockerfile": "RUN main\n",
    "Cargo.toml": "[package]\nname = 'x'\n",
}
UNNAMED = {
    "C": "#include <stdio.h>\nint main() { return 0; }\n",
    "a key": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
    "CSV": "name,count\nfoo,1\n",
    "prose": "main\nSome prose stands here (in brackets), with more words than names have.\n",
    "a log": "12:00:01 main started\nmain\n",
    "YAML": "env:\n  ASYNCIFY_ONLY: foo\n",
    "XML": "<ASYNCIFY_ONLY>foo</ASYNCIFY_ONLY>\n",
    "JSON Lines": '{"a": 1}\n{"b": 2}\n',
    "a trace": '{"kind": "main"}\n',
    "Python": "import os\nASYNCIFY_ONLY = ['foo']\n",
    "Perl": "#!/usr/bin/perl\n# foo\n",
    "Batch": "@echo off\nset ASYNCIFY_ONLY=foo\n",
    "names of another module": "alpha\nbeta\n",
    "a diff": "--- a/x\n+++ b/x\n+main\n",
    "Windows' UTF-8": "\ufefffoo\nbar\n",
    "a list in Markdown": "- foo\n- bar\n",
    "an URL": "https://example.org/main\nmain\n",
    "a very long line": "x y " * 100_000,
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
def test_a_file_whose_name_says_what_it_is_gets_no_lines(name: str, line_end: str) -> None:
    text = OTHERS[name].rstrip("\r\n").replace("\r\n", "\n").replace("\n", line_end or "\n") + line_end
    with pytest.raises(ListFileError) as caught:
        edit_list(text.encode(), ["foo", "zzz"], path=name, functions=FUNCTIONS)
    assert name in str(caught.value)
    assert WAY_OUT in str(caught.value) or "valid JSON" in str(caught.value) or "FROM" in str(caught.value)


@pytest.mark.parametrize("name", UNNAMED)
@pytest.mark.parametrize("path", ["", "list.txt", "names", "list.xyz"])
def test_a_text_that_is_something_else_gets_no_lines(name: str, path: str) -> None:
    with pytest.raises(ListFileError):
        edit_list(UNNAMED[name].encode(), ["foo", "zzz"], path=path, functions=FUNCTIONS)


@pytest.mark.parametrize(
    "data",
    [
        "foo\nbar\n".encode("utf-16"),
        "foo\nbar\n".encode("utf-16-le"),
        b"\x7fELF\x02\0\0foo\n",
        b"foo\n\xff\xfe\n",
        "foo\nb\ufdd0r\n".encode(),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(ListFileError, match=r"UTF-16|binary|UTF-8|U\+FDD0"):
        edit_list(data, ["foo", "zzz"], functions=FUNCTIONS)


@pytest.mark.parametrize(
    "name", ["ci.yml", "build.py", "main.c", "x.json", "Makefile", ".env", "LICENSE", "a.md"]
)
def test_no_new_list_is_made_under_the_name_of_another_kind(name: str) -> None:
    with pytest.raises(ListFileError, match=r"list\.txt"):
        refuse_new(name)
    with pytest.raises(ListFileError):
        edit_list(b"", ["foo"], path=name, functions=FUNCTIONS)


@pytest.mark.parametrize("name", ["", "list.txt", "only", "php.list", "a/b.c/names.txt", "php8.3.asyncify"])
def test_a_new_an_empty_and_a_commented_list_are_taken(name: str) -> None:
    refuse_new(name)
    for before in (b"", b"\n", b"# nothing yet\n"):
        edited = edit_list(before, ["foo"], path=name, functions=FUNCTIONS)
        assert edited.endswith(b"foo\n")


def test_one_name_of_the_module_makes_a_list_of_it() -> None:
    stale = b"old_name\nstd::__2::foo<int, char>(int const&)\nzend_*\nbar\n"
    assert b"zzz\n" in edit_list(stale, ["bar", "zzz"], functions=FUNCTIONS)
    with pytest.raises(ListFileError, match="no line of this file names a function of the module"):
        edit_list(stale.replace(b"bar", b"baz"), ["foo"], functions=FUNCTIONS)
    # A wildcard that matches is a name too; what has a name of the module as a line is taken whatever it is.
    assert edit_list(b"zz*\n", ["zz*", "foo"], functions=FUNCTIONS) == b"zz*\nfoo\n"
    odd = Functions.of(["a = b;", "foo"])
    assert edit_list(b"a = b;\n", ["a = b;", "foo"], functions=odd) == b"a = b;\nfoo\n"


def test_without_functions_one_of_the_names_must_be_there() -> None:
    assert edit_list(b"foo\n", ["foo", "bar"]) == b"foo\nbar\n"
    with pytest.raises(ListFileError, match="names a function"):
        edit_list(b"foo\n", ["bar"])


def test_a_byte_order_mark_stays_where_it_does_no_harm() -> None:
    mark = b"\xef\xbb\xbf"
    edited = edit_list(mark + b"$ASYNCIFY_ONLY = @('foo')\r\n", ["foo", "bar"], path="build.ps1")
    assert edited == mark + b"$ASYNCIFY_ONLY = @('foo', 'bar')\r\n"
    with pytest.raises(ListFileError, match="byte order mark"):
        edit_list(mark + b'{"ASYNCIFY_ONLY": ["foo"]}', ["foo"], path="x.json")


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("b.py", "ASYNCIFY_ONLY = ['a'] + more\n", r"\['a'\] \+ more"),
        ("b.py", "ASYNCIFY_ONLY = ['a'] if x else []\n", "if x else"),
        ("b.py", "ASYNCIFY_ONLY = 'a b'.split()\n", "split"),
        ("b.py", "run(['emcc', f'-sASYNCIFY_ONLY={names}'])\n", "{"),
        ("b.py", "run(['emcc', '-sASYNCIFY_ONLY=' + names])\n", "-sASYNCIFY_ONLY="),
        ("b.py", "run(['emcc', '-sASYNCIFY_ONLY=%s' % names])\n", "-sASYNCIFY_ONLY="),
        ("b.js", "const ASYNCIFY_ONLY = ['a']\n  .concat(more)\n", r"\['a'\]"),
        ("b.js", "run(`-sASYNCIFY_ONLY=${names}`)\n", r"\$\{names\}"),
        ("b.js", "run('-sASYNCIFY_ONLY=' + names)\n", "-sASYNCIFY_ONLY="),
        ("b.js", "const ASYNCIFY_ONLY = [String.raw`a`]\n", "`"),
        ("meson.build", "f = '-sASYNCIFY_ONLY=@0@'.format(x)\n", "-sASYNCIFY_ONLY="),
        ("meson.build", "ASYNCIFY_ONLY = ['a'] + b\n", r"\['a'\] \+ b"),
        ("b.ps1", 'emcc "-sASYNCIFY_ONLY=$names"\n', r"\$names"),
        ("b.ps1", "$x = '-sASYNCIFY_ONLY={0}' -f $y\n", "-sASYNCIFY_ONLY="),
        ("b.rs", 'println!("cargo:rustc-link-arg=-sASYNCIFY_ONLY={}", x);\n', r"\{\}"),
        ("c.yml", "x: &n [a]\nASYNCIFY_ONLY: *n\n", "an alias of line 1"),
        ("c.yml", "env:\n  ASYNCIFY_ONLY: ${{ env.X }}\n", "env.X"),
        ("c.yml", "run: emcc -sASYNCIFY_ONLY=$X\n", r"\$X"),
    ],
)
def test_a_list_that_is_put_together_is_not_edited(path: str, text: str, what: str) -> None:
    with pytest.raises(ListFileError, match=f"is put together from .*{what}"):
        edit_list(text.encode(), ["foo"], path=path, functions=FUNCTIONS)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("c.yml", "ASYNCIFY_ONLY: [a\n", "no YAML"),
        ("c.yml", "ASYNCIFY_ONLY:\n", r"no value here: write \[\]"),
        ("c.yml", "ASYNCIFY_ONLY: [yes, a]\n", "'yes', which is no string"),
        ("c.yml", "steps:\n- shell: pwsh\n  run: emcc -sASYNCIFY_ONLY=a\n", "a script for pwsh"),
        (
            "c.yml",
            "jobs:\n  a:\n    runs-on: windows-2025\n    steps:\n    - run: emcc -sASYNCIFY_ONLY=a\n",
            "pwsh",
        ),
        ("b.py", "ASYNCIFY_ONLY = ['a'\n", "no Python"),
        ("b.py", "ASYNCIFY_ONLY = ('a', 'b')\n", "would not be read back"),
        ("b.ps1", "emcc -sASYNCIFY_ONLY=a,b\n", "single quotes"),
        ("b.js", "const x = 'a\nASYNCIFY_ONLY = ['a']\n", "not closed"),
        ("b.js", "const ASYNCIFY_ONLY = ['a', /* b */ 'b'];\n", "among its names"),
        ("x.json", '{"ASYNCIFY_ONLY": ["a",]}\n', "not valid JSON"),
        ("CMakeLists.txt", 'set(ASYNCIFY_ONLY "a;b")\n', "semicolon"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(path: str, text: str, message: str) -> None:
    with pytest.raises(ListFileError, match=message):
        edit_list(text.encode(), ["a"] if "('a'" in text else ["a", "foo"], path=path, functions=FUNCTIONS)


@pytest.mark.parametrize("path", ["compose.yaml", "docker-compose.dev.yml", ".gitlab-ci.yml", "ci.yml"])
def test_a_dollar_is_filled_in_by_compose_and_gitlab(path: str) -> None:
    text = b"environment:\n  - ASYNCIFY_ONLY=foo\n"
    names = ["foo", "byn$fpcast-emu$foo"]
    if path == "ci.yml":
        assert edit_list(text, names, path=path) == text.replace(b"=foo", b"=foo,byn$fpcast-emu$foo")
        return
    with pytest.raises(ListFileError, match="cannot be given here"):
        edit_list(text, names, path=path)
    functions = Functions.of(names)
    edited = edit_list_with_wildcards(text, names, path=path, functions=functions)
    assert edited.data == text.replace(b"=foo", b"=foo,byn*fpcast*emu*foo")


def test_what_was_missing_is_no_list() -> None:
    """Cases and results name lists too: those of what a run is expected to lack, or lacked."""
    case = (
        b'why = "x"\n[asyncify]\nonly = ["foo"]\n[[differs]]\nbackend = "asyncify"\n'
        b'expect = { missing = { ASYNCIFY_ONLY = ["bar"] } }\n'
    )
    assert [each.names for each in find_lists(case, path="case.toml")] == [("foo",)]
    with pytest.raises(ListFileError, match="no list of names"):
        find_lists(case.replace(b'[asyncify]\nonly = ["foo"]\n', b""), path="case.toml")
    result = b'{"schema_version": 1, "results": [{"missing": {"ASYNCIFY_ONLY": ["foo"]}}]}'
    with pytest.raises(ListFileError, match="no list of names"):
        find_lists(result, path="results.json")


def test_comments_docstrings_and_messages_are_no_lists() -> None:
    text = '"""Set ASYNCIFY_ONLY=foo to override."""\n# ASYNCIFY_ONLY = ["x"]\nASYNCIFY_ONLY = ["foo"]\n'
    assert [each.names for each in find_lists(text.encode(), path="build.py")] == [("foo",)]
    text = (
        "// ASYNCIFY_ONLY = ['x']\n/* const ASYNCIFY_ONLY = ['y'] */\nexport const ASYNCIFY_ONLY = ['foo'];\n"
    )
    assert [each.names for each in find_lists(text.encode(), path="build.js")] == [("foo",)]


def test_the_value_of_a_cache_variable_ends_before_its_type() -> None:
    text = b'set(ASYNCIFY_ONLY "foo" CACHE STRING "what waits")\n'
    assert read_list(text, path="CMakeLists.txt").names == ("foo",)
    edited = edit_list(text, ["foo", "bar"], path="CMakeLists.txt")
    assert edited == b'set(ASYNCIFY_ONLY "foo,bar" CACHE STRING "what waits")\n'


def test_every_format_is_in_the_message_and_the_help() -> None:
    for each in table.FORMATS:
        assert each.name in table.supported()
        assert each.name in table.names()
        assert f"| {each.name} | {each.files} |" in table.table()


def test_an_import_that_cannot_be_written_is_refused_and_not_replaced() -> None:
    with pytest.raises(ListFileError, match="cannot be given here"):
        edit_list_with_wildcards(
            b"env:\n  JSPI_IMPORTS: env.a\n",
            ["env.a", "env.b\0"],
            "JSPI_IMPORTS",
            path="c.yml",
            functions=FUNCTIONS,
        )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "ASYNCIFY_ONLY := foo bar\n"),
        ("a.mk", "ASYNCIFY_ONLY = \\\n  foo \\\n  bar\n"),
        ("a.sh", "ASYNCIFY_ONLY='foo bar'\n"),
        ("a.sh", "ASYNCIFY_ONLY='\nfoo\nbar\n'\n"),
        ("a.sh", "ASYNCIFY_ONLY=$'foo\\nbar'\n"),
        ("a.yml", "ASYNCIFY_ONLY: |\n  foo\n  bar\n"),
        ("a.py", 'ASYNCIFY_ONLY = """\nfoo\nbar\n"""\n'),
        ("a.toml", '[env]\nASYNCIFY_ONLY = "foo bar"\n'),
        ("CMakePresets.json", '{"cacheVariables": {"ASYNCIFY_ONLY": "foo;bar"}}\n'),
    ],
)
def test_names_that_no_comma_separates_are_not_one_name(path: str, text: str) -> None:
    names = read_list(text.encode(), path=path).names
    with pytest.raises(ListFileError, match="emcc takes for one name: separate names by commas"):
        edit_list(text.encode(), [*names, "zzz"], path=path, functions=FUNCTIONS)
    # A function of this name is one name.
    edit_list(b"ASYNCIFY_ONLY='foo bar'\n", ["foo bar", "foo"], functions=Functions.of(["foo", "foo bar"]))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sh", "ASYNCIFY_ONLY=(foo bar)\n"),
        ("a.sh", "declare -a ASYNCIFY_ONLY=(\n  foo\n  bar\n)\n"),
        ("Dockerfile", "FROM x\nRUN ASYNCIFY_ONLY=(foo bar); make\n"),
        ("Justfile", "build:\n    emcc a.c -sASYNCIFY_ONLY={{names}}\n"),
        ("Taskfile.yml", "tasks:\n  build:\n    cmds:\n    - emcc a.c -sASYNCIFY_ONLY={{.NAMES}}\n"),
        ("play.yml", 'env:\n  ASYNCIFY_ONLY: "foo,{{ names | join }}"\n'),
        ("azure.yml", 'env:\n  ASYNCIFY_ONLY: "$(names)"\n'),
        ("ci.yml", 'env:\n  ASYNCIFY_ONLY: "${NAMES}"\n'),
        ("config.yml", "env:\n  ASYNCIFY_ONLY: << parameters.names >>\n"),
    ],
)
def test_places_for_other_text_are_no_names(path: str, text: str) -> None:
    with pytest.raises(ListFileError, match="is put together from"):
        edit_list(text.encode(), ["foo", "zzz"], path=path, functions=FUNCTIONS)


def test_a_string_that_sets_two_variables_is_not_edited() -> None:
    text = b"env:\n  - ASYNCIFY_ONLY=foo,bar X=1\n"
    with pytest.raises(ListFileError, match="sets X too: give each a string of its own"):
        edit_list(text, ["foo", "bar", "zzz"], path=".travis.yml", functions=FUNCTIONS)
