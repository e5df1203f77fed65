// Whether a module leaves pages alone that somebody else has added to its memory. As in Python (`added_pages.py`).

import { OP, readInstructions } from "./instructions.mjs";
import { findInstructions } from "./scan.mjs";
import { refusal } from "./specification.mjs";

/** @typedef {import("./instructions.mjs").Instruction} Instruction */

const OF_MEMORY = new Set([OP.MEMORY_SIZE, OP.MEMORY_GROW]);
const SHIFTS = [0x74, 0x86];
const MULTIPLICATIONS = [0x6c, 0x7e];
const PAGE_BITS = 16;
const PAGE_BYTES = 65536;

/** @param {import("./module.mjs").Module} module */
export function refusePages(module) {
  const [memory] = module.memories;
  if (memory.maximum === memory.minimum) throw refusal("no-room");
  const known = [...module.exports.keys(), ...module.functionImports.map((each) => each.name)];
  let certain = !known.some((each) => each.includes("emscripten") || each.includes("sbrk"));
  let looks = false;
  let grows = false;
  for (const range of module.code()) {
    const found = new Set([...findInstructions(module.bytes, ...range, OF_MEMORY)].map((each) => each.opcode));
    looks ||= found.has(OP.MEMORY_SIZE);
    if (!found.has(OP.MEMORY_GROW)) continue;
    grows = true;
    certain &&= usesAddresses([...readInstructions(module.bytes, ...range)]);
  }
  if (!certain || (looks && !grows)) throw refusal("no-malloc:pages");
}

/** Whether each result of `memory.grow` is made an address, at once or from a local. @param {Instruction[]} code */
const usesAddresses = (code) => code.every((each, at) => each.opcode !== OP.MEMORY_GROW || isAddress(code, at + 1));

/** @param {Instruction[]} code @param {number} at */
function isAddress(code, at) {
  if (scales(code, at)) return true;
  if (at >= code.length) return false;
  const { opcode, immediates } = code[at];
  if (opcode !== OP.LOCAL_SET && opcode !== OP.LOCAL_TEE) return false;
  return code.some(
    (each, place) =>
      place >= at &&
      (each.opcode === OP.LOCAL_GET || each.opcode === OP.LOCAL_TEE) &&
      each.immediates[0] === immediates[0] &&
      scales(code, place + 1),
  );
}

/** Whether the instructions multiply by the size of a page. @param {Instruction[]} code @param {number} at */
function scales(code, at) {
  if (at + 1 >= code.length || (code[at].opcode !== OP.I32_CONST && code[at].opcode !== OP.I64_CONST)) return false;
  const factor = Number(code[at].immediates[0]);
  const { opcode } = code[at + 1];
  return (factor === PAGE_BITS && SHIFTS.includes(opcode)) || (factor === PAGE_BYTES && MULTIPLICATIONS.includes(opcode));
}
