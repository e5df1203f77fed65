// The types of a module's function imports, and which of its exports are imports that it hands on.

import { KIND, SECTION, sectionsOf } from "../wasm/read.mjs";

/** @typedef {import("../wasm/read.mjs").FunctionType} FunctionType */
/**
 * @typedef {{imports: Map<string, FunctionType | null>, reexported: Set<string>}} ModuleTypes `imports`: types by
 *   `module\0name`, null where a function is imported by two types; `reexported`: exports that are imports
 */

/**
 * @param {Uint8Array} bytes
 * @returns {ModuleTypes} of what cannot be read, what could be read before: the engine says what is wrong with the module
 */
export function moduleTypes(bytes) {
  /** @type {ModuleTypes} */
  const found = { imports: new Map(), reexported: new Set() };
  /** @type {(FunctionType | null)[]} */
  let types = [];
  let imported = 0;
  try {
    for (const { id, inside } of sectionsOf(bytes)) {
      if (id === SECTION.TYPE) types = inside.types();
      else if (id === SECTION.IMPORT) imported = readImports(inside, types, found.imports);
      else if (id === SECTION.EXPORT) {
        for (const { name, kind, index } of inside.vector(() => ({ name: inside.text(), kind: inside.byte(), index: inside.number() }))) {
          if (index < imported && kind === KIND.FUNCTION) found.reexported.add(name);
        }
        break;
      }
    }
  } catch {
    // see above
  }
  return found;
}

/**
 * @param {import("../wasm/read.mjs").Reader} reader
 * @param {(FunctionType | null)[]} types
 * @param {Map<string, FunctionType | null>} imports
 * @returns how many functions are imported
 */
function readImports(reader, types, imports) {
  let functions = 0;
  for (const { module, name, kind, type: number } of reader.vector(() => reader.import())) {
    if (kind !== KIND.FUNCTION || number === null) continue;
    const key = `${module}\0${name}`;
    const type = types[number];
    const known = imports.get(key);
    functions++;
    imports.set(key, known === undefined || String(known?.results) === String(type?.results) ? type : null);
  }
  return functions;
}

/** @type {Record<string, unknown>} */
const DUMMIES = { i32: 0, f32: 0, f64: 0, i64: 0n, funcref: null, ref: null };

/**
 * What an import returns into a stack that unwinds, where nobody looks at it: but it has to be of the right type.
 *
 * @param {FunctionType | null} [type]
 */
export function dummyResult(type) {
  // `false` becomes 0 and 0n, and is an externref; there is nothing like it for a funcref, nor for several results.
  if (type === undefined || type === null) return false;
  const values = type.results.map((each) => DUMMIES[each]);
  return values.length > 1 ? values : values[0];
}
