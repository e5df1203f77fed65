// Instruments modules as they are instantiated, with npm's `binaryen`, where there is Node: a program written for JSPI then runs
// on its own modules. Binaryen runs in a process of its own, since it ends the process over code that it cannot take.

/**
 * @typedef {object} InstrumentOptions
 * @property {string} [binaryen] the file `index.js` of npm's `binaryen` (default: as the program's folder resolves it)
 * @property {string | null} [cache] the folder for what was instrumented (default: one in the user's cache; null: none)
 * @property {number} [optimizeLevel] how much the instrumented functions are optimised, 0 to 4 (default: 1)
 *
 * @typedef {(bytes: Uint8Array, request: {imports: string[], globals: "import" | "export"}) => Uint8Array} Instrument `imports`: those that
 *   may wait, as `module.name`; `globals`: whether the module imports Asyncify's state or exports it
 */

import { buildCache } from "../wasm/build-cache.mjs";

const FORMAT = 1; // another one when binaryen-child.mjs makes other builds
const CHILD = new URL("binaryen-child.mjs", import.meta.url);

/**
 * @param {InstrumentOptions} [options]
 * @returns {Instrument} throws if the program is not run by Node
 */
export function instrumenter({ binaryen, cache, optimizeLevel = 1 } = {}) {
  const { process } = globalThis;
  const builtin = process?.getBuiltinModule;
  if (builtin === undefined) throw new Error("instrumenting modules as they are loaded needs Node 20.16 or later; use `stackswitch instrument` before");
  const fs = builtin("node:fs");
  const path = builtin("node:path");
  const { spawnSync } = builtin("node:child_process");
  const library = binaryen ?? resolved(builtin("node:module"), path.join(process.cwd(), "program.js"));
  const version = JSON.parse(fs.readFileSync(path.join(path.dirname(library), "package.json"), "utf8")).version;

  /** @type {Instrument} */
  function run(bytes, request) {
    const { fileURLToPath } = builtin("node:url");
    const argv = [fileURLToPath(CHILD), JSON.stringify({ library, optimizeLevel, ...request })];
    const child = spawnSync(process.execPath, argv, { input: bytes, maxBuffer: Infinity });
    if (child.error) throw child.error;
    if (child.status !== 0) throw new Error(`Binaryen cannot instrument the module: ${reasonIn(String(child.stderr))}`);
    return new Uint8Array(child.stdout);
  }

  const cached = buildCache(cache, "polyfill");
  return (bytes, request) => cached(bytes, { format: FORMAT, version, optimizeLevel, ...request }, () => run(bytes, request));
}

/**
 * @param {typeof import("node:module")} modules
 * @param {string} program a file in the program's folder
 */
function resolved({ createRequire }, program) {
  for (const from of [program, import.meta.url]) {
    try {
      return createRequire(from).resolve("binaryen");
    } catch {
      // the next one
    }
  }
  throw new Error("instrumenting modules as they are loaded needs npm's `binaryen`: npm install binaryen");
}

/** @param {string} stderr */
function reasonIn(stderr) {
  const lines = stderr.split("\n").filter(Boolean);
  return lines.find((line) => line.startsWith("Error: "))?.slice("Error: ".length) ?? (lines.slice(-3).join(" ") || "its process was ended");
}
