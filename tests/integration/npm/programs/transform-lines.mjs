// Transforms the modules of requests, one a line of JSON, by the npm package's code; answers with a line each: what was made, or why not.
//
// A request may have sections of DWARF instead, and how code has grown (`dwarf`). Otherwise it has `options` of `makeReentrant`, or what Python's transform is given (`exact`), with names and no patterns.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [root] = process.argv.slice(2);
const { makeReentrant } = await import(`${root}/reentrant.mjs`);
const { Module } = await import(`${root}/reentrant/module.mjs`);
const { CodeMoves } = await import(`${root}/reentrant/code-moves.mjs`);
const { moveDwarf } = await import(`${root}/reentrant/dwarf/move.mjs`);
const { transform } = await import(`${root}/reentrant/transform.mjs`);
const ERRORS = ["ModuleRefusedError", "ConfigError", "WasmFormatError"];

for await (const line of createInterface({ input: process.stdin })) {
  const { file, hex, options, exact, dwarf } = JSON.parse(line);
  if (dwarf !== undefined) {
    console.log(JSON.stringify(moved(dwarf)));
    continue;
  }
  const bytes = file === undefined ? Uint8Array.from(Buffer.from(hex, "hex")) : new Uint8Array(readFileSync(file));
  console.log(JSON.stringify(answer(bytes, options, exact)));
}

function moved({ sections, growths, size }) {
  const bytes = new Map(Object.entries(sections).map(([name, digits]) => [name, Uint8Array.from(Buffer.from(digits, "hex"))]));
  try {
    const found = moveDwarf(bytes, new CodeMoves(growths, size));
    const out = [...found.sections].map(([name, each]) => [name, Buffer.from(each).toString("hex")]);
    return { sections: Object.fromEntries(out), dropped: found.dropped, split: found.split };
  } catch (error) {
    if (error.name !== "WasmFormatError") throw error;
    return { message: error.message };
  }
}

function withBytes({ sideOf, ...rest }) {
  return sideOf === undefined ? rest : { ...rest, sideOf: Uint8Array.from(Buffer.from(sideOf, "hex")) };
}

function exactly(bytes, exact) {
  const { sideOf, ...request } = withBytes(exact);
  return transform({ module: new Module(bytes), ...request, ...(sideOf === undefined ? {} : { sideOf: new Module(sideOf) }) });
}

function answer(bytes, options, exact) {
  try {
    const { wasm, ...rest } = exact ? exactly(bytes, exact) : makeReentrant(bytes, withBytes(options));
    return { sha256: createHash("sha256").update(wasm).digest("hex"), ...rest };
  } catch (error) {
    if (!ERRORS.includes(error.name)) throw error;
    return { error: error.name, reason: error.reason ?? null, message: error.message };
  }
}
