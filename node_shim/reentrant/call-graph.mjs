// Which functions may reach an import that waits: by direct calls, and, to be safe, all that call through a table.

import { WasmFormatError } from "./errors.mjs";
import { OP } from "./instructions.mjs";
import { findInstructions } from "./scan.mjs";

/** @typedef {import("./module.mjs").Module} Module */

/** @type {Map<number, string>} */
const KINDS = new Map([
  [OP.CALL, "call"],
  [OP.RETURN_CALL, "return_call"],
  [OP.CALL_INDIRECT, "call_indirect"],
  [OP.RETURN_CALL_INDIRECT, "return_call_indirect"],
  [OP.CALL_REF, "call_ref"],
  [OP.RETURN_CALL_REF, "return_call_ref"],
]);
const DIRECT = [OP.CALL, OP.RETURN_CALL];
const INDIRECT = [OP.CALL_INDIRECT, OP.RETURN_CALL_INDIRECT];
const COLLECTED = new Set([...KINDS.keys(), OP.REF_FUNC]);

/**
 * @param {Module} module
 * @param {Iterable<number>} waiting
 * @returns {Set<number>} throws a WasmFormatError
 */
export function pathTo(module, waiting) {
  const { callers, indirect } = callsOf(module);
  const open = [...waiting, ...indirect];
  /** @type {Set<number>} */
  const reached = new Set();
  for (let callee = open.pop(); callee !== undefined; callee = open.pop()) {
    for (const caller of callers[callee] ?? []) {
      if (reached.has(caller)) continue;
      reached.add(caller);
      open.push(caller);
    }
  }
  return new Set([...reached, ...indirect]);
}

/** @param {Module} module */
function callsOf(module) {
  const functions = module.functionCount;
  /** @type {number[][]} */
  const callers = [];
  /** @type {Set<number>} */
  const indirect = new Set();
  let wrong = null;
  let referred = [...module.referred].reduce((one, other) => Math.max(one, other), -1);
  let caller = module.importedFunctions;
  for (const range of module.code()) {
    for (const { opcode, immediates: [target], offset } of findInstructions(module.bytes, ...range, COLLECTED)) {
      if (DIRECT.includes(opcode)) (callers[target] ??= []).push(caller);
      else if (INDIRECT.includes(opcode)) indirect.add(caller);
      if (opcode === OP.REF_FUNC) referred = Math.max(referred, target);
      else {
        const size = DIRECT.includes(opcode) ? functions : module.types.length;
        if (target >= size) wrong ??= new WasmFormatError(`${KINDS.get(opcode)} of ${target}: there are ${size}`, offset);
      }
    }
    caller++;
  }
  if (wrong !== null) throw wrong;
  if (referred >= functions) throw new WasmFormatError(`ref.func of a function that does not exist: there are ${functions}`, 0);
  return { callers, indirect };
}
