"""Kinds of file, each written by hand with a list in it, for the tests and ``fuzz/fuzz_lists.py``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

SIGNATURES = [
    "Foo::bar(int, char const*)",
    "std::__2::vector<int, std::__2::allocator<int>>::push_back(int const&)",
    "operator new(unsigned long)",
    "Foo::operator()(int) const",
    "(anonymous namespace)::Widget::draw(Rect const&, bool)",
    "byn$fpcast-emu$zend_call_function",
    'a\'b("x")',
    "naïve::größe(int, 名前)",
    "back\\slash(int)",
    "$dollar`tick`",
    "a b",
    "!bang~tilde%percent^caret",
    "lambda{int x}::operator()[abi:v1]",
    "*_wild*(int*)",
    "1234",
]


@dataclass(frozen=True)
class Kind:
    """A kind of file: how a list is written into one by hand.

    :ivar words: only names that need no quoting can be written so
    """

    write: Callable[[list[str]], str]
    path: str = ""
    words: bool = False


def _dockerfile(line_end: str) -> Callable[[list[str]], str]:
    def write(names: list[str]) -> str:
        quoted = f",{line_end}\\\n".join(
            '"' + name.replace("\\", "\\\\").replace("'", "\\'") + '"' for name in names
        )
        return (
            '# a build\nFROM debian AS base\n\nRUN export OTHER=$\'"x",\\\n"y"\'; \\\n'
            f"\texport ASYNCIFY_ONLY=$'{quoted}'; \\\n"
            "\t# it's a comment \\\n"
            '\techo -n " -s ASYNCIFY_ONLY=[$ASYNCIFY_ONLY] " >> /flags; \\\n'
            '\temcc $(cat /flags) -sJSPI_EXPORTS=main -o "a b.js"\n\nCOPY . .\n'
        )

    return write


def _command_line_json(names: list[str]) -> str:
    return "[" + ",".join(f'"{name}"' for name in names) + "]"


def _shell_single(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    return (
        f"#!/bin/sh\n# don't\nset -e\nemcc main.c -sASYNCIFY_ONLY='{value}' -O2 \\\n"
        "  -o out.js # it's done\necho 'x'\n"
    )


def _shell_bare(names: list[str]) -> str:
    return "emcc main.c -s ASYNCIFY_ONLY=" + ",\\\n".join(names) + " -O2\n"


def _shell_double(names: list[str]) -> str:
    inner = ",".join(f"'{name}'" for name in names)
    return f'FLAGS="-O2 -sASYNCIFY_ONLY=[{inner}] -sFOO=1"\nemcc $FLAGS\n'


def _make(names: list[str]) -> str:
    inner = ", \\\n    ".join('"' + name.replace("$", "$$") + '"' for name in names)
    return (
        f"# names\nASYNCIFY_ONLY := [{inner}]\n\nall: a.js\n\n"
        "a.js: a.c\n\temcc -O2 '-sASYNCIFY_ONLY=$(ASYNCIFY_ONLY)' $< -o $@\n"
    )


def _make_recipe(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''").replace("$", "$$")
    return f"CC = emcc\n\na.js: a.c\n\t$(CC) $< \\\n\t  -sASYNCIFY_ONLY='{value}' \\\n\t  -o $@\n"


def _cmake(names: list[str]) -> str:
    inner = ",".join(f"'{name}'" for name in names)
    return (
        "cmake_minimum_required(VERSION 3.20)\nproject(x) # it's x\nadd_executable(app main.c)\n"
        f'target_link_options(app PRIVATE -O2 "-sASYNCIFY_ONLY=[{inner}]" -sASYNCIFY)\n'
    )


def _cmake_list(names: list[str]) -> str:
    return "set(ASYNCIFY_ONLY" + "".join(f"\n  {name}" for name in names) + "\n)\nproject(x)\n"


def _package_json(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    command = f"emcc a.c -sASYNCIFY_ONLY='{value}' -o a.js && echo \"done\""
    return json.dumps({"name": "x", "scripts": {"build": command, "test": "node ."}}, indent=2) + "\n"


def _json_key(names: list[str]) -> str:
    return json.dumps({"a": [1, {"ASYNCIFY_ONLY": names}], "b": "it's"}, indent=4, ensure_ascii=False)


def _json_list(names: list[str]) -> str:
    return json.dumps(names, indent=2, ensure_ascii=False) + "\n"


def _lines(names: list[str]) -> str:
    return "# the list\n\n" + "".join(f"{name}\n" for name in names)


def _wasm_opt(names: list[str]) -> str:
    return "wasm-opt --asyncify --pass-arg=asyncify-onlylist@" + ",".join(names) + " a.wasm -o b.wasm\n"


def _toml(names: list[str]) -> str:
    inner = "".join(f"  {json.dumps(name, ensure_ascii=False)}, # why\n" for name in names)
    return (
        f"# a case\nwhy = 'x'\n[asyncify]\nonly = [\n{inner}]\nignore_indirect = true\n"
        '[[step]]\ncall = "f"\n'
    )


def _yaml_block(names: list[str]) -> str:
    items = "".join(f"    - {json.dumps(name, ensure_ascii=False)}  # why\n" for name in names)
    value = f"\n{items}" if names else " []\n"
    return f"# a build\nbuild:\n  asyncify_only:{value}  other: [x, 'it''s']\n"


def _yaml_flow(names: list[str]) -> str:
    inner = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"lists: {{ASYNCIFY_ONLY: [{inner}], more: 1}}  # it's\n"


def _yaml_env(names: list[str]) -> str:
    return f'env:\n  A: 1\n  ASYNCIFY_ONLY: "{",".join(names)}"  # it\'s\non: push\n'


def _yaml_run(names: list[str]) -> str:
    value = _command_line_json(names).replace("'", "'\\''")
    return (
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v5\n      - name: It's a build\n        run: |\n          set -e\n"
        f"          emcc a.c -sASYNCIFY_ONLY='{value}' \\\n"
        "            -o a.js\n\n          echo ${{ github.sha }}\n      - run: make\n"
    )


def _meson(names: list[str]) -> str:
    inner = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
    return (
        f"project('x', 'c')  # it's x\nasyncify_only = [{inner}]\n"
        "flags = ['-sASYNCIFY_ONLY=' + ','.join(asyncify_only)]\n"
    )


def _python(names: list[str]) -> str:
    inner = "".join(f"    {name!r},  # why\n" for name in names)
    return (
        f'"""It\'s a build: ASYNCIFY_ONLY."""\n\nASYNCIFY_ONLY = [\n{inner}]\n\nprint(f"{{ASYNCIFY_ONLY}}")\n'
    )


