// node run-kinds.mjs MODULE [BROWSER PROGRAM PACKAGES LAUNCHER]: runs kinds.mjs here or in a browser; prints its results as JSON.
import { readFileSync } from "node:fs";

import { run } from "./pages.mjs";

const [, , file, ...browser] = process.argv;
console.log(JSON.stringify(await run("kinds.mjs", "kinds", readFileSync(file), {}, browser)));
process.exit();
