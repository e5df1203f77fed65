"""Whether a line can be a function's name: prose, code, markup, data and logs have what names do not have.

Names are C's, mangled or readable C++, Rust, Go and Swift, and entries with ``*``. Names of the module are
accepted without this check; it is for the other lines, such as stale names.
"""

from __future__ import annotations

import re

from .namelist import bracket_balance, split_commas

_BEGINS = re.compile(
    r"""[-+*>|~] |[-=+*~]{3}|["'`|@\\]|/[/*]|<[!?/]|\{|\d{4}-\d\d|\d[\w:.]*[ \t]|[)\]}]|diff |Binary """
)
_ENDS = re.compile(r"[;\\{,.!?]\Z|(?<!:):\Z|\}\\\Z")
_KEY = re.compile(r"[\w.\"-]+[ \t]*(?<!:):(?!:)(?:[ \t]|\Z)")
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>?(?!.*::)")
_SENTENCE = re.compile(r"[^\s(<:*]+\s+[^\s(<:*]+")
_MOST_WORDS = 6
"""Outside brackets, readable names have few: ``non-virtual thunk to A::f() const``."""


def may_be_name(name: str) -> bool:
    """Whether a line, blanks around it removed, can be a function's name."""
    return name.isprintable() and not (
        _BEGINS.match(name)
        or _ENDS.search(name)
        or _KEY.match(name)
        or _MARKUP.match(name)
        or "://" in name
        or ("=" in name and "::" not in name and "operator" not in name)
        or (not bracket_balance(name) and split_commas(name) != ([name], ""))
        or _is_sentence(name)
    )


def _is_sentence(name: str) -> bool:
    """Whether blanks stand where no name in readable form has any.

    C++ names have them inside brackets, around ``::``, and after words such as ``operator`` and ``thunk to``.
    """
    if " " not in name and "\t" not in name:
        return False
    if not re.search(r"[(<*:\[{&,]|operator |guard variable|thunk", name):
        return _SENTENCE.match(name) is not None
    outside = re.sub(r"\([^()]*\)|<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}", "", name)
    return len(outside.split()) > _MOST_WORDS
