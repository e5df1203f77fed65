// The interpreter of cases: runs the script, adds the names that were missing, and reports what happened
// (docs/suite-format.md).
//
// Nothing here, nor in what it imports, is of one engine: how to switch stacks (`switching`) and how to know which call
// host code belongs to (`calls`) come in from outside.

import { isSuspendError, meant } from "../errors/traps.mjs";
import { Run } from "./run.mjs";

/** @typedef {import("./plan.d.ts").CasePlan} CasePlan */
/** @typedef {import("./plan.d.ts").Environment} Environment */
/** @typedef {import("./run.mjs").Lists} Lists */

const MOST_ROUNDS = 64;

/** @type {import("./plan.d.ts").CallContext} knows which call host code belongs to: the only one that is under way */
export const noCallContext = { run: (_, action) => action(), current: () => undefined };

/** @param {unknown} error */
function isGuestFault(error) {
  const compiled = error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError;
  return !compiled && !(error instanceof TypeError);
}

/**
 * @param {CasePlan} plan
 * @param {Map<string, WebAssembly.Module>} modules
 * @param {Lists} lists
 * @param {Environment} environment
 * @param {boolean} dryRun
 */
async function runOnce(plan, modules, lists, environment, dryRun) {
  const run = new Run(plan, modules, lists, environment, dryRun);
  const result = { status: "finished", detail: "", unsupported: /** @type {object | null} */ (null) };
  try {
    run.instantiate();
    await run.takeSteps();
  } catch (thrown) {
    const error = meant(thrown);
    const failed = run.plan.instances[run.instances.size]?.name;
    if (failed === undefined) throw thrown; // all instances were made: a step failed
    if (isSuspendError(error)) Object.assign(result, { status: "unsupported", unsupported: { feature: "start-suspension", where: failed } });
    else if (isGuestFault(error)) run.notMade(error);
    else Object.assign(result, { status: "error", detail: String(error) });
  } finally {
    run.end();
  }
  return { run, result };
}

/**
 * The exports that the script calls, and those that host functions call in a way that may wait.
 *
 * @param {CasePlan} plan
 */
function calledExports(plan) {
  const reentries = Object.values(plan.host).flatMap((entries) => entries.flatMap((entry) => entry.calls));
  const steps = plan.steps.map((step) => step.call ?? step.export).filter((name) => name !== null);
  return [...steps, ...reentries.filter((each) => each.suspending).map((each) => each.export)];
}

/**
 * Compile the modules, each set of bytes once.
 *
 * @param {Map<string, Uint8Array>} binaries by instance name
 * @param {Environment} environment
 * @returns {Map<string, WebAssembly.Module> | string} or which one cannot be compiled, and why
 */
function compile(binaries, environment) {
  const modules = new Map();
  const compiled = new Map();
  for (const [name, bytes] of binaries) {
    try {
      if (!compiled.has(bytes)) compiled.set(bytes, environment.switching.compile(bytes));
    } catch (error) {
      return `${name}: ${error}`;
    }
    modules.set(name, compiled.get(bytes));
  }
  return modules;
}

/**
 * Run a case: again with the names added that the run before has shown to be missing, until none is.
 *
 * @param {CasePlan} plan
 * @param {Map<string, Uint8Array>} binaries the modules' bytes by instance name
 * @param {Environment} environment
 */
export async function runCase(plan, binaries, environment) {
  const modules = compile(binaries, environment);
  if (typeof modules === "string") return { status: "error", detail: modules };
  const lists = { exports: new Set(plan.exports), imports: new Set(plan.imports) };
  const missing = { JSPI_EXPORTS: new Set(), JSPI_IMPORTS: new Set() };
  // Most engines refuse before they call the import, with an exception that a guest may catch and say nothing. So,
  // while exports that are called are not promising, a run goes first in which no import is Suspending: each
  // says from which export it is called, and where it may wait that run ends.
  let dryRun = calledExports(plan).some((name) => !lists.exports.has(name));
  for (let round = 0; ; round++) {
    const { run, result } = await runOnce(plan, modules, lists, environment, dryRun);
    const { exports, imports } = run.found;
    for (const name of exports) lists.exports.add(name), missing.JSPI_EXPORTS.add(name);
    for (const name of imports) lists.imports.add(name), missing.JSPI_IMPORTS.add(name);
    if (exports.size + imports.size > 0 && round < MOST_ROUNDS) continue;
    if (dryRun) {
      dryRun = false;
      continue;
    }
    return {
      ...result,
      ...run.observed(),
      warnings: [...environment.switching.notes],
      missing: Object.fromEntries(Object.entries(missing).map(([list, names]) => [list, [...names].sort()])),
    };
  }
}
