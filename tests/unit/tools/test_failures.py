from __future__ import annotations

from stackswitch.tools.failures import without_dump

UNCAUGHT = """file:///opt/shim/main.mjs:3
  throw new TypeError("no such thing");
        ^

TypeError: no such thing
    at file:///opt/shim/main.mjs:3:9
    at ModuleJob.run (node:internal/modules/esm/module_job:343:25)

Node.js v24.19.0
"""
MISSING = """node:internal/modules/esm/resolve:275
    throw new ERR_MODULE_NOT_FOUND(
          ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/opt/gone.mjs' imported from /opt/shim/main.mjs
    at finalizeResolution (node:internal/modules/esm/resolve:275:11) {
  code: 'ERR_MODULE_NOT_FOUND'
}

Node.js v24.19.0
"""


def test_the_words_of_an_uncaught_exception_stay_and_its_dump_goes() -> None:
    assert without_dump(UNCAUGHT) == "TypeError: no such thing"
    assert without_dump(MISSING).splitlines()[0] == (
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/opt/gone.mjs' imported from /opt/shim/main.mjs"
    )
    assert "    at " not in without_dump(MISSING)


def test_what_is_no_dump_stays() -> None:
    assert without_dump("out of memory\n  at least 4 GB are needed here") == "out of memory"
    assert without_dump("bad option: --nope\n") == "bad option: --nope"
