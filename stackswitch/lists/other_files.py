"""Files that are certainly no list and hold none that could be edited: by their names, or by their text."""

from __future__ import annotations

import re

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
