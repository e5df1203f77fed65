"""Find lines that two files share: 13 or more in a row fail, in Python and in JavaScript.

Usage: python tests/checks/duplicates.py

Blank lines, comments, imports, docstrings and signatures do not count. `duplicates.toml` beside this file
lists what docs/design.md defends, with the reason. An entry that is no longer needed fails as well.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from pylint.checkers.symilar import Symilar

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PRODUCT = ("node_shim", "stackswitch")
"""Folders of the code that ships; tests may repeat each other."""
LEAST = 13

Shared = dict[frozenset[str], int]
_JS_UNCOUNTED = re.compile(r"\s*(//|/?\*|import\b|\} from )")


def shared_lines(paths: Iterable[Path], root: Path) -> Shared:
    """Return the most lines in a row that files share, by their names relative to ``root``."""
    of_python = Symilar(LEAST, True, True, True, True)
    of_javascript = Symilar(LEAST)
    for path in paths:
        name, text = str(path.relative_to(root)), path.read_text("utf-8")
        if path.suffix == ".py":
            of_python.append_stream(name, io.StringIO(text))
        else:
            counted = ("" if _JS_UNCOUNTED.match(line) else line for line in text.splitlines())
            of_javascript.append_stream(name, io.StringIO("\n".join(counted)))
    found: Shared = {}
    for similar in (of_python, of_javascript):
        for lines, places in similar._compute_sims():
            files = frozenset(place[0].name for place in places)
            found[files] = max(lines, found.get(files, 0))
    return found


def product_files() -> list[Path]:
    """Return the code that ships, without tests and without what npm installed."""
    return [
        path
        for folder in PRODUCT
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".js", ".mjs", ".cjs"}
        and not {"node_modules", "test"} & set(path.relative_to(ROOT).parts)
    ]


def main() -> int:
    """Compare what is shared with what may be; return the exit status."""
    entries = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).get("defended", [])
    defended = {frozenset(entry["files"]): int(entry["lines"]) for entry in entries}
    found = shared_lines(product_files(), ROOT)
    wrong = [
        f"{' and '.join(sorted(files))} share {lines} lines"
        for files, lines in found.items()
        if lines > defended.get(files, 0)
    ]
    unneeded = defended.keys() - found.keys()
    wrong += [f"{' and '.join(sorted(files))}: no longer needed in duplicates.toml" for files in unneeded]
    for line in sorted(wrong):
        print(line)
    print(f"{len(wrong)} duplicates to remove; {len(defended)} defended")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
