"""WordPress Playground's Dockerfile, in shape and with its real names."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from stackswitch.errors import ListFileError
from stackswitch.lists.files import find_lists, read_list
from tests.list_edits import edit_list

DATA = Path(__file__).parents[2] / "data" / "lists"


def names(which: str) -> list[str]:
    return (DATA / f"playground-2024-10-{which}.txt").read_text("utf-8").split()


def assignment(variable: str, entries: list[str], line_end: str, *, before: str = "", after: str = "") -> str:
    """One shell string over as many lines as there are names."""
    quoted = f",{line_end}\n".join(f'"{name}"' for name in entries)
    return f"{variable}=$'{before}{quoted}{after}'"


IMPORTS, UNPREFIXED, ONLY = names("imports"), names("only-unprefixed"), names("only")
TEXT = (
    "FROM playground-php-wasm:base\n\n"
    "# Functions that may wait. It's a long list:\n# export ASYNCIFY_ONLY=$'\"not_this\"'\n"
    "ARG PHP_VERSION\n"
    "RUN export " + assignment("ASYNCIFY_IMPORTS", IMPORTS, "\\n\\", before="[", after="]") + "; \\\n"
    '\techo -n " -s ASYNCIFY_IMPORTS=$ASYNCIFY_IMPORTS " | tr -d "\\n" >> /root/.flags; \\\n'
    "\texport " + assignment("ASYNCIFY_ONLY_UNPREFIXED", UNPREFIXED, "\\", after=",") + "; \\\n"
    "\nexport " + assignment("ASYNCIFY_ONLY", ONLY, "\\") + "; \\\n"
    "\t# With pointer casts, both the prefixed and the unprefixed names\n"
    '\tif [ "${PHP_VERSION:0:1}" -lt "8" ]; then \\\n'
    '\t\texport ASYNCIFY_ONLY="$ASYNCIFY_ONLY,"$(echo "$ASYNCIFY_ONLY" | '
    "sed -E $'s/\"([a-z])/\"byn$fpcast-emu$\\\\1/g'); \\\n"
    "\tfi; \\\n"
    "\techo -n ' -s ASYNCIFY_ONLY=['$ASYNCIFY_ONLY_UNPREFIXED$ASYNCIFY_ONLY'] '"
    '| tr -d "\\n" >> /root/.flags;\n\n'
    'RUN set -eux; \\\n\tif [ "$JSPI" = yes ]; then \\\n'
    '\t\texport FLAGS=" -s ASYNCIFY=2 -sJSPI_IMPORTS=js_open_process,js_waitpid '
    '-sJSPI_EXPORTS=run_cli,main "; \\\n'
    "\tfi; \\\n\temcc $FLAGS -o php.js\n"
)
DOCKERFILE = TEXT.encode()


def changed(edited: bytes) -> list[str]:
    """The lines that went and came."""
    lines = difflib.unified_diff(TEXT.splitlines(), edited.decode().splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]


def test_each_list_is_found_and_what_is_put_together_is_told_apart() -> None:
    found = find_lists(DOCKERFILE, path="Dockerfile")
    literal = {each.variable: each for each in found if not each.expansions}
    assert list(literal["ASYNCIFY_IMPORTS"].names) == IMPORTS
    assert list(literal["ASYNCIFY_ONLY_UNPREFIXED"].names) == UNPREFIXED
    assert list(literal["ASYNCIFY_ONLY"].names) == ONLY
    assert literal["JSPI_EXPORTS"].names == ("run_cli", "main")
    assert literal["JSPI_IMPORTS"].names == ("js_open_process", "js_waitpid")
    assert [each.variable for each in found if each.expansions] == [
        "ASYNCIFY_IMPORTS",
        "ASYNCIFY_ONLY",
        "ASYNCIFY_ONLY",
    ]
    for each in literal.values():
        assert each.variable in TEXT.splitlines()[each.line - 1]


@pytest.mark.parametrize("variable", ["ASYNCIFY_ONLY", "ASYNCIFY_ONLY_UNPREFIXED", "ASYNCIFY_IMPORTS"])
def test_an_edit_without_a_change_changes_no_byte(variable: str) -> None:
    before = read_list(DOCKERFILE, variable).names
    assert edit_list(DOCKERFILE, before, variable) == DOCKERFILE
    assert edit_list(DOCKERFILE, reversed(before), variable) == DOCKERFILE


def test_a_new_name_is_a_new_line_at_the_end() -> None:
    edited = edit_list(DOCKERFILE, [*ONLY, "byn$fpcast-emu$new_one"])
    assert changed(edited) == [
        f'-"{ONLY[-1]}"\'; \\',
        f'+"{ONLY[-1]}",\\',
        '+"byn$fpcast-emu$new_one"\'; \\',
    ]


def test_the_comma_that_joins_two_lists_stays() -> None:
    edited = edit_list(DOCKERFILE, [*UNPREFIXED[1:-1], "last"], "ASYNCIFY_ONLY_UNPREFIXED")
    assert changed(edited) == [
        f'-\texport ASYNCIFY_ONLY_UNPREFIXED=$\'"{UNPREFIXED[0]}",\\',
        f'-"{UNPREFIXED[1]}",\\',
        f'+\texport ASYNCIFY_ONLY_UNPREFIXED=$\'"{UNPREFIXED[1]}",\\',
        f'-"{UNPREFIXED[-1]}",\'; \\',
        '+"last",\'; \\',
    ]


def test_the_end_of_line_style_is_kept() -> None:
    edited = edit_list(DOCKERFILE, [*IMPORTS, "more"], "ASYNCIFY_IMPORTS")
    assert f'"{IMPORTS[-1]}",\\n\\\n"more"]\'; \\\n'.encode() in edited


def test_removed_doubles_go_all_and_kept_doubles_stay() -> None:
    double = next(name for name in ONLY if ONLY.count(name) > 1)
    less = edit_list(DOCKERFILE, [name for name in ONLY if name != double])
    assert list(read_list(less).names) == [name for name in ONLY if name != double]
    assert len(changed(less)) == ONLY.count(double)


def test_comments_between_the_lines_are_docker_s_and_stay() -> None:
    text = (
        'FROM x\nRUN export ASYNCIFY_ONLY=$\'"a",\\\n# "off",\\\n"b",\\\n\n  # about c\n"c"\'; \\\n  true\n'
    )
    assert read_list(text.encode()).names == ("a", "b", "c")
    for keep in (["b", "c"], ["a", "c"], ["a", "b"], ["b"], []):
        edited = edit_list(text.encode(), keep)
        assert read_list(edited).names == tuple(keep)
        assert b'# "off",\\\n' in edited
        assert b"  # about c\n" in edited
        assert edited.endswith(b"'; \\\n  true\n")


def test_another_escape_character() -> None:
    text = '# escape=`\nFROM x\nRUN export ASYNCIFY_ONLY=\'"a",`\n"b"\' && `\n  true\n'
    assert read_list(text.encode()).names == ("a", "b")
    assert b'"a",`\n"b",`\n"c"\' && `' in edit_list(text.encode(), ["a", "b", "c"])


def test_a_here_document_is_a_script() -> None:
    text = "FROM x\nRUN <<EOF\nset -e\nemcc a.c \\\n  -sASYNCIFY_ONLY='[\"a\"]'\nEOF\nCOPY . .\n"
    assert b'\'["a","b"]\'' in edit_list(text.encode(), ["a", "b"])


def test_env_and_arg() -> None:
    text = 'FROM x\nENV ASYNCIFY_ONLY="a,b" OTHER=1\n'
    assert edit_list(text.encode(), ["a"]) == b'FROM x\nENV ASYNCIFY_ONLY="a" OTHER=1\n'


@pytest.mark.parametrize(
    ("data", "variable", "message"),
    [
        (
            DOCKERFILE.replace(b'"php_verror"\'', b'"php_verror"'),
            "ASYNCIFY_ONLY",
            r"79: .*not closed.* line 475",
        ),
        (b"FROM x\nRUN emcc -sASYNCIFY_ONLY='a,b\n", "ASYNCIFY_ONLY", r"2: a quote \('\) .*not closed"),
        (DOCKERFILE, "ASYNCIFY_ADD", r"no list ASYNCIFY_ADD .* ASYNCIFY_ONLY \(line \d+\)"),
        (DOCKERFILE + b"ENV ASYNCIFY_ONLY=a,b\n", "ASYNCIFY_ONLY", r"stands 2 times .*lines \d+, \d+"),
        (b"FROM x\nRUN emcc -sASYNCIFY_ONLY=$LIST\n", "ASYNCIFY_ONLY", r"put together from \$LIST"),
        (b"FROM x\nRUN emcc -sASYNCIFY_ONLY=@names.txt\n", "ASYNCIFY_ONLY", "but in names.txt"),
        (b"FROM x\nRUN emcc -sASYNCIFY_ONLY=a,,b\n", "ASYNCIFY_ONLY", "empty name"),
        (b"FROM x\nRUN echo\n", "ASYNCIFY_ONLY", "no list of names is set in this Dockerfile"),
    ],
)
def test_what_cannot_be_edited_is_told_with_the_file(data: bytes, variable: str, message: str) -> None:
    with pytest.raises(ListFileError, match=message) as caught:
        read_list(data, variable, path="Dockerfile")
    assert str(caught.value).startswith("Dockerfile:")


def test_no_shell_reads_an_exec_form() -> None:
    text = b'FROM x\nCMD ["emcc", "-sASYNCIFY_ONLY=a", "-O2"]\n'
    edited = edit_list(text, ["a", "w$b", 'say "x"'])
    assert edited == b'FROM x\nCMD ["emcc", "-sASYNCIFY_ONLY=a,w$b,\'say \\"x\\"\'", "-O2"]\n'
    assert read_list(edited).names == ("a", "w$b", 'say "x"')
    with pytest.raises(ListFileError, match="exec form of several lines"):
        read_list(b'FROM x\nCMD ["emcc", \\\n "-sASYNCIFY_ONLY=a"]\n')


def test_docker_reads_env_by_itself() -> None:
    text = b'FROM x\nENV ASYNCIFY_ONLY="a"\n'
    assert edit_list(text, ["a", "w$b"]) == b'FROM x\nENV ASYNCIFY_ONLY="a","w\\$b"\n'
    with pytest.raises(ListFileError, match="cannot be given here"):
        edit_list(text, ["a", "`x`"])
