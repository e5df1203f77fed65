"""What a Node child wrote when it died, without the dump of source and stack that Node puts around."""

from __future__ import annotations

import re

_SOURCE = re.compile(r"^(?:file://|node:|/)\S*:\d+\n(?:.*\n)?[ \t]*\^+\n+", re.MULTILINE)
"""The place of an uncaught exception: a line of the source, and a mark under it."""
_STACK = re.compile(r"^\s+at .*\n?|^Node\.js v\S+\n?|^\s*\(Use `node --trace-.*\n?", re.MULTILINE)


def without_dump(text: str) -> str:
    """Return the text of errors without source lines, stacks and Node's own version."""
    return re.sub(r"\n{2,}", "\n", _STACK.sub("", _SOURCE.sub("", f"{text}\n"))).strip()
