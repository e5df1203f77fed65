"""Makes text from outside (names, paths, program output) safe: a function for each output format.

Every reporter and the console pass such text through here. Characters that cannot be seen, or that change
how their surroundings are shown, come out as an escape that can be seen, in every format.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

from markupsafe import Markup
from markupsafe import escape as _markup
from pydantic import BaseModel

from .text import shortened

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
"""Control characters except tab and newline."""
_UNSEEN_CHARACTERS = (
    _CONTROL
    + "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Characters that change the direction of text, have no width, or are half a surrogate pair.

Source: Unicode 16, general categories Cc, Cf, Cs, Zl, Zp and Default_Ignorable_Code_Point; Trojan Source
(CVE-2021-42574).
"""
_UNSEEN = re.compile(f"[{_UNSEEN_CHARACTERS}]")
_UNSEEN_OR_LINE = re.compile(f"[{_UNSEEN_CHARACTERS}\t\n]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{3}})({_MARK}+)")
"""More combining marks on one character than any language writes: they would cover the lines around."""
_NOT_UTF8 = range(0xDC80, 0xDD00)
"""Bytes that were not UTF-8, as Python's ``surrogateescape`` has them."""
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
"""The commands of a runner of GitHub Actions: ``::`` after any white space at the start of a line. Source:
``ActionCommand.TryParseV2`` of ``actions/runner``.
"""
_OLD_COMMAND = re.compile(r"#(?=#\w*\[)")
"""The older form, ``##[``, which that runner obeys anywhere in a line (``ActionCommand.TryParse``), and those
of Azure Pipelines (``##vso[``) and TeamCity (``##teamcity[``).
"""
_MOST_WORD = 4000
"""Characters of a word without white space that a terminal gets."""
_LONG_WORD = re.compile(rf"\S{{{_MOST_WORD + 1},}}")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&]|(?<![^\W_])@)")


def visible(text: str) -> str:
    r"""Show what cannot be seen as the escape of its number, in hexadecimal; lines and tabs stay.

    A byte that was not UTF-8 (a lone surrogate of ``surrogateescape``) is shown as ``\xff``.
    """
    return _MARKS.sub(_crowded, _UNSEEN.sub(_escape, text))


def on_one_line(text: str) -> str:
    """As ``visible``; line breaks and tabs are escaped too."""
    return _MARKS.sub(_crowded, _UNSEEN_OR_LINE.sub(_escape, text))


def terminal(text: str) -> str:
    """Return text for a terminal or a log: nothing in it moves the cursor or is a command to a CI runner.

    Lines and tabs stay; a name has to pass ``on_one_line`` before.
    """
    text = _LONG_WORD.sub(lambda match: shortened(match[0], _MOST_WORD), text)
    return _without_commands(visible(text))


def json_text(value: BaseModel | Any, *, indent: int | None = 2) -> str:
    """Return a model, or what ``json`` can write, as JSON with a final newline (no ``indent``: one line).

    What cannot be seen is escaped as JSON does. A lone surrogate, which no strict parser reads, becomes the
    escape that ``visible`` shows. A number that JSON has not (NaN) becomes null.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        _writable(plain), indent=indent, separators=separators, ensure_ascii=False, allow_nan=False
    )
    text = _UNSEEN.sub(lambda match: _json_escape(match[0]), text)
    return _OLD_COMMAND.sub(r"\\u0023", text) + "\n"


def markdown(text: str, most: int = 300) -> str:
    """Return text without Markdown or HTML in it, on one line; mentions and references do not link."""
    text = visible(shortened(" ".join(text.split()), most))
    return ("\\" if text.startswith("::") else "") + _MARKDOWN.sub(_markdown_escape, text)


def markdown_code(text: str, most: int = 160) -> str:
    """Return a name as code, on one line, also for a table."""
    text = _OLD_COMMAND.sub(_first_escaped, on_one_line(shortened(text, most))).replace("|", "\\|")
    ticks = "`" * (max((len(each) for each in re.findall("`+", text)), default=0) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def markdown_block(lines: str) -> str:
    """Return lines for a block of code; the caller adds the fence."""
    return _without_commands(visible(lines))


def xml(text: str) -> str:
    """Return text for an XML writer: characters that XML 1.0 forbids are escaped; markup is not."""
    return _OLD_COMMAND.sub(_first_escaped, _COMMAND.sub(r"\1\\u{3a}", visible(text)))


def html(value: object) -> Markup:
    """Return text, or a value, for HTML: between tags or in a quoted attribute."""
    if isinstance(value, Markup):
        return value
    if not isinstance(value, str):
        return _markup(value)
    text = str(_markup(visible(value)))
    return Markup(_OLD_COMMAND.sub("&#35;", _COMMAND.sub(r"\1&#58;", text)))  # noqa: S704 (escaped above)


def script_json(data: object) -> str:
    """Return JSON for a ``script`` element: nothing in it can end or open an element."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    text = _OLD_COMMAND.sub(r"\\u0023", text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def command_data(text: str) -> str:
    """Return the message of a command of GitHub Actions."""
    text = _OLD_COMMAND.sub(_first_escaped, visible(text))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return the value of a property (``file=…``) of a command of GitHub Actions."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number - 0xDC00:02x}" if number in _NOT_UTF8 else f"\\u{{{number:x}}}"


def _first_escaped(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0][0]):x}}}{match[0][1:]}"


def _crowded(match: re.Match[str]) -> str:
    return match[1] + "".join(f"\\u{{{ord(each):x}}}" for each in match[2])


def _without_commands(text: str) -> str:
    return _OLD_COMMAND.sub(_first_escaped, _COMMAND.sub(r"\1\\u{3a}", text))


def _markdown_escape(match: re.Match[str]) -> str:
    special = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "@\u2060", "#": "#\u2060", "|": "\\|"}
    return special.get(match[0], f"\\{match[0]}")


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub(_escape, value)
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value
