"""The kinds of file in which a list is edited in place: one table for code, messages and docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from ..elements import ListInFile
from ..source import DecodedText
from . import (
    cmake,
    dockerfile,
    javascript,
    json_text,
    makefile,
    meson,
    powershell,
    python_text,
    rust,
    toml,
    yaml_text,
)
from .literals import literal_lists
from .words import mentions_list, shell_lists

_SUFFIXES = """
a asm astro avi awk bat bazel bib bin bmp bzl c cbl cc cfg class clj cls cmd coffee conf cpp crt cs
css csv cxx d dart db def der diff doc docx dylib el elm eml eps erl ex exe exs f f90 fish flac fs
gif git go gradle graphql groovy gyp gypi gz h hh hpp hrl hs htm html hxx ico idl inc ini ipynb iss
jar java jpeg jpg jsonl jsx key kt kts ld less lhs lisp lock log lua m map md mdx mjml ml mli mm mo
mod mp3 mp4 ndjson nim ninja nix o obj odt org pas patch pdf pem php pl plist pm png po pot pp pro
properties proto ps pub pug pyc pyx r rb rdoc rst s sarif sass scala scm scss sig sln so sql sqlite
srt styl sum svelte svg swift sym tar tcl tex tf tgz tiff trace tsv tsx ttf v vb vcxproj vhd vim vue
war wasm wast wat wav webm webp wgsl wit woff woff2 xcconfig xhtml xls xlsx xml xsl xz zig zip zst
"""
OTHER_FILES = re.compile(
    rf"\.(?:{'|'.join(_SUFFIXES.split())})\Z"
    r"|^(?:LICEN[CS]E|COPYING|README|NOTICE|AUTHORS|CHANGELOG|CODEOWNERS|Gemfile|Rakefile|Vagrantfile"
    r"|Jenkinsfile|BUILD|WORKSPACE|Procfile|Caddyfile|requirements[\w.-]*\.txt|constraints[\w.-]*\.txt"
    r"|robots\.txt|\.\w[\w.-]*)\Z",
    re.IGNORECASE,
)
"""Names of files that are something else: no content makes them a list."""

OTHER_LANGUAGES = re.compile(
    r"^[ \t]*(?:@?echo off|@?rem |set \w+=|(?:const|let|var|def|import|use|fn|func|package|namespace) "
    r"|#include|switch\(|//|/\*|<)",
    re.MULTILINE | re.IGNORECASE,
)
"""Lines that no shell script has."""

SHELL = "shell text"
"""Read last: much reads like a shell script."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    :ivar name: for messages
    :ivar files: the file names that it is known by, for the docs
    :ivar edits: what is edited in it, for the docs
    :ivar checked: the program that the tests read the edited file with, for the docs
    :ivar named: matches the names of such files
    :ivar lists: finds the lists; raises ``ListFileError`` if one is malformed, or the text is not of this
        kind
    :ivar recognise: whether a text is one, if the file's name decides nothing
    :ivar byte_order_mark: programs that read such files skip a UTF-8 byte order mark
    """

    name: str
    files: str
    edits: str
    checked: str
    named: re.Pattern[str]
    lists: Callable[[str], Iterator[ListInFile]]
    recognise: Callable[[str], bool] = lambda _source: False
    byte_order_mark: bool = True

    def find(self, source: str) -> list[ListInFile]:
        """Find the lists, each with the kind of file.

        :raises ListFileError: one is malformed, or the text is not of this kind
        """
        return [replace(each, format=each.format or self.name) for each in self.lists(source)]


FORMATS: tuple[Format, ...] = (
    Format(
        "Dockerfile",
        "`Dockerfile`, `*.Dockerfile`, `Containerfile`",
        "`ENV`, `export` and flags in `RUN`, here-documents",
        "bash",
        re.compile(r"(?:^|\.)(?:[Dd]ockerfile|[Cc]ontainerfile)(?:\.[\w-]+)?\Z"),
        dockerfile.lists,
        dockerfile.recognise,
    ),
    Format(
        "CMake file",
        "`CMakeLists.txt`, `*.cmake`",
        "`set`, `list(APPEND …)`, link options, `LINK_FLAGS`",
        "cmake",
        re.compile(r"^CMakeLists\.txt(?:\.in)?\Z|\.cmake(?:\.in)?\Z"),
        cmake.lists,
        cmake.recognise,
    ),
    Format(
        "Makefile",
        "`Makefile`, `*.mk`",
        "variables and recipes",
        "make",
        re.compile(r"^(?:GNU)?[Mm]akefile(?:\.\w+)?\Z|\.(?:mk|mak|make)\Z"),
        makefile.lists,
        makefile.recognise,
    ),
    Format(
        "TOML",
        "`*.toml`",
        "`[asyncify]` and `[jspi]` of cases and `stackswitch.toml`; settings as keys; `rustflags` of Cargo's "
        "`config.toml`",
        "Python's `tomllib`",
        re.compile(r"\.toml\Z"),
        toml.lists,
        toml.recognise,
        byte_order_mark=False,
    ),
    Format(
        "JSON",
        "`*.json`",
        "settings as keys, arrays of arguments, commands in strings (`package.json`)",
        "Python's `json`",
        re.compile(r"\.(?:json|webmanifest|json\.in)\Z"),
        json_text.lists,
        json_text.recognise,
        byte_order_mark=False,
    ),
    Format(
        "JSON list",
        "`*.json`",
        "the whole file is one array of names (`-sASYNCIFY_ONLY=@list.json`)",
        "emcc's own reader",
        re.compile(r"\.json\Z"),
        json_text.array_file,
        lambda source: source.lstrip().startswith("["),
        byte_order_mark=False,
    ),
    Format(
        yaml_text.FORMAT,
        "`compose.yaml`, `.gitlab-ci.yml`",
        "the same as in other YAML; every `$` in a value counts as filled in",
        "PyYAML, and bash",
        re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml\Z|\.gitlab-ci\.ya?ml\Z"),
        partial(yaml_text.lists, dollars=True),
    ),
    Format(
        yaml_text.FORMAT,
        "`*.yml`, `*.yaml`",
        "sequences and strings as values, `env:`, arguments, shell text in `run: |` and its like",
        "PyYAML, and bash",
        re.compile(r"\.ya?ml\Z"),
        yaml_text.lists,
    ),
    Format(
        meson.LANGUAGE.name,
        "`meson.build`",
        "arrays and strings, `link_args`",
        "meson",
        re.compile(r"^meson\.build\Z|^meson_options\.txt\Z|^meson\.options\Z"),
        partial(literal_lists, meson.LANGUAGE),
        byte_order_mark=False,
    ),
    Format(
        python_text.LANGUAGE.name,
        "`*.py`, `SConstruct`, `wscript`",
        "lists, tuples and strings, dictionaries, argument lists of `subprocess`",
        "Python",
        re.compile(r"\.pyw?\Z|^(?:SConstruct|SConscript|wscript)\Z"),
        python_text.lists,
        python_text.LANGUAGE.recognise,
    ),
    Format(
        javascript.LANGUAGE.name,
        "`*.js`, `*.mjs`, `*.cjs`, `*.ts`, `*.mts`, `*.cts`",
        "arrays and strings, properties, argument lists",
        "Node",
        re.compile(r"\.[mc]?[jt]s\Z"),
        partial(literal_lists, javascript.LANGUAGE),
        javascript.LANGUAGE.recognise,
    ),
    Format(
        rust.LANGUAGE.name,
        "`build.rs`, `*.rs`",
        '`println!("cargo:rustc-link-arg=…")`, slices of strings, arguments',
        "rustc, where there is one",
        re.compile(r"\.rs\Z"),
        partial(literal_lists, rust.LANGUAGE),
    ),
    Format(
        powershell.LANGUAGE.name,
        "`*.ps1`, `*.psm1`",
        "`$env:ASYNCIFY_ONLY`, arrays, arguments in quotes",
        "nothing but our own reader",
        re.compile(r"\.psm?1\Z"),
        powershell.lists,
        powershell.LANGUAGE.recognise,
    ),
    Format(
        SHELL,
        "`*.sh`, `*.bash`, `*.env`, `*.rsp`; a first line `#!/bin/sh`",
        "`export ASYNCIFY_ONLY=…`, flags of emcc and `wasm-opt`",
        "bash",
        re.compile(r"\.(?:sh|bash|zsh|ksh|dash|env|envrc|rsp|flags|args|sh\.in)\Z|^(?:PKGBUILD|APKBUILD)\Z"),
        lambda source: shell_lists(DecodedText.of(source)),
        mentions_list,
        byte_order_mark=False,
    ),
)
"""The choosiest first: a text whose file's name says nothing is the first that recognises it."""

