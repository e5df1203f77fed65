// Runs the steps on this engine and prints the results as JSON.
//
//   node main.mjs native|polyfill
//   node main.mjs instrumented BINARYEN CACHE
//
// `instrumented`: the polyfill, and the plain modules, which are instrumented as they are instantiated. BINARYEN: the file
// index.js of npm's binaryen. CACHE: a folder for the builds.

import { ARGUMENTS, endProgram, printJson, VERSION } from "../detect/program.mjs";
import { hostOf } from "./host.mjs";
import { runAll } from "./run.mjs";

const [api = "native", binaryen, cache] = ARGUMENTS;
const groups = await runAll(api, await hostOf(), { binaryen, cache });
printJson({ version: VERSION, groups });
endProgram();
