// node stress.mjs FUNCTION MODULE OPTIONS [BROWSER PROGRAM PACKAGES LAUNCHER]: runs a function of overlapping-calls.mjs; see pages.mjs.
import { readFileSync } from "node:fs";

import { run } from "./pages.mjs";

const [, , name, file, options, ...browser] = process.argv;
console.log(JSON.stringify(await run("overlapping-calls.mjs", name, readFileSync(file), JSON.parse(options), browser)));
process.exit();