def _python_argument(names: list[str]) -> str:
    flag = f"-sASYNCIFY_ONLY={_command_line_json(names)}"
    return f"import subprocess\n\nsubprocess.run(['emcc', {flag!r}, '-O2'], check=True)  # it's\n"


def _javascript(names: list[str]) -> str:
    inner = "".join(f"  {json.dumps(name, ensure_ascii=False)}, // why\n" for name in names)
    return f"// it's a build\nexport const ASYNCIFY_ONLY = [\n{inner}];\nconst x = /['\"]/.test(`${{1}}`);\n"


def _rust(names: list[str]) -> str:
    flag = f"-sASYNCIFY_ONLY={_command_line_json(names)}".replace("\\", "\\\\").replace('"', '\\"')
    flag = flag.replace("{", "{{").replace("}", "}}")
    return (
        "// it's a build\nfn main<'a>() {\n"
        f'    println!("cargo:rustc-link-arg={flag}");\n    let c = \'"\';\n}}\n'
    )


def _powershell(names: list[str]) -> str:
    inner = "".join("\n  '" + name.replace("'", "''") + "'  # why" for name in names)
    return (
        '# it\'s a build\n$env:CC = "emcc $($x -join \'"\') `" "\n'
        f"$ASYNCIFY_ONLY = @({inner}\n)\n& emcc '-O2'\n"
    )


def _cargo(names: list[str]) -> str:
    flag = json.dumps(f"link-arg=-sASYNCIFY_ONLY={','.join(names)}")
    return f'# it\'s\n[target.wasm32-unknown-emscripten]\nrustflags = ["-C", {flag}, "-Cdebuginfo=0"]\n'


KINDS = {
    "dockerfile, plain line ends": Kind(_dockerfile("")),
    "dockerfile, newlines in the value": Kind(_dockerfile("\\n")),
    "shell, JSON in single quotes": Kind(_shell_single),
    "shell, bare": Kind(_shell_bare, words=True),
    "shell, flags in a variable": Kind(_shell_double, words=True),
    "make variable": Kind(_make, path="Makefile"),
    "make recipe": Kind(_make_recipe, path="build/rules.mk"),
    "cmake option": Kind(_cmake, path="CMakeLists.txt", words=True),
    "cmake variable": Kind(_cmake_list, words=True),
    "package.json": Kind(_package_json),
    "json key": Kind(_json_key),
    "json list": Kind(_json_list),
    "a name a line": Kind(_lines),
    "wasm-opt argument": Kind(_wasm_opt, words=True),
    "toml": Kind(_toml),
    "yaml, block sequence": Kind(_yaml_block, path="build.yml"),
    "yaml, flow sequence": Kind(_yaml_flow, path="build.yaml"),
    "yaml, env": Kind(_yaml_env, path="ci.yml", words=True),
    "yaml, run": Kind(_yaml_run, path=".github/workflows/ci.yml"),
    "meson": Kind(_meson, path="meson.build"),
    "python": Kind(_python, path="build.py"),
    "python, arguments": Kind(_python_argument, path="build.py"),
    "javascript": Kind(_javascript, path="build.mjs"),
    "rust": Kind(_rust, path="build.rs"),
    "powershell": Kind(_powershell, path="build.ps1"),
    "cargo": Kind(_cargo, path=".cargo/config.toml", words=True),
}
