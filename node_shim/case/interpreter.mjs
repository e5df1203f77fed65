// The interpreter of cases: runs the script, adds the names that were missing, tells what was seen
// (docs/suite-format.md).
//
// Nothing here, nor in what it imports, is of one engine: how to switch stacks (`switching`), how to know which call
// host code belongs to (`calls`) and how to compile come in from outside.

import { Run } from "./run.mjs";
import { isSuspendError, meant } from "../errors/traps.mjs";

const MOST_ROUNDS = 64;

/** Knows which call host code belongs to where the engine does not say: the only one that is under way. */
export const noCallContext = { run: (_, action) => action(), current: () => undefined };

function isGuestFault(error) {
  const compiled = error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError;
  return !compiled && !(error instanceof TypeError);
}

async function runOnce(plan, modules, lists, environment, scouting) {
  const run = new Run(plan, modules, lists, environment, scouting);
  const seen = { status: "finished", detail: "", unsupported: null };
  try {
    try {
      run.instantiate();
    } catch (thrown) {
      const error = meant(thrown);
      if (isSuspendError(error)) {
        const place = run.plan.instances[run.instances.size].name;
        return { run, seen: { ...seen, status: "unsupported", unsupported: { feature: "start-suspension", where: place } } };
      }
      if (!isGuestFault(error)) return { run, seen: { ...seen, status: "error", detail: String(error) } };
      run.notMade(error);
      return { run, seen };
    }
    await run.takeSteps();
  } finally {
    run.end();
  }
  return { run, seen };
}

/** The exports that the script calls, and those that host functions call in a way that may wait. */
function calledExports(plan) {
  const reentries = Object.values(plan.host).flatMap((entries) => entries.flatMap((entry) => entry.calls));
  const steps = plan.steps.map((step) => step.call ?? step.export).filter((name) => name !== null);
  return [...steps, ...reentries.filter((each) => each.suspending).map((each) => each.export)];
}

/**
 * Run a case: again with the names added that the run before has shown to be missing, until none is.
 *
 * @param plan the case, as `stackswitch/backends/node/cases/plan.py` writes it
 * @param binaries the modules' bytes by instance name
 * @param environment `{switching, calls, compile}`
 */
export async function runCase(plan, binaries, environment) {
  const modules = new Map();
  const compiled = new Map();
  for (const [name, bytes] of binaries) {
    if (!compiled.has(bytes)) {
      try {
        compiled.set(bytes, await environment.compile(bytes));
      } catch (error) {
        return { status: "error", detail: `${name}: ${error}` };
      }
    }
    modules.set(name, compiled.get(bytes));
  }
  const lists = { exports: new Set(plan.exports), imports: new Set(plan.imports) };
  const missing = { JSPI_EXPORTS: new Set(), JSPI_IMPORTS: new Set() };
  // Most engines refuse before they call the import, with an exception that a guest may take and say nothing. So,
  // while exports that are called are not promising, a run goes ahead in which no import is Suspending: each
  // says from which export it is called, and where it may wait that run ends.
  let scouting = calledExports(plan).some((name) => !lists.exports.has(name));
  for (let round = 0; ; round++) {
    const { run, seen } = await runOnce(plan, modules, lists, environment, scouting);
    const { exports, imports } = run.found;
    const found = exports.size + imports.size;
    for (const name of exports) lists.exports.add(name), missing.JSPI_EXPORTS.add(name);
    for (const name of imports) lists.imports.add(name), missing.JSPI_IMPORTS.add(name);
    if (found > 0 && round < MOST_ROUNDS) continue;
    if (scouting) {
      scouting = false;
      continue;
    }
    return {
      ...seen,
      steps: run.steps,
      suspensions: run.suspensions.list(),
      owners: run.suspensions.owners,
      suspension_count: run.suspensions.total,
      log: run.log,
      stdout: run.wasi?.stdout ?? "",
      stderr: run.wasi?.stderr ?? "",
      problems: run.problems,
      warnings: [...(environment.switching.notes ?? [])],
      missing: Object.fromEntries(Object.entries(missing).map(([list, names]) => [list, [...names].sort()])),
    };
  }
}
