// Runs the steps on this engine and prints the results as JSON.
//
//   node main.mjs native|polyfill

import { install } from "../polyfill.mjs";
import { runSteps, Tools } from "./harness.mjs";
import { hostOf } from "./host.mjs";
import { GROUPS } from "./steps.mjs";

const api = globalThis.process?.argv[2] ?? "native";
const restore = api === "polyfill" ? install({ force: true }) : null;
const tools = new Tools(api === "polyfill" ? "asyncified" : "plain", await hostOf());
const groups = [];
for (const [group, steps] of Object.entries(GROUPS)) groups.push({ group, steps: await runSteps(steps, tools) });
restore?.();
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? globalThis.process?.versions?.node ?? "";
console.log(JSON.stringify({ version, groups }));
