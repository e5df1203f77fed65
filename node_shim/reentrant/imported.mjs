// Adds imports of functions to a module: its own functions get other indexes, wherever they stand.

import { concat } from "../wasm/encode.mjs";
import { Additions } from "./additions.mjs";
import { customSections } from "./custom-sections.mjs";
import { name, unsigned } from "./encode.mjs";
import { assembled, patchedSections } from "./patch.mjs";

/** @typedef {import("./types.mjs").FunctionType} FunctionType */

/**
 * @param {import("./module.mjs").Module} module
 * @param {[string, string, FunctionType][]} imports module, name and type of each; they go after the module's own ones
 * @param {boolean} debugInfo keep what debuggers read; else it is dropped where code moves
 * @returns the module with more imports, and notes
 */
export function withImports(module, imports, debugInfo) {
  const additions = new Additions(module);
  for (const [from, field, type] of imports) additions.imports.push(concat([name(from), name(field), [0], unsigned(additions.typeIndex(type))]));
  const first = module.importedFunctions;
  for (let index = first; index < module.functionCount; index++) {
    additions.calls.set(index, index + imports.length);
    additions.references.set(index, index + imports.length);
  }
  const patched = patchedSections(additions);
  const named = module.customSections.has("name");
  const names = imports.map(([, field], at) => /** @type {[number, string]} */ ([first + at, field]));
  const custom = customSections(module, named ? names : [], patched.moves, debugInfo, additions.calls);
  return { wasm: assembled(patched.sections, custom), notes: custom.notes };
}
