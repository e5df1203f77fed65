"""Edit lists in mutated files of every kind: a damaged file or any other exception than ours is a finding.

    python fuzz/fuzz_lists.py [--seconds 30] [--iterations N] [--seed N] [--output FOLDER]

The corpus is ``tests/unit/lists/kinds.py``, this repository's own build files, and texts that are no list. A
file is mutated and edited. Damage is judged apart from the editor, by comparing both texts:

- words that went are those of names that left the list, or of comments; words that came are those of names
- the file's own parser (``json``, tomlkit, ``ast``, PyYAML) takes it if it took it before, and the document
  differs in the list alone
- a second edit changes nothing

A finding is written to ``--output`` (default: the current folder) and the exit status is 1.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import random
import re
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tomlkit
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from stackswitch.errors import ListFileError  # noqa: E402
from stackswitch.lists.files import edit_list, find_lists  # noqa: E402
from stackswitch.lists.functions import Functions  # noqa: E402
from tests.unit.lists.kinds import KINDS, SIGNATURES  # noqa: E402

SLOW_S = 10.0
MEMORY_BYTES = 4 << 30
PIECES = [
    *"\0\r\n\t '\"`\\$;,()[]{}<>#@%!?*&|~^=+-./:_a1é\u2019",
    "$(x)",
    "${{ x }}",
    "$x",
    "'''",
    '"""',
    "\\\n",
    "\r\n",
    "*/",
    "/*",
    "//",
    "<#",
    "$$",
    "{{",
    ": ",
    " #",
    "\n- ",
    "\n  ",
    "EOF",
    "-sASYNCIFY_ONLY=x",
    "ASYNCIFY_ONLY",
    "\ufeff",
]
NOT_LISTS = {
    "main.c": "#include <stdio.h>\nint main(void) { return 0; }\n",
    "README.md": "# Title\n\nSome prose.\n\nmain\n",
    "notes": "main\nThis is a note, and no list.\n",
    "data.csv": "name,count\nmain,1\n",
    "index.html": "<html><body>main</body></html>\n",
    "trace.jsonl": '{"kind": "header"}\n{"kind": "suspension"}\n',
    "key": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
    "settings.ini": "[build]\nonly = main\n",
    "log": "12:00:01 main started\n12:00:02 done\n",
    "package-lock.json": '{"name": "x", "lockfileVersion": 3, "packages": {}}\n',
    "Cargo.lock": "version = 4\n\n[[package]]\nname = 'x'\n",
    "build.gradle": 'def ASYNCIFY_ONLY = ["main"]\n',
    "x.wat": '(module (func $main (export "main")))\n',
    "words.txt": "alpha\nbeta\n",
}
OWN = ["Dockerfile.asyncify", "Dockerfile.jspi", "pyproject.toml", ".ci/run", "action.yml", "mkdocs.yml"]
OLD = ["main", "read_it", "zend_call", "Foo::bar(int, char const*)"]
PARSERS: dict[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".toml": lambda text: tomlkit.parse(text).unwrap(),
    ".yml": lambda text: list(yaml.compose_all(text, Loader=yaml.SafeLoader)),
    ".yaml": lambda text: list(yaml.compose_all(text, Loader=yaml.SafeLoader)),
    ".py": ast.parse,
}


def corpus() -> list[tuple[str, str, bool]]:
    """Return files: the path, the text, whether there is a list in it."""
    files = [(kind.path, kind.write(OLD[:3] if kind.words else OLD), True) for kind in KINDS.values()]
    files += [(kind.path, kind.write([]), True) for kind in KINDS.values()]
    files += [(path, text, False) for path, text in NOT_LISTS.items()]
    files += [(path, (ROOT / path).read_text("utf-8"), path.startswith("Docker")) for path in OWN]
    return files


def mutate(random_: random.Random, text: str, others: list[tuple[str, str, bool]]) -> str:
    if random_.random() < 0.2:
        text = text.replace("\n", "\r\n")
    for _ in range(random_.choice((0, 0, 1, 1, 2, 4))):
        at = random_.randint(0, len(text))
        kind = random_.randrange(5)
        if kind == 0:
            text = text[:at] + random_.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + random_.randint(1, 8) :]
        elif kind == 2:
            text = text[:at] + random_.choice(PIECES) + text[at + random_.randint(1, 3) :]
        elif kind == 3:
            other = random_.choice(others)[1]
            begin = random_.randint(0, len(other))
            text = text[:at] + other[begin : begin + random_.randint(1, 60)] + text[at:]
        else:
            begin, end = sorted((at, random_.randint(0, len(text))))
            text = text[:begin] + text[begin : min(end, begin + 80)] * 2 + text[end:]
    return text


def wanted_names(random_: random.Random) -> list[str]:
    names = [each for each in OLD if random_.random() < 0.8]
    for _ in range(random_.randint(0, 4)):
        choice = random_.randrange(4)
        if choice == 0:
            names.append("".join(random_.choices(PIECES, k=random_.randint(1, 5))))
        elif choice == 1:
            names.append(random_.choice(SIGNATURES))
        else:
            names.append(f"added_{random_.randrange(100)}")
    return [each for each in dict.fromkeys(names) if each]


def parse(path: str, text: str) -> tuple[bool, Any]:
    parser = PARSERS.get(Path(path).suffix)
    if parser is None:
        return False, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return True, parser(text)
    except (ValueError, SyntaxError, yaml.YAMLError, tomlkit.exceptions.TOMLKitError, RecursionError):
        return False, None


