// Runs all steps on the engine's own JSPI, or on the polyfill, installed over it. No import here is of one engine.

import { runSteps, Tools } from "./harness.mjs";
import { GROUPS } from "./steps.mjs";

/**
 * @param {string} api `native`, `polyfill`, or `instrumented`: the polyfill with modules that are instrumented as they are instantiated
 * @param {import("./harness.mjs").Host} host
 * @param {import("../polyfill/instrument.mjs").InstrumentOptions} [instrument]
 */
export async function runAll(api, host, instrument) {
  // The polyfill reads modules with TextDecoder, which engines' own shells have not.
  const restore = api === "native" ? null : (await import("../polyfill.mjs")).install({ force: true, instrument: api === "instrumented" && instrument });
  const tools = new Tools(api === "polyfill" ? "asyncified" : "plain", host);
  const groups = [];
  for (const [group, steps] of Object.entries(GROUPS)) groups.push({ group, steps: await runSteps(steps, tools) });
  restore?.();
  return groups;
}
