// Node, Deno and Bun start here; the arguments are names of probes. One line of JSON per thing told.

import { runProbes } from "../detect/run.mjs";

const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
const emit = (told) => console.log(JSON.stringify(told));
emit({ version });
await runProbes(process.argv.slice(2), emit);
process.exit(0);
