// node overlap.mjs [MODULE] [--without-queue]: PHP programs that wait, at once, in one PHP 8.3 as WordPress Playground ships it.
//
// `php.run` begins a program when the one before has ended. With --without-queue it begins at once.

import { readFileSync } from "node:fs";
import module from "node:module";
import { parseArgs } from "node:util";

const NUMBERS = [1, 2, 3];
const TIME_MS = 20_000;
/** File locks come from a native addon, which has no file for Node 26: grant them all. */
const LOCKS = "fs-ext-extra-prebuilt";
const names = ["fcntlSync", "flockSync", "lockFileExSync", "unlockFileExSync"];
const stand = `export const constants = {}; const granted = () => 0; export { ${names.map((name) => `granted as ${name}`)} };`;
const url = `data:text/javascript,${encodeURIComponent(stand)}`;
module.registerHooks({ resolve: (name, context, next) => (name === LOCKS ? { url, shortCircuit: true } : next(name, context)) });

const { values, positionals } = parseArgs({ allowPositionals: true, options: { "without-queue": { type: "boolean" } } });
const [{ loadNodeRuntime }, { PHP }] = await Promise.all([import("@php-wasm/node"), import("@php-wasm/universal")]);
const wasmBinary = positionals[0] && readFileSync(positionals[0]);
process.on("unhandledRejection", () => {}); // of a program that went wrong

/** The output of a program, or "an error". */
function run(php, number) {
  const code = `<?php
    $numbers = array_map(fn($each) => $each * ${number}, range(1, 50));
    usleep(${5000 * (4 - number)});
    usort($numbers, function ($a, $b) { usleep(10); return $a <=> $b; });
    echo array_sum($numbers);`;
  return php.run({ code }).then(
    ({ text }) => text,
    () => "an error",
  );
}

async function start() {
  return new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1, ...(wasmBinary && { wasmBinary }) } }));
}

const php = await start();
const alone = [];
for (const number of NUMBERS) alone.push(await run(php, number));
if (values["without-queue"]) php.semaphore.acquire = async () => () => {};
const late = new Promise((resolve) => setTimeout(resolve, TIME_MS, "never ended"));
const together = await Promise.all(NUMBERS.map((number) => Promise.race([run(php, number), late])));
console.log(`alone: ${alone.join(", ")}`);
console.log(`${together.filter((end, at) => end !== alone[at]).length} of ${NUMBERS.length} programs ended otherwise than alone`);
process.exit();
