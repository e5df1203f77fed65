// What adapters for a module's imports are made of: its type section as it stands, and the type of each.

import { IS_64, KIND, SECTION, sectionsOf } from "../wasm/read.mjs";

/**
 * @typedef {object} ModuleFacts
 * @property {Uint8Array} section the content of the type section after the number of its entries
 * @property {number} entries that number
 * @property {(import("../wasm/read.mjs").FunctionType | null)[]} types
 * @property {Map<string, number | null>} imports the number of a function's type by `module\0name`; null: it is imported by two
 * @property {boolean} wide whether the first memory has addresses of 64 bits
 */

/**
 * @param {Uint8Array} bytes of a module that the engine has taken
 * @returns {ModuleFacts}
 */
export function readModule(bytes) {
  /** @type {Omit<ModuleFacts, "wide">} */
  const found = { section: new Uint8Array(), entries: 0, types: [], imports: new Map() };
  /** @type {boolean | undefined} */
  let wide;
  for (const { id, inside } of sectionsOf(bytes)) {
    if (id === SECTION.TYPE) {
      found.types = inside.types();
      inside.at = inside.start;
      found.entries = inside.number();
      found.section = bytes.slice(inside.at, inside.end);
    } else if (id === SECTION.IMPORT) {
      for (const { module, name, kind, type, flags } of inside.vector(() => inside.import())) {
        if (kind === KIND.MEMORY) wide ??= (flags & IS_64) !== 0;
        if (kind !== KIND.FUNCTION) continue;
        const key = `${module}\0${name}`;
        found.imports.set(key, found.imports.has(key) && found.imports.get(key) !== type ? null : type);
      }
    } else if (id === SECTION.MEMORY && inside.number() > 0) {
      wide ??= (inside.limits() & IS_64) !== 0;
    } else if (id > SECTION.MEMORY) break;
  }
  return { ...found, wide: wide ?? false };
}
