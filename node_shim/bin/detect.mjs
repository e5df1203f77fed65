// Node, Deno and Bun start here; the arguments are names of probes. One line of JSON for each message.

import { runProbes } from "../detect/run.mjs";

const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
/** @param {object} message */
const emit = (message) => console.log(JSON.stringify(message));
// `program`: the engine itself. What was started may be a shim that looks for it and starts it.
emit({ version, program: process.execPath ?? "" });
await runProbes(process.argv.slice(2), emit);
process.exit(0);
