// Modules whose C stacks something else switches, or that are made for another backend: they are refused.

import { isAsyncified } from "./asyncified.mjs";
import { WasmFormatError } from "./errors.mjs";
import { sorted } from "./patterns.mjs";
import { adapter, refusal } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */

const { names } = adapter;
const replacing = new TextDecoder("utf-8", { ignoreBOM: true });

/** @param {Module} module */
export function refuseOtherSchemes(module) {
  if (isAsyncified(module)) throw refusal("asyncify");
  const found = new Set(namesIn(module));
  for (const each of found) if (names.linked.includes(each) || each.startsWith(names.traps)) throw refusal("hooks:made");
  const hooks = [...names.hooks, ...names.emscripten_hooks];
  for (const name of sorted(found)) {
    const isBindgen = names.bindgen.includes(name) || contains(name, names.bindgen_parts);
    if (isBindgen) throw refusal("wasm-bindgen", { name });
    if (names.pyodide.includes(name)) throw refusal("pyodide", { name });
    if (hooks.includes(name) || begins(name, names.binaryen_hooks)) throw refusal("hooks", { name });
  }
}

/** @type {(text: string, parts: string[]) => boolean} */
const contains = (text, parts) => parts.some((each) => text.includes(each));

/** @type {(text: string, prefixes: string[]) => boolean} */
const begins = (text, prefixes) => prefixes.some((each) => text.startsWith(each));

/** The names of imports and exports, and of functions and globals in the name section. @param {Module} module */
function* namesIn(module) {
  for (const { name } of module.imports) yield name;
  yield* module.exports.keys();
  for (const entries of [() => module.functionNameEntries, () => module.globalNames]) {
    try {
      for (const [, raw] of entries()) yield replacing.decode(raw);
    } catch (error) {
      if (!(error instanceof WasmFormatError)) throw error;
    }
  }
}
