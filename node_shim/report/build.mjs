// What a build says of itself: which functions are instrumented (`stackswitch/wasm/report_section.py` writes that), and their names.

import { Reader } from "../wasm/read.mjs";

const SECTION = "stackswitch.instrumented";
const FUNCTION_NAMES = 1; // a subsection of the name section

/** @typedef {{of: (index: number) => string, index: (name: string) => number | undefined}} FunctionNames */

/**
 * @param {WebAssembly.Module} module
 * @returns what a build says of itself, or null: it does not report
 */
export function readSection(module) {
  const [bytes] = WebAssembly.Module.customSections(module, SECTION);
  if (bytes === undefined) return null;
  const facts = JSON.parse(new TextDecoder().decode(bytes));
  if (facts.schema_version !== 1) return null;
  /** @type {Set<number>} */
  const instrumented = new Set();
  for (const [first, last] of facts.instrumented) for (let at = first; at <= last; at++) instrumented.add(at);
  return { module: facts.module, imports: new Set(facts.imports), instrumented };
}

/**
 * @param {WebAssembly.Module} module
 * @returns {FunctionNames} names by index as the module has them (the nameless go by their place among the defined), and
 *   indexes by name
 */
export function functionNames(module) {
  /** @type {Map<number, string>} */
  const found = new Map();
  const [section] = WebAssembly.Module.customSections(module, "name");
  const bytes = new Uint8Array(section ?? 0);
  try {
    for (const { id, inside } of new Reader(bytes, 0, bytes.length).sections()) {
      if (id !== FUNCTION_NAMES) continue;
      for (let left = inside.number(); left > 0; left--) found.set(inside.number(), inside.text());
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a malformed section: the names up to there
  }
  const imported = WebAssembly.Module.imports(module).filter((each) => each.kind === "function").length;
  const indexes = new Map([...found].map(([index, name]) => [name, index]));
  return { of: (index) => found.get(index) ?? String(index - imported), index: (name) => indexes.get(name) };
}
