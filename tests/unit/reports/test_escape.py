"""Each format's function: nothing unseen, no command to a runner, no structure but the format's own."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.reports import escape
from tests.hostile import NAMES

UNSEEN_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
MARKDOWN_JOINER = "\u2060"
"""Which ``markdown`` puts behind ``@`` and ``#``, so that they do not link."""
TEXTS = [each.decode("utf-8", "surrogateescape") for each in NAMES]
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.lists(st.one_of(st.sampled_from(TEXTS), st.text(st.characters(), max_size=5)), max_size=6).map(
        "".join
    ),
)


def runner_obeys(line: str) -> bool:
    """Whether a runner of GitHub Actions looks for a command in a line (``ActionCommand.cs``)."""
    return line.lstrip().startswith("::") or "##[" in line


def unseen(text: str, allowed: str = "\n\t") -> list[str]:
    return [each for each in text if unicodedata.category(each) in UNSEEN_CATEGORIES and each not in allowed]


def test_every_character_that_cannot_be_seen_is_escaped() -> None:
    for number in range(0x110000):
        character = chr(number)
        if unicodedata.category(character) in UNSEEN_CATEGORIES and character not in "\n\t":
            assert escape.visible(character) != character, hex(number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name_1 ✓ é 漢字 :: a::b", "plain name_1 ✓ é 漢字 :: a::b"),
        ("\x1b[2J", r"\u{1b}[2J"),
        ("a\r\nb", "a\\u{d}\nb"),
        (b"w\x81it".decode("utf-8", "surrogateescape"), r"w\x81it"),
        ("\ud800", r"\u{d800}"),
        ("::error::x", r"\u{3a}:error::x"),
        ("x\n \u3000::error::x", "x\n \u3000\\u{3a}:error::x"),
        ("a ##[error]b", r"a \u{23}#[error]b"),
        ("##vso[task]", r"\u{23}#vso[task]"),
        ("## heading", "## heading"),
        (f"e{chr(0x301) * 5}", f"e{chr(0x301) * 3}" + r"\u{301}\u{301}"),
    ],
)
def test_a_terminal_gets(text: str, shown: str) -> None:
    assert escape.terminal(text) == shown


def test_a_word_of_a_megabyte_is_shortened_and_a_text_of_words_is_not() -> None:
    assert len(escape.terminal("x" * 1_000_000)) == 4000
    assert escape.terminal("xy " * 10_000) == "xy " * 10_000


@given(texts)
def test_terminals_and_logs(text: str) -> None:
    shown = escape.terminal(text)
    assert not unseen(shown)
    assert not any(map(runner_obeys, shown.split("\n")))
    shown.encode("utf-8")
    assert "\n" not in escape.on_one_line(text)


@given(
    st.recursive(
        st.one_of(texts, st.floats(), st.integers(), st.none()),
        lambda of: st.lists(of) | st.dictionaries(texts, of),
    )
)
def test_json(value: object) -> None:
    for indent in (2, None):
        written = escape.json_text(value, indent=indent)
        assert not unseen(written)
        assert not any(map(runner_obeys, written.split("\n")))
        json.loads(written.encode("utf-8"), parse_constant=pytest.fail)


@given(st.text())
def test_json_keeps_every_text_that_it_can(text: str) -> None:
    assert json.loads(escape.json_text({text: text})) == {text: text}


@given(texts)
def test_xml(text: str) -> None:
    element = ElementTree.Element("x", a=escape.xml(text))
    element.text = escape.xml(text)
    written = ElementTree.tostring(element)
    read = ElementTree.fromstring(written)
    assert read.text == (escape.xml(text) or None)
    assert not any(map(runner_obeys, written.decode().split("\n")[1:]))


@given(texts)
def test_html_is_text_and_nothing_else(text: str) -> None:
    class Reader(HTMLParser):
        tags: list[str] = []
        text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags = [*self.tags, tag]
            assert [name for name, _ in attrs] == ["a"]

        def handle_data(self, data: str) -> None:
            self.text += data

    reader = Reader()
    reader.feed(f'<p a="{escape.html(text)}">{escape.html(text)}</p>')
    reader.close()
    assert reader.tags == ["p"]
    assert reader.text == escape.visible(text)


@given(texts)
def test_markdown(text: str) -> None:
    shown, code = escape.markdown(text), escape.markdown_code(text)
    for each in (shown, code):
        assert not unseen(each, allowed=MARKDOWN_JOINER)
        assert not runner_obeys(each)
        assert not re.search(r"(?<!\\)\|", each)
    assert not re.search(r"(?<!\\)[<>`*_\[\]~$]", shown)
    fence = re.match("`+", code)
    assert fence is not None
    assert code.endswith(fence[0])
    assert fence[0] not in re.findall("`+", code[len(fence[0]) : -len(fence[0])])


@given(texts)
def test_commands_of_a_runner(text: str) -> None:
    line = f"::error file={escape.command_property(text)}::{escape.command_data(text)}"
    assert not unseen(line, allowed="\t")
    properties, _, data = line.removeprefix("::error ").partition("::")
    assert properties.count(",") == 0
    assert properties.count(":") == 0
    assert "##[" not in line
    for code, character in (("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        data = data.replace(code, character)
    assert data.replace(r"\u{23}#", "##") == escape.visible(text).replace(r"\u{23}#", "##")


@given(texts)
def test_json_for_a_script_element(text: str) -> None:
    written = escape.script_json([escape.visible(text)])
    assert json.loads(written) == [escape.visible(text)]
    assert not re.search("[<>&]", written)