LINES = "a file of names only, one a line (`*.txt`, `*.list`, or no suffix)"

_EMPTY_LIST = re.compile(r"^[^.]*\Z|\.(?:txt|list|lst|names|funcs|functions|asyncify|only)\Z")
"""Names under which a new, an empty or a file of comments may become a list of names, one a line."""
_SHEBANG = re.compile(r"#![^\n]*\b(?:ba|da|z|k|a)?sh\b")


def named_formats(path: str) -> tuple[Format, ...]:
    """Return the formats that a file's name claims; none, where it says nothing."""
    name = PurePath(path).name
    return tuple(each for each in FORMATS if each.named.search(name))


def is_foreign(path: str) -> bool:
    """Whether a file's name says that it is of a kind that has no list that we could edit."""
    return not named_formats(path) and OTHER_FILES.search(PurePath(path).name) is not None


def may_become_list(path: str) -> bool:
    """Whether a file without names may be made a list of names, one a line, going by what it is called."""
    return not named_formats(path) and not is_foreign(path) and bool(_EMPTY_LIST.search(PurePath(path).name))


def reads_as_shell(source: str, path: str) -> bool:
    """Whether a text may be read as a shell would, if its file's name says nothing."""
    if "." in PurePath(path).name or source.startswith("#!"):
        return _SHEBANG.match(source) is not None
    return OTHER_LANGUAGES.search(source) is None


def supported() -> str:
    """Name the formats and the way out, for a refusal: lines of their own."""
    return (
        f"\n  edited in place: {names()}, and {LINES.replace('`', '')}"
        "\n  or keep the list in a file of its own, a name a line: -sASYNCIFY_ONLY=@list.txt, or "
        "wasm-opt --pass-arg=asyncify-onlylist@@list.txt"
    )


def names() -> str:
    """Name the formats, for help."""
    return ", ".join(dict.fromkeys(each.name for each in FORMATS))


def table() -> str:
    """Return the formats as a table in Markdown."""
    rows = [f"| {each.name} | {each.files} | {each.edits} | {each.checked} |" for each in FORMATS]
    return "\n".join(
        [
            "| format | files | what is edited | checked against, in the tests |",
            "|---|---|---|---|",
            *rows,
            "| a name a line | `*.txt`, `*.list`, no suffix, any that is not known | the whole file "
            "| Binaryen, emcc |",
        ]
    )
