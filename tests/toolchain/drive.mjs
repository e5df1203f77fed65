// node drive.mjs GLUE [together]: calls the exports of a program of the table one after another, or all at once, and
// prints what it printed and how many results were wrong.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

const [, , file, how = "apart"] = process.argv;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const START_MS = 90_000;
const show = console.log;
/** @type {string[]} */
const printed = [];
console.log = (line) => printed.push(`${line}`);
console.error = console.warn = (line) => printed.push(`error: ${line}`);
/** @param {any} error */
const described = (error) => `${error?.name ?? typeof error}: ${error?.message ?? error}`;
let failed = "";
for (const event of ["unhandledRejection", "uncaughtException"]) process.on(event, (error) => (failed ||= described(error)));

const settings = {};
const text = readFileSync(file, "utf8");

/** @returns {Promise<any>} */
async function loaded() {
  if (file.endsWith(".mjs")) return (await import(pathToFileURL(file).href)).default(settings);
  const require = createRequire(file);
  if (/\bmodule\.exports\s*=\s*Module\b/.test(text) && /\bvar Module\s*=\s*\(/.test(text)) return require(file)(settings);
  // A script that finds its settings in a global variable, as in a page.
  Object.assign(globalThis, { Module: settings, require, __filename: file, __dirname: dirname(file) });
  runInThisContext(text, file);
  return settings;
}

const hasMain = /main has waited/.test(readFileSync(file.replace(/m?js$/, "wasm"), "latin1"));
let initialised = false;
Object.assign(settings, { onRuntimeInitialized: () => (initialised = true), print: console.log, printErr: console.error });
const program = await loaded();
const end = Date.now() + START_MS;
const started = () => (hasMain ? printed.some((line) => line.startsWith("main has")) : initialised);
while (!failed && !started() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));

// MINIMAL_RUNTIME leaves its exports in global variables.
for (const name of ["_work", "_measure"]) program[name] ??= Reflect.get(globalThis, name);

/** @param {() => any} call */
const settled = async (call) => {
  try {
    return await call();
  } catch (error) {
    return described(error);
  }
};

const async = { async: true };
const work = program.bound_work ?? ((/** @type {number} */ seed) => program.ccall("work", "number", ["number"], [seed], async));
const measure =
  program.bound_measure ??
  ((/** @type {string} */ word, /** @type {number} */ seed) => program.ccall("measure", "number", ["string", "number"], [word, seed], async));
const calls = SEEDS.flatMap((seed) => [() => work(seed), () => measure(String.fromCharCode(97 + seed).repeat(seed), seed)]);
const right = SEEDS.flatMap((seed) => [seed * seed, seed]);
/** @type {any[]} */
const got = [];
if (how === "together") got.push(...(await Promise.all(calls.map(settled))));
else for (const call of calls) got.push(await settled(call));
const wrong = got.filter((value, i) => value !== right[i]);
show(JSON.stringify({ printed, wrong: wrong.length, first: wrong[0] ?? null, failed }));
process.exit(0);
