// Whether a module is an Asyncify build: `asyncify_start_unwind` has a shape of its own, whatever its export is called.

import { OP, readInstructions } from "./instructions.mjs";

/** @typedef {import("./module.mjs").Module} Module */

const STATE = ["__asyncify_state", "__asyncify_data"];
const CONTROL_BYTES = 64; // control functions are shorter
const START_UNWIND = [OP.I32_CONST, OP.GLOBAL_SET, OP.LOCAL_GET, OP.GLOBAL_SET, OP.GLOBAL_GET];
const UNWINDING = 1;

/** @param {Module} module */
export function isAsyncified(module) {
  const imported = new Set(module.imports.filter((each) => each.kind === "global").map((each) => each.name));
  if (STATE.every((each) => imported.has(each))) return true;
  return module.functionExports.some((each) => startsUnwinding(module, each.index));
}

/** @param {Module} module @param {number} index */
function startsUnwinding(module, index) {
  if (index < module.importedFunctions) return false;
  const { params, results } = module.functionType(index);
  if (results.length > 0 || params.length !== 1 || !["i32", "i64"].includes(params[0])) return false;
  const at = index - module.importedFunctions;
  if (module.ends[at] - module.starts[at] > CONTROL_BYTES) return false;
  const head = [];
  for (const each of readInstructions(module.bytes, ...module.codeRange(index))) {
    head.push(each);
    if (head.length === START_UNWIND.length) break;
  }
  if (head.length !== START_UNWIND.length || head.some((each, place) => each.opcode !== START_UNWIND[place])) return false;
  const [value, state, argument, data, read] = head.map((each) => each.immediates[0]);
  return value === UNWINDING && argument === 0 && read === data && state !== data;
}
