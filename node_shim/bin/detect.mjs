// Node, Deno, Bun and engines' own shells start here; the arguments are names of probes. One line of JSON for each message.

import { ARGUMENTS, endProgram, PROGRAM, printJson, VERSION } from "../detect/program.mjs";
import { runProbes } from "../detect/run.mjs";

// `program`: the engine itself. What was started may be a shim that looks for it and starts it.
printJson({ version: VERSION, program: PROGRAM });
await runProbes(ARGUMENTS, printJson);
endProgram();
