"""Which flags for short runs an engine gets."""

from __future__ import annotations

from stackswitch.backends.node.commands.startup_flags import FLAGS, flags_for, known_options

TOLD = """\
The following syntax for options is accepted (both '-' and '--' are ok):
  --wasm-tiering-budget (budget for dynamic tiering (rough approximation of bytes executed)
        type: int  default: --wasm-tiering-budget=13000000
  --wasm-lazy-validation (enable lazy validation for lazily compiled wasm functions)
        type: bool  default: --no-wasm-lazy-validation
"""


def test_only_what_the_engine_lists() -> None:
    assert known_options(TOLD) == {"--wasm-tiering-budget", "--wasm-lazy-validation"}
    assert flags_for(known_options(TOLD), ()) == FLAGS[:2]
    assert flags_for(known_options(""), ()) == ()
    many = flags_for(known_options(TOLD), (), many=True)
    assert many == ("--wasm-tiering-budget=2000000000", *FLAGS[1:2])


def test_what_the_suite_says_wins() -> None:
    known = known_options(TOLD)
    assert flags_for(known, ["--wasm-tiering-budget=1", "--liftoff-only"]) == ("--wasm-lazy-validation",)
    assert flags_for(known, ["--no_wasm_lazy_validation"]) == FLAGS[:1]
