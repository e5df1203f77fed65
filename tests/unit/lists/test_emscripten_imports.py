"""How Emscripten reads its lists of imports, and what it adds to them by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.fix.sources import shared_source
from stackswitch.lists.emscripten_imports import (
    asynchronous_imports,
    full_import_name,
    imports_behind,
    in_list_by_itself,
)
from stackswitch.models.expect import ListName

PLAYGROUND = (
    (Path(__file__).parents[2] / "data/lists/playground-2024-10-imports.txt").read_text("utf-8").split()
)


def dockerfile(**lists: list[str]) -> bytes:
    lines = ["FROM scratch"]
    for name, entries in lists.items():
        names = ",\\n\\\n".join(f'"{each}"' for each in entries)
        lines.append(f"RUN export {name}=$'[{names}]'; echo -n \" -s {name}=${name} \" >> /root/flags")
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize(
    ("entries", "needs", "after"),
    [
        (["js_wait"], ["env.js_wait"], ["js_wait"]),
        (["env.js_wait"], ["env.js_wait"], ["env.js_wait"]),
        (["js_*"], ["env.js_wait"], ["js_*"]),
        (["js_wait"], ["env.other"], ["js_wait", "other"]),
        (["env.js_wait"], ["env.other"], ["env.js_wait", "env.other"]),
        (["js_wait"], ["host.js_wait"], ["js_wait", "host.js_wait"]),
        (
            ["js_wait"],
            ["env.emscripten_sleep", "env.__asyncjs__ask", "wasi_snapshot_preview1.fd_sync"],
            ["js_wait"],
        ),
    ],
)
@pytest.mark.parametrize("which", ["ASYNCIFY_IMPORTS", "JSPI_IMPORTS"])
def test_what_is_added_to_a_list(
    which: ListName, entries: list[str], needs: list[str], after: list[str]
) -> None:
    data = dockerfile(**{which: entries})
    source = shared_source(Path("Dockerfile"), data).with_needs({which: needs})
    assert sorted(source.lists[which]) == sorted(after)
    assert source.changed == (entries != after)


def test_playgrounds_own_lists_lack_nothing_that_waits_there() -> None:
    waits = [
        "wasm_poll_socket",
        "emscripten_sleep",
        "js_popen_to_file",
        "js_open_process",
        "js_fd_read",
        "js_waitpid",
    ]
    needs = [f"env.{each}" for each in waits]
    source = shared_source(
        Path("Dockerfile"), dockerfile(ASYNCIFY_IMPORTS=PLAYGROUND, JSPI_IMPORTS=PLAYGROUND)
    )
    again = source.with_needs({"ASYNCIFY_IMPORTS": [*needs, "env.invoke_viiiiiiii"], "JSPI_IMPORTS": needs})
    assert not again.changed


def test_a_build_gets_full_names_and_emscriptens_own() -> None:
    source = shared_source(Path("Dockerfile"), dockerfile(ASYNCIFY_IMPORTS=["js_wait"]))
    imports = ["env.js_wait", "env.invoke_ii", "env.emscripten_sleep", "env.log"]
    assert source.lists_for(imports)["ASYNCIFY_IMPORTS"] == (
        "env.js_wait",
        "env.invoke_ii",
        "env.emscripten_sleep",
    )


def test_invoke_is_asyncifys_alone() -> None:
    assert in_list_by_itself("ASYNCIFY_IMPORTS", "env.invoke_vi")
    assert not in_list_by_itself("JSPI_IMPORTS", "env.invoke_vi")
    assert set(asynchronous_imports("JSPI_IMPORTS")) < set(asynchronous_imports("ASYNCIFY_IMPORTS"))


@pytest.mark.parametrize(
    ("function", "imports"),
    [
        ("_js_wait", ["env.js_wait"]),
        ("js_wait (app.js:3:4)", ["env.js_wait"]),
        ("Object.js_wait (app.js:3:4)", ["env.js_wait"]),
        ("__dlopen_js", ["env._dlopen_js"]),
        ("same", ["env.same", "host.same"]),
        ("(anonymous)", []),
        ("", []),
        ("wait", []),
    ],
)
def test_which_imports_a_javascript_function_may_be(function: str, imports: list[str]) -> None:
    there = ["env.js_wait", "env._dlopen_js", "env.same", "host.same", "env.log"]
    assert list(imports_behind(function, there)) == imports


def test_a_name_with_a_module_is_whole() -> None:
    assert [full_import_name(each) for each in ("a", "env.a", "b.a", "*")] == [
        "env.a",
        "env.a",
        "b.a",
        "env.*",
    ]