def differences(before: Any, after: Any) -> int:
    """Count the places in which two documents differ: at most one may, the list."""
    if isinstance(before, yaml.nodes.ScalarNode) and isinstance(after, yaml.nodes.ScalarNode):
        return int(before.value != after.value)
    if isinstance(before, yaml.nodes.Node) and isinstance(after, yaml.nodes.Node):
        return differences(before.value, after.value)
    if isinstance(before, ast.AST) and isinstance(after, ast.AST):
        if type(before) is not type(after):
            return 1
        return differences(list(ast.iter_fields(before)), list(ast.iter_fields(after)))
    if isinstance(before, dict) and isinstance(after, dict):
        return differences(list(before.items()), list(after.items()))
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        if len(before) == len(after) and not all(map(is_text, before)):
            return sum(map(differences, before, after))
        return int(len(before) != len(after) or any(map(differences, before, after)))
    return int(before != after)


def is_text(node: Any) -> bool:
    return isinstance(node, (str, yaml.nodes.ScalarNode, ast.Constant))


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w{3,}", re.sub(r"\\[xuU]?[0-9a-fA-F]{0,8}|`u\{\w+\}", " ", text)))


def strange_words(gone: str, came: str, old: Sequence[str], new: Sequence[str]) -> str:
    """Say which words of the changed stretch went or came that no name has."""
    remarks = words(" ".join(re.findall(r"(?:#|//)[^\n]*", gone)))
    allowed = " ".join([*old, *new, *(each.replace(".", " ") for each in (*old, *new))])
    for what, left in (("went", words(gone) - words(came) - remarks), ("came", words(came) - words(gone))):
        strange = [each for each in left if not any(part in allowed for part in (each, each[1:], each[:-1]))]
        if strange:
            return f"words {what}: {strange[:5]}"
    return ""


def judge(
    path: str, before: str, edited: bytes, old: Sequence[str], said: Sequence[str], *, has_list: bool
) -> str:
    """Say what is damaged; nothing: it is as it should be."""
    after = edited.decode("utf-8")
    if after == before:
        return ""
    if not has_list:
        return "a text without a list was edited"
    start = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), None)
    if start is None:
        start = min(len(before), len(after))
    behind = 0
    while behind < min(len(before), len(after)) - start and before[-1 - behind] == after[-1 - behind]:
        behind += 1
    wrong = strange_words(before[start : len(before) - behind], after[start : len(after) - behind], old, said)
    if wrong:
        return wrong
    ok_before, document = parse(path, before)
    if ok_before:
        ok_after, changed = parse(path, after)
        if not ok_after:
            return "the file's own parser took it before, and does not take it any more"
        if isinstance(document, ast.AST) or Path(path).suffix in (".yml", ".yaml", ".json", ".toml"):
            count = differences(document, changed)
            if count > 1:
                return f"the document differs in {count} places"
    lost = [
        each
        for each in said
        if each.isascii() and each.isidentifier() and each not in (*old,) and each not in after
    ]
    return f"not in the file: {lost}" if lost else ""


def one(path: str, text: str, names: list[str], *, has_list: bool) -> str:
    """Edit one file and judge what came of it."""
    functions = Functions.of([*dict.fromkeys([*OLD, *names])])
    data = text.encode("utf-8", "surrogatepass")
    try:
        lists = find_lists(data, path=path, functions=functions)
    except ListFileError:
        lists = ()
    try:
        edited = edit_list(data, names, path=path, functions=functions, wildcards=True)
    except ListFileError:
        return ""
    said = [edited.wildcards.get(each, each) for each in names]
    old = [name for each in lists for name in (*each.names, *each.written)]
    wrong = judge(path, text, edited.data, old, said, has_list=has_list)
    if wrong:
        return wrong
    again = edit_list(edited.data, names, path=path, functions=functions, wildcards=True)
    if again.data != edited.data:
        return "a second edit changes it again"
    others = [each for each in lists if each.variable not in ("", "ASYNCIFY_ONLY")]
    still = find_lists(edited.data, path=path, functions=functions)
    if [each.names for each in others] != [
        each.names for each in still if each.variable not in ("", "ASYNCIFY_ONLY")
    ]:
        return "another list has changed"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="fuzz the editing of lists")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--output", type=Path, default=Path())
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    random_ = random.Random(options.seed)
    files = corpus()
    started = time.process_time()
    count = 0
    while count != options.iterations and time.process_time() - started < options.seconds:
        path, text, has_list = random_.choice(files)
        mutated = mutate(random_, text, files) if has_list or random_.random() < 0.5 else text
        # What was put into a text that has no list may be one.
        has_list = has_list or (mutated != text and "ASYNCIFY_ONLY" in mutated)
        if mutated != text and path in ("words.txt", "notes", "log", "key"):
            has_list = True
        names = wanted_names(random_)
        count += 1
        before = time.process_time()
        try:
            wrong = one(path, mutated, names, has_list=has_list)
            if time.process_time() - before > SLOW_S:
                wrong = wrong or f"took more than {SLOW_S} s"
        except Exception:  # noqa: BLE001 - any is a finding
            traceback.print_exc()
            wrong = "an exception"
        if wrong:
            data = mutated.encode("utf-8", "surrogatepass")
            name = f"list-{hashlib.sha256(data).hexdigest()[:16]}-{Path(path).name or 'list'}"
            (options.output / name).write_bytes(data)
            print(f"{name}: {wrong}\n  path {path!r}, names {names!r}", file=sys.stderr)
            print(f"  iteration {count}, seed {options.seed}", file=sys.stderr)
            return 1
    print(f"{count} files, seed {options.seed}: edited right, or refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
