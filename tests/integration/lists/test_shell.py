"""Our reading of shell words and of make's variables against bash and GNU make."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from stackswitch.lists.files import read_list
from stackswitch.lists.formats.shell import shell_words
from stackswitch.lists.source import DecodedText
from tests.list_edits import edit_list

PIECES = [
    "a",
    "-sX=",
    "[a,b]",
    "'it; $x `y` \\ \"'",
    "''",
    '"two  words"',
    '"\\$ \\` \\" \\\\ \\n \\x"',
    '"it\'s"',
    "$'tab\\there'",
    "$'it\\'s \\\\ \\\"q\\\" \\x41\\101 \\u00e9 \\q'",
    "\\ ",
    "\\'",
    '\\"',
    "\\\n",
    '"a\\\nb"',
    "'a\\\nb'",
    "é",
    ",",
    "#",
    " ",
    "  ",
    "\t",
]


def texts() -> list[str]:
    choose = random.Random(3)
    made = ["".join(choose.choices(PIECES, k=choose.randint(1, 8))) for _ in range(600)]
    # After a comment, a line's end begins another command.
    return [text for text in made if not {"#", "\n"} <= set(text)]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_words_are_those_of_bash(tmp_path: Path) -> None:
    script = tmp_path / "words.sh"
    show = "show() { printf '%s\\0' $# \"$@\"; }\nset -f +B\n"
    script.write_text(show + "".join(f"show {text}\n" for text in texts()), "utf-8")
    command = ["bash", str(script)]
    done = subprocess.run(
        command,
        capture_output=True,
        check=True,
        timeout=60,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    answers = iter(done.stdout.decode().split("\0"))
    for text in texts():
        expected = [next(answers) for _ in range(int(next(answers)))]
        assert [word.text.chars for word in shell_words(DecodedText.of(text))] == expected, text


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_what_is_edited_into_a_makefile_is_what_make_hands_on(tmp_path: Path) -> None:
    makefile = (
        b'ASYNCIFY_ONLY = "main", \\\n                "read"   # what waits\n'
        b"all:\n\t@printf '%s\\0' '-sASYNCIFY_ONLY=[$(ASYNCIFY_ONLY)]' \\\n"
        b"\t  -sASYNCIFY_ADD='[\"x\"]'\n"
    )
    names = ["main", "read", "sh#arp", "w$b$$c", "z(int, char const*)"]
    names.remove("sh#arp")  # emcc would turn it into sh&arp
    edited = edit_list(makefile, names, path="Makefile")
    edited = edit_list(edited, ["x", "it's", "y$(z)"], "ASYNCIFY_ADD", path="Makefile")
    (tmp_path / "Makefile").write_bytes(edited)
    done = subprocess.run(["make", "-s", "-C", str(tmp_path)], capture_output=True, check=True, timeout=60)
    only, add, _ = done.stdout.decode().split("\0")
    as_flags = "emcc " + " ".join("'" + each.replace("'", "'\\''") + "'" for each in (only, add)) + "\n"
    assert read_list(as_flags.encode()).names == tuple(names)
    assert read_list(as_flags.encode(), "ASYNCIFY_ADD").names == ("x", "it's", "y$(z)")


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no cmake")
@pytest.mark.parametrize(
    "script",
    [
        'set(ASYNCIFY_ONLY "[\\"a\\",\\"b\\"]") # it\'s a list\nmessage("${ASYNCIFY_ONLY}")\n',
        'set(ASYNCIFY_ONLY [=[["a","b"]]=])\nmessage("${ASYNCIFY_ONLY}")\n',
        'set(ASYNCIFY_ONLY a,b)\nmessage("${ASYNCIFY_ONLY}")\n',
    ],
)
def test_what_is_edited_into_a_cmake_file_is_what_cmake_has(tmp_path: Path, script: str) -> None:
    names = ["a", "b", "f(int, char const*)", "w$b", "x{y}"]
    path = tmp_path / "names.cmake"
    path.write_bytes(edit_list(script.encode(), names, path="names.cmake"))
    done = subprocess.run(["cmake", "-P", str(path)], capture_output=True, check=True, timeout=60)
    value = done.stderr.decode().strip()
    as_flag = "emcc '-sASYNCIFY_ONLY=" + value.replace("'", "'\\''") + "'\n"
    assert read_list(as_flag.encode()).names == tuple(names), value
