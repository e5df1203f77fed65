// Steps over instructions: whether code looks at the size of its memory.
//
// Opcodes and immediates: "Binary Format, Instructions" of the WebAssembly specification, and the legacy exception handling proposal.

/** @typedef {import("./read.mjs").Reader} Reader */

const MEMORY_SIZE = 0x3f;
const MEMORY_GROW = 0x40;
const REF_TYPES = [0x63, 0x64]; // two bytes long at least

/** What follows an opcode: `n` a number, `b` a byte, `m` a memory access, `t` a type of a block or value. */
const IMMEDIATES = table({
  "": "00 01 05 0a 0b 0f 19 1a 1b d1 d3 d4",
  n: "07 08 09 0c 0d 10 12 14 15 18 20-26 3f-42 d2 d5 d6",
  nn: "11 13",
  t: "02-04 06 d0",
  m: "28-3e",
});
const PREFIXED = new Map([
  [0xfb, table({ "": "0f 1a-1e", n: "00 01 06 07 0b-0e 10", nn: "02-05 08-0a 11-13", t: "14-17", bntt: "18 19" })],
  [0xfc, table({ "": "00-07 13-16", n: "09 0b 0d 0f-11", nn: "08 0a 0c 0e" })],
  [0xfd, table({ m: "00-0b 5c 5d", bbbbbbbbbbbbbbbb: "0c 0d", b: "15-22", mb: "54-5b" }, "")],
  [0xfe, table({ b: "03" }, "m")],
]);

/**
 * @param {Record<string, string>} kinds codes, and ranges of them, by what follows
 * @param {string} [others] what follows all others; undefined: they are not known
 */
function table(kinds, others) {
  const known = new Map();
  for (const [kind, codes] of Object.entries(kinds)) {
    for (const each of codes.split(" ")) {
      const [first, last = first] = each.split("-").map((code) => parseInt(code, 16));
      for (let code = first; code <= last; code++) known.set(code, kind);
    }
  }
  return (/** @type {number} */ code) => known.get(code) ?? others;
}

/**
 * @param {Reader} code of the code section
 * @returns whether a function has `memory.size` or `memory.grow`: throws what cannot be read
 */
export function usesMemorySize(code) {
  for (let left = code.number(); left > 0; left--) {
    const size = code.number();
    const end = code.at + size;
    for (let groups = code.number(); groups > 0; groups--) code.number(), code.valueType();
    while (code.at < end) {
      const opcode = code.byte();
      if (opcode === MEMORY_SIZE || opcode === MEMORY_GROW) return true;
      stepOver(code, opcode);
    }
  }
  return false;
}

/**
 * @param {Reader} code
 * @param {number} opcode
 */
function stepOver(code, opcode) {
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  if (opcode === 0x43) code.at += 4;
  else if (opcode === 0x44) code.at += 8;
  else if (opcode === 0x0e) numbers(code, code.number() + 1);
  else if (opcode === 0x1c) code.valueTypes();
  else if (opcode === 0x1f) handlers(code);
  else {
    const prefixed = PREFIXED.get(opcode);
    const number = prefixed === undefined ? opcode : code.number();
    const kinds = (prefixed ?? IMMEDIATES)(number);
    if (kinds === undefined) throw new RangeError(`unknown instruction: ${opcode.toString(16)} ${number.toString(16)}`);
    for (const kind of kinds) immediate(code, kind);
  }
}

/**
 * @param {Reader} code
 * @param {string} kind
 */
function immediate(code, kind) {
  if (kind === "n") code.number();
  else if (kind === "b") code.byte();
  else if (kind === "t") {
    if (REF_TYPES.includes(code.bytes[code.at])) code.byte();
    code.number();
  } else {
    const flags = code.number();
    if (flags & 0x40) code.number();
    code.number();
  }
}

/**
 * @param {Reader} code
 * @param {number} count
 */
function numbers(code, count) {
  for (; count > 0; count--) code.number();
}

/** @param {Reader} code of `try_table`: a type and the handlers */
function handlers(code) {
  immediate(code, "t");
  for (let left = code.number(); left > 0; left--) numbers(code, code.byte() < 2 ? 2 : 1);
}
