// Runs the steps on this engine and prints the results as JSON.
//
//   node main.mjs native|polyfill
//   node main.mjs instrumented BINARYEN
//
// `instrumented`: the polyfill, and the plain modules, which are instrumented as they are instantiated. BINARYEN: the file index.js of npm's binaryen.

import { install } from "../polyfill.mjs";
import { runSteps, Tools } from "./harness.mjs";
import { hostOf } from "./host.mjs";
import { GROUPS } from "./steps.mjs";

const [api = "native", binaryen] = globalThis.process?.argv.slice(2) ?? [];
const instrument = api === "instrumented" ? { binaryen, cache: null } : false;
const restore = api === "native" ? null : install({ force: true, instrument });
const tools = new Tools(api === "polyfill" ? "asyncified" : "plain", await hostOf());
const groups = [];
for (const [group, steps] of Object.entries(GROUPS)) groups.push({ group, steps: await runSteps(steps, tools) });
restore?.();
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? globalThis.process?.versions?.node ?? "";
console.log(JSON.stringify({ version, groups }));
