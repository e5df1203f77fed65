"""Our reading of emcc's list settings against emcc's own, run in a process of its own.

Any Emscripten serves, an ``emcc`` on PATH or the folder in ``EMSCRIPTEN``: only its settings parser is run,
which needs neither LLVM nor Node. Tried with 3.1.6 (Debian 12) and 6.0.9 as of August 2026.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.errors import ListFileError
from stackswitch.lists.emscripten import SettingError, read_items, rewritten
from stackswitch.lists.files import read_list

PROBE = """
import ast, json, sys

WANTED = {"parse_value", "parse_symbol_list_file", "unmangle_symbols_from_cmdline"}

class Refused(Exception):
    pass

def refuse(message, *details):
    raise Refused(message % details if details else message)

here = {"json": json, "exit_with_error": refuse}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    body = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name in WANTED]
    exec(compile(ast.Module(body, []), path, "exec"), here)
old = here["parse_value"].__code__.co_varnames[1] == "expect_list"
expected = True if old else list

def setting(text, from_file):
    if from_file and text.strip()[:1] != "[":
        return here["parse_symbol_list_file"](text.strip())
    value = text.strip() if from_file else text.replace(chr(92), chr(92) * 2)
    names = here["parse_value"](value, expected)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused("not a list of names")
    return names

answers = []
for text, from_file in json.load(sys.stdin):
    try:
        names = setting(text, from_file)
        answers.append([names, here["unmangle_symbols_from_cmdline"](names)])
    except Exception as error:
        answers.append(str(error))
json.dump({"old": old, "answers": answers}, sys.stdout)
"""

HAND_MADE = [
    "a,b",
    "[a,b]",
    '["a","b"]',
    "['a', 'b']",
    '"a","f(int, char const*)"',
    '"a"',
    "a",
    "[]",
    "[ ]",
    "5",
    "1,2",
    "[1,2]",
    '["1"]',
    "null",
    "true",
    '{"a":1}',
    "a,,b",
    "a,",
    ",a",
    '["a"',
    'a"]',
    "'a,b",
    '[a,"b c"]',
    '["x"y","z"]',
    '["a\\nb"]',
    '["a\\\\b"]',
    "a\\b",
    "['a\\b']",
    '[ "a" , "b" ] ',
    ' ["a"]',
    '["a"]\n',
    "foo(char.const*?.int#)",
    '["foo(int, char)"]',
    "[foo(int, char)]",
    "[\"a\", 'b']",
    '["a",]',
    "[[a]]",
    '["größe","名"]',
    '"',
    "''",
    '[""]',
]


def emscripten_sources() -> list[Path]:
    """Find the files that hold emcc's settings parser."""
    emcc = shutil.which("emcc")
    folder = os.environ.get("EMSCRIPTEN")
    roots = [Path(folder)] if folder else [Path(emcc).resolve().parent] if emcc else []
    for root in roots:
        names = (
            ("tools/cmdline.py", "tools/link.py") if (root / "tools/cmdline.py").exists() else ("emcc.py",)
        )
        if all((root / name).exists() for name in names):
            return [root / name for name in names]
    pytest.skip("no Emscripten: neither emcc on PATH nor its folder in EMSCRIPTEN")


def ask_emcc(values: list[tuple[str, bool]]) -> tuple[bool, list[tuple[list[str], list[str]] | None]]:
    command = [sys.executable, "-c", PROBE, *map(str, emscripten_sources())]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, check=True, timeout=300
    )
    answer = json.loads(done.stdout)
    return answer["old"], [None if isinstance(each, str) else tuple(each) for each in answer["answers"]]


def ours(text: str) -> list[str] | None:
    try:
        return [item.name for item in read_items(text)]
    except SettingError:
        return None


def ours_in_file(text: str) -> list[str] | None:
    try:
        return list(read_list(text.encode(), path="list.json").written)
    except ListFileError:
        return None


def generated(seed: int, count: int) -> list[str]:
    """Values put together from what matters to a parser."""
    choose = random.Random(seed)
    pieces = [
        "a",
        "bc",
        "f(int, x)",
        ",",
        ",",
        ", ",
        '"',
        '"',
        "'",
        "[",
        "]",
        " ",
        "\\",
        "\\n",
        ".",
        "#",
        "?",
        "*",
        "1",
    ]
    values = ["".join(choose.choices(pieces, k=choose.randint(1, 9))) for _ in range(count)]
    names = ["a", "f(int, char const*)", 'q"q', "it's", "back\\slash", "x y", "#h", "d.1"]
    for _ in range(count):
        quote = choose.choice(["", '"', "'"])
        inside = choose.choice([",", ", ", ",\n"]).join(
            f"{quote}{name}{quote}" for name in choose.choices(names, k=choose.randint(1, 4))
        )
        values.append(f"[{inside}]" if choose.random() < 0.7 else inside)
    return values


def test_values_on_the_command_line_are_read_as_emcc_reads_them() -> None:
    # An @file is another matter, and emcc itself fails on no value at all.
    values = [each for each in [*HAND_MADE, *generated(1, 4000)] if each and each[0] != "@"]
    _, answers = ask_emcc([(value, False) for value in values])
    different = [
        (value, ours(value), answer)
        for value, answer in zip(values, answers, strict=True)
        if ours(value) != (None if answer is None else answer[0])
    ]
    assert not different, different[:20]
    assert sum(answer is not None for answer in answers) > 1000


def test_files_that_are_json_are_read_as_emcc_reads_them() -> None:
    values = [each for each in [*HAND_MADE, *generated(2, 3000)] if each.startswith("[")]
    values += ['["a\\"b",\n "c"]\n']
    _, answers = ask_emcc([(value, True) for value in values])
    different = [
        (value, read, answer)
        for value, answer in zip(values, answers, strict=True)
        if (read := ours_in_file(value)) is not None and (answer is None or read != answer[0])
    ]
    assert not different, different[:20]
    assert sum(ours_in_file(value) is not None for value in values) > 200


def test_names_are_rewritten_as_emcc_rewrites_them() -> None:
    values = ["foo(char.const*?.int#)", "a.b,c d,e#f", '["x?y.z"]']
    _, answers = ask_emcc([(value, False) for value in values])
    for answer in answers:
        assert answer is not None
        assert [rewritten(name) for name in answer[0]] == answer[1]
