// Runs one PHP program on PHP 8.3 as WordPress Playground ships it: node runner.mjs PROGRAM.php [ARGUMENTS…]
//
// @php-wasm takes its JSPI build wherever `WebAssembly.Suspending` is there when it loads, and its Asyncify build
// elsewhere. So Node 26 runs the former, Node 20 the latter, and Node 20 with the polyfill preloaded runs the JSPI
// glue. STACKSWITCH_BACKEND=asyncify with STACKSWITCH_BUILD=own hides JSPI, to have the shipped Asyncify build anywhere.
// PHP_MODULE=FILE.wasm runs that build of the module in place of the package's.

import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const LIBRARIES = path.join(HERE, "libraries");
const LOCKS = "fs-ext-extra-prebuilt";

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  fail("node runner.mjs PROGRAM.php [ARGUMENTS…]");
}
/** The folder beside this file that the program is in: the suite, or what is timed. PHP sees it as /suite. */
const PROGRAMS = path.join(HERE, path.relative(HERE, path.resolve(program)).split(path.sep)[0]);
if (!existsSync(path.join(HERE, "node_modules", "@php-wasm"))) {
  fail(`PHP is not there yet: run python ${path.join(HERE, "prepare.py")}`);
}
chooseBuild();
standInForLocks();

const [{ loadNodeRuntime, createNodeFsMountHandler }, { PHP }] = await Promise.all([
  import("@php-wasm/node"),
  import("@php-wasm/universal"),
]);

const { PHP_MODULE: build } = process.env;
const emscriptenOptions = { processId: 1, ...(build && { wasmBinary: readFileSync(build) }) };
const php = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions }));
await php.mount("/suite", createNodeFsMountHandler(PROGRAMS));
if (existsSync(LIBRARIES)) {
  await php.mount("/usr/share/php", createNodeFsMountHandler(path.join(LIBRARIES, "usr/share/php")));
}
const inside = path.posix.join("/suite", path.relative(PROGRAMS, path.resolve(program)).split(path.sep).join("/"));
php.chdir(path.posix.dirname(inside));
process.exitCode = await run(["php", ...settings(), inside, ...args]);
process.exit();

/** Start PHP's command line; its output is ours. Returns its exit status; a trap in it rejects. */
async function run(argv) {
  const { NODE_OPTIONS, ...env } = process.env;
  const response = await php.cli(argv, { env });
  const [code] = await Promise.all([
    response.exitCode,
    response.stdout.pipeTo(into(process.stdout)),
    response.stderr.pipeTo(into(process.stderr)),
  ]);
  return code;
}

/** A stream that ends when all of it has been written, and not before. */
function into(target) {
  return new WritableStream({
    write: (chunk) => new Promise((done, failed) => target.write(chunk, (error) => (error ? failed(error) : done()))),
  });
}

/** PHP's own settings: no processes (there are none to start here), its errors apart from its output, the libraries. */
function settings() {
  const given = {
    disable_functions: "proc_open,popen,exec,shell_exec,passthru,system",
    display_errors: "stderr",
    include_path: ".:/usr/share/php",
  };
  return Object.entries(given).flatMap(([name, value]) => ["-d", `${name}=${value}`]);
}

function chooseBuild() {
  const { STACKSWITCH_BACKEND: backend, STACKSWITCH_BUILD: build } = process.env;
  if (backend === "asyncify" && build !== "instrumented") {
    delete WebAssembly.Suspending;
  }
  if (backend === "jspi" && !("Suspending" in WebAssembly)) {
    fail(`Node ${process.version} has no JSPI: take Node 26`);
  }
}

/**
 * File locks come from a native addon, and it has no file for Node 26. A single process needs no locks, so where it
 * has none, all locks are granted.
 */
function standInForLocks() {
  if (Number(process.versions.node.split(".")[0]) < 26) {
    return;
  }
  const source = `export const constants = {};
    const granted = () => 0;
    export { granted as fcntlSync, granted as flockSync, granted as lockFileExSync, granted as unlockFileExSync };`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  module.registerHooks({
    resolve: (name, context, next) => (name === LOCKS ? { url, shortCircuit: true } : next(name, context)),
  });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
