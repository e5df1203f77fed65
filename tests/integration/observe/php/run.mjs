// Run a PHP program on PHP 8.3 as npm ships it: node run.mjs NODE_MODULES PROGRAM. The engine decides on the build: with
// WebAssembly.Suspending the jspi one, without it the asyncify one.
import { readFileSync } from "node:fs";
import * as module from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, program] = process.argv.slice(2);

// A native addon for file locks, which has no prebuilt file for the newest Nodes.
const stub = ["constants = {}", ...["fcntlSync", "flockSync", "lockFileExSync", "unlockFileExSync"].map((name) => `${name} = () => {}`)];
module.registerHooks?.({
  resolve: (name, context, next) =>
    name === "fs-ext-extra-prebuilt" ? { url: "stub:fs-ext", format: "module", shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === "stub:fs-ext" ? { format: "module", source: `export const ${stub.join(", ")};`, shortCircuit: true } : next(url, context),
});

const load = (name) => import(pathToFileURL(join(modules, "@php-wasm", name, "index.js")).href);
const { loadNodeRuntime } = await load("node");
const { PHP } = await load("universal");
const php = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1 } }));
const { text, exitCode } = await php.run({ code: readFileSync(program, "utf8") });
console.log(text);
process.exit(exitCode);
