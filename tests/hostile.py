"""Text and files that try to break what prints them: names, modules, traces and results."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from stackswitch.observe.parts import PART_VERSION
from stackswitch.wasm.encoding import HEADER, section, unsigned, vector

NAMES: tuple[bytes, ...] = (
    *(b"a%cb" % each for each in range(0x20)),
    b"\x7f",
    *(f"a{chr(each)}b".encode() for each in range(0x80, 0xA0)),
    *(
        f"a{each}b".encode()
        for each in "\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060"
        "\u2066\u2069\u3164\ufe0f\ufeff\ufff9\uffff\U000e0041\U000e0100"
    ),
    *(b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf8\x88\x80\x80\x80", b"w\x81it"),
    *(b"foo\n::error file=x::pwned\nbar", b"::error::x", b"  ::warning ::x", "\u00a0::group::x".encode()),
    *(b"\r::error::x", b"##[error]x", b"a ##[group]x", b"##vso[task.setvariable]x", b"::stop-commands::t"),
    *(b"\x1b[31mRED\x1b[0m\x1b]0;owned\x07\x1b[2J", b"[bold]x[/bold]", b"[/]", b":warning:", b"[link=x]"),
    *(b"|", b"a|b", b"`", b"``x`", b"```", b"*x*", b"_x_", b"~~x~~", b"# x", b"- [ ] x", b"<b>", b"&amp;"),
    *(
        b"<script>alert(1)</script>",
        b"</script>",
        b"</title>",
        b"<!--",
        b"]]>",
        b"<![CDATA[",
        b"&",
        b'"',
        b"'",
    ),
    *(
        b"%0A",
        b"%0a::error::x",
        b"%s%n",
        b"${{ secrets.X }}",
        b"{{ 7 * 7 }}",
        b"{0}",
        b"$(id)",
        b"`id`",
        b"; id",
    ),
    *(b"../../x", b"/etc/passwd", b"-rf", b"@file", b"@user", b"#1", b"https://a.test", b"javascript:x"),
    *(b"", b" ", b"\t", b"x,y", b"x y", b"\\", b"\\u{1b}", b"*", b"a*", b"func[0]", b"NaN", b"null"),
    "👨\u200d👩\u200d👧".encode(),
    f"e{chr(0x301) * 40}".encode(),
    "مرحبا".encode(),
    "漢字".encode() * 40,
    b"x" * 3000,
)
"""Names as bytes, as they may stand in a name section."""


_TRACEBACK = re.compile(r'Traceback \(most recent|^  File ".*", line \d+|Exception ignored', re.MULTILINE)
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_OLD_COMMAND = re.compile(r"##\[|##vso\[")
_NOTHING = re.compile("(?!)")
_ANNOTATION = re.compile(r"::(error|warning|notice) (file=[^:,]*,line=1,)?title=[^:,]*::.*")


def text_of(name: bytes) -> str:
    """A name as UTF-8 text, for where only that is possible."""
    return name.decode("utf-8", "replace")


def hostile_module(names: Sequence[bytes]) -> bytes:
    """A module that imports, exports and names two functions, one of which calls the import.

    :param names: of the import's module and field, the export, the module, and the three functions
    """
    utf8 = [text_of(each).encode() for each in names[:3]]
    body = [b"\0\x10\0\x0b", b"\0\x10\1\x0b"]
    function_names = vector(unsigned(at) + _vec(each) for at, each in enumerate(names[4:7]))
    name_section = _vec(b"name") + section(0, _vec(names[3])) + section(1, function_names)
    return HEADER + b"".join(
        (
            section(1, b"\1\x60\0\0"),
            section(2, b"\1" + _vec(utf8[0]) + _vec(utf8[1]) + b"\0\0"),
            section(3, b"\2\0\0"),
            section(7, b"\1" + _vec(utf8[2]) + b"\0\2"),
            section(10, vector(_vec(each) for each in body)),
            section(0, name_section),
        )
    )


def hostile_trace(module: str, names: Sequence[str], import_: str = "") -> bytes:
    """A trace of a module: a start, waits, a trap and an error, with such names everywhere."""
    first, second, *_ = names
    common = {"module": module, "backend": "jspi", "import": import_ or f"{first}.{second}", "export": second}
    frames = [[1, -1, first], [2, 3, second]]
    lines = [
        {"kind": "start", "schema_version": 1, "process": 1, "engine": first, "engine_version": second},
        {"kind": "suspension", **common, "frames": frames, "missing": [first, second]},
        {"kind": "suspension", **common, "frames": frames[1:], "js_frames": [first], "count": 3},
        {
            "kind": "trap",
            "process": 1,
            "module": module,
            "error": first,
            "message": second,
            "frames": frames,
            "explanation": first,
        },
        {"kind": "error", "process": 1, "message": first},
        {"kind": "end", "process": 1, "status": 0, "suspensions": 4},
    ]
    return "".join(f"{json.dumps(each)}\n" for each in lines).encode()


def hostile_part(module: str, size: int, names: Sequence[str]) -> bytes:
    """What the observer in one process leaves behind, with such names everywhere."""
    first, second, *_ = names
    lines = [
        {"kind": "start", "part_version": PART_VERSION, "process": 1, "thread": 0, "engine": first},
        {"kind": "module", "sha256": module, "size": size},
        {"kind": "url", "id": 0, "url": first},
        {"kind": "promising", "index": 2},
        {
            "kind": "stack",
            "id": 1,
            "how": "jspi",
            "import": f"{first}.{second}",
            "truncated": False,
            "frames": [0, 1, 40, 0, 2, 44],
            "gaps": [[1, second]],
        },
        {"kind": "count", "id": 1, "count": 3},
        {
            "kind": "trap",
            "error": first,
            "message": second,
            "where": first,
            "frames": [0, 1, 40],
            "gaps": [[0, second]],
        },
        {"kind": "error", "message": second},
        {"kind": "end", "status": 0, "suspensions": 3, "left_out": 0},
    ]
    return "".join(f"{json.dumps(each)}\n" for each in lines).encode()


def hostile_results(names: Sequence[str]) -> bytes:
    """Results as ``test --json`` writes them, with such names everywhere."""
    first, second, *_ = names
    common = {"engine": first, "engine_version": second, "duration_ms": 1.0, "warnings": [first, second]}
    results = [
        {"case_id": first, "backend": "jspi", "outcome": "returned", "as_expected": True, **common},
        {
            "case_id": first,
            "backend": "asyncify",
            "outcome": "needs-list-fix",
            "as_expected": False,
            "missing": {"ASYNCIFY_ONLY": [first, second]},
            "detail": second,
            **common,
        },
        {
            "case_id": second,
            "backend": "jspi",
            "outcome": "trapped",
            "as_expected": False,
            "detail": first,
            **common,
        },
        {
            "case_id": second,
            "backend": "asyncify",
            "outcome": "error",
            "as_expected": False,
            "detail": first,
            **common,
        },
    ]
    return json.dumps({"schema_version": 1, "results": results}).encode()


def unsafe(data: bytes, *, annotations: bool = False) -> list[str]:
    """What is wrong with something printed or written; nothing: all is right.

    :param annotations: whether it may have commands to a runner of GitHub Actions, as ours are
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    found = [
        f"{what}: {text[max(0, match.start() - 40) : match.end() + 40]!r}"
        for what, pattern in (("a traceback", _TRACEBACK), ("a control character", _CONTROL))
        if (match := pattern.search(text))
    ]
    lines = [line for line in text.split("\n") if line.lstrip().startswith("::") or _OLD_COMMAND.search(line)]
    allowed = _ANNOTATION if annotations else _NOTHING
    return found + [f"a command: {line[:80]!r}" for line in lines if not allowed.fullmatch(line)]


def _vec(raw: bytes) -> bytes:
    return unsigned(len(raw)) + raw
