"""What ``stackswitch reentrant`` changes in the verdict: an obstacle that a command removes, or does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackswitch.models.readiness import Finding, MigrationStep, Weight

from .rules import RULES
from .verdict_inputs import VerdictInputs

OF_INVOKES = ("invoke-imports", "invoke-glue")
WASM_EXCEPTIONS = "-fwasm-exceptions -sSUPPORT_LONGJMP=wasm"
"""The flags of a build that has no ``invoke_*``."""
_COMMAND = "stackswitch reentrant MODULE --glue GLUE{} -o OUT"
_GIVEN = " Give the report the JSPI build, and it names your files."
_SHARED = (
    "The C stack is shared by all calls of an instance: two that wait at the same time corrupt each other."
)
_ONE_AT_A_TIME = """\
let last = Promise.resolve();
const oneAtATime = (call) => (...args) => (last = last.then(() => call(...args), () => call(...args)));
const handle = oneAtATime(WebAssembly.promising(instance.exports.{export}));"""


def weights_of(inputs: VerdictInputs) -> Mapping[str, Weight]:
    """Return the rules' weights for a module: that of ``invoke_*`` is what the transform makes of it."""
    weights = {name: rule.weight for name, rule in RULES.items()}
    if inputs.proposal is not None and inputs.proposal.invokes_refused:
        weights.update(dict.fromkeys(OF_INVOKES, "blocks"))
    return weights


def with_proposal(findings: Sequence[Finding], inputs: VerdictInputs) -> list[Finding]:
    """Return the findings with the module's own command, or with the reason why there is none."""
    proposal = inputs.proposal
    if proposal is None:
        return list(findings)
    mends: dict[str, str] = {}
    if proposal.invokes:
        mends.update(dict.fromkeys(OF_INVOKES, f"Run `{proposal.command}`: it needs no rebuild."))
    elif proposal.invokes_refused:
        why = f"`stackswitch reentrant --invokes` refuses the module: {proposal.invokes_refused}."
        mends.update(dict.fromkeys(OF_INVOKES, f"{why} Build with {WASM_EXCEPTIONS}."))
    if proposal.command:
        mends["shared-stack"] = f"Run `{proposal.command}`: each call gets a C stack of its own."
    elif proposal.refused:
        mends["shared-stack"] = (
            f"`stackswitch reentrant` refuses the module: {proposal.refused}. Make one call at a time, or "
            "give each call an instance."
        )
    return [
        each.model_copy(update={"mend": mends[each.rule]}) if each.rule in mends else each
        for each in findings
    ]


def invokes_step(inputs: VerdictInputs, rules: Sequence[str], *, shared: bool) -> MigrationStep:
    """Return the step that takes JavaScript's ``invoke_*`` from the stack.

    :param rules: those of ``OF_INVOKES`` that apply
    :param shared: the calls share a C stack, too
    """
    proposal = inputs.proposal
    if proposal is not None and proposal.invokes_refused:
        return MigrationStep(
            title="Keep exceptions and longjmp inside wasm",
            text="Emscripten's invoke_* put JavaScript on the stack; these flags, at compile and link time, "
            f"need none. stackswitch reentrant --invokes refuses this module: {proposal.invokes_refused}.",
            code=WASM_EXCEPTIONS,
            language="flags",
            rules=tuple(rules),
        )
    known = proposal is not None and proposal.invokes
    also = " The same command gives each call a C stack of its own." if shared else ""
    return MigrationStep(
        title="Replace invoke_* of C++ exceptions and longjmp by WebAssembly",
        text="Emscripten's invoke_* put JavaScript on the stack. This command replaces them in the finished "
        f"JSPI build: no rebuild, and the glue stays as it is.{also}{'' if known else _GIVEN}",
        code=proposal.command if proposal is not None and known else _COMMAND.format(" --invokes"),
        language="sh",
        rules=(*rules, *(["shared-stack"] if also else [])),
    )


def stacks_step(inputs: VerdictInputs, *, after_invokes: bool) -> MigrationStep | None:
    """Return the step for calls that share a C stack; None: ``invokes_step`` is it too.

    :param after_invokes: there is such a step
    """
    proposal = inputs.proposal
    if after_invokes and (proposal is None or proposal.invokes):
        return None
    if proposal is None or proposal.command:
        return MigrationStep(
            title="Give each call a C stack of its own",
            text=f"{_SHARED} This command changes the finished JSPI build: no rebuild, and the glue stays as "
            f"it is. With --prove EXPORT it overlaps calls of an export.{_GIVEN if proposal is None else ''}",
            code=_COMMAND.format("") if proposal is None else proposal.command,
            language="sh",
            rules=("shared-stack",),
        )
    exports = sorted({each.export for stacks in inputs.suspensions.values() for each in stacks} - {""})
    return MigrationStep(
        title="Make one call at a time",
        text=f"{_SHARED} stackswitch reentrant refuses this module: {proposal.refused}. One queue before the "
        "exports is enough; an instance for each call serves as well.",
        code=_ONE_AT_A_TIME.format(export=exports[0] if exports and exports[0].isidentifier() else "main"),
        language="js",
        rules=("shared-stack",),
    )
