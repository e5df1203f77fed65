// In which form a module catches exceptions.

import { OP } from "./instructions.mjs";
import { findInstructions } from "./scan.mjs";
import { adapter } from "./specification.mjs";

const EXCEPTIONS = new Set([OP.TRY, OP.TRY_TABLE]);

/** Whether the module's code has exceptions as standardised (`try_table`), not as first shipped. @param {import("./module.mjs").Module} module */
export function hasNewExceptions(module) {
  if (module.tags.length === 0 && module.bytes.length > adapter.sizes.scanned) return false;
  for (const range of module.code()) {
    for (const { opcode } of findInstructions(module.bytes, ...range, EXCEPTIONS)) return opcode === OP.TRY_TABLE;
  }
  return false;
}
