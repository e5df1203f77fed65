// Which global is the pointer of the C stack, with evidence: names, exports, accessors, prologues.

import { WasmFormatError } from "./errors.mjs";
import { OP, readInstructions } from "./instructions.mjs";
import { adapter, refusal, said } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */
/** @typedef {{index: number, initial: number | bigint | undefined, evidence: string}} Pointer `initial` is undefined if it is imported */

const { names } = adapter;
const ACCESSOR_BYTES = 16;
const ALIGNMENT = 16n;
const FEWEST_PROLOGUES = 2;
const CLEAR = 10; // how many times as many prologues the pointer must have as any other global
const LOCAL_TEE = 0x22;
const SUBTRACT = new Map([[OP.I32_CONST, 0x6b], [OP.I64_CONST, 0x7d]]);
const ADDRESSES = ["i32", "i64"];

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** @type {(key: string, values?: Record<string, unknown>) => string} */
const shown = (key, values) => said("evidence", key, values);

/** @type {(module: Module, address: string, mayImport?: boolean) => Pointer} throws a ModuleRefusedError */
export function findPointer(module, address, mayImport = false) {
  const usable = [...new Map(candidates(module))].filter(([index]) => {
    const type = module.globals[index];
    return type !== undefined && type.mutable && type.type === address;
  });
  if (usable.length > 1) {
    throw refusal("two-stack-pointers", { globals: usable.map(([index, evidence]) => shown("candidate", { index, evidence })).join(", ") });
  }
  if (usable.length === 0) throw refusal("no-stack-pointer");
  const [[index, evidence]] = usable;
  const initial = module.initialisers.get(index);
  if (initial === undefined && mayImport) return { index, initial, evidence };
  if (initial === undefined) throw refusal("dynamic-linking:pointer", { index });
  if (initial.value === null) throw refusal("no-stack-pointer:initial", { index, evidence });
  return { index, initial: initial.value, evidence };
}

/** The exported functions that set the pointer to their argument. @param {Module} module @param {number} pointer */
export function* setters(module, pointer) {
  const type = { params: [module.globals[pointer].type], results: [] };
  for (const { name, index } of module.functionExports) {
    if (!module.hasType(index, type)) continue;
    const ops = accessor(module, index);
    const byBody = isAccessor(ops, [OP.LOCAL_GET, OP.GLOBAL_SET]) && ops[1][1] === pointer;
    if (names.setters.includes(name) || byBody) yield name;
  }
}

/**
 * The instructions of a short body, each with its first immediate; none for a longer one.
 *
 * @param {Module} module
 * @param {number} index
 * @returns {[number, number][]}
 */
function accessor(module, index) {
  if (index < module.importedFunctions) return [];
  const [start, end] = module.codeRange(index);
  if (end - start > ACCESSOR_BYTES) return [];
  try {
    return [...readInstructions(module.bytes, start, end)]
      .map(({ opcode, immediates }) => /** @type {[number, number]} */ ([opcode, immediates[0] ?? 0]))
      .filter(([opcode]) => opcode !== OP.END);
  } catch (error) {
    if (error instanceof WasmFormatError) return [];
    throw error;
  }
}

/** @type {(ops: [number, number][], opcodes: number[]) => boolean} */
const isAccessor = (ops, opcodes) => ops.length === opcodes.length && ops.every(([opcode], at) => opcode === opcodes[at]);

/** The globals that the best evidence shows, and that evidence. @param {Module} module @returns {Generator<[number, string]>} */
function* candidates(module) {
  const named = namedPointer(module);
  if (named !== undefined) return void (yield [named, shown("name")]);
  const exported = module.exports.get(names.pointer);
  if (exported?.kind === "global") return void (yield [exported.index, shown("export")]);
  const imported = module.imports.find((each) => each.kind === "global" && each.name === names.pointer);
  if (imported !== undefined) return void (yield [imported.index, shown("import")]);
  const getter = module.functionExports.find((each) => names.getters.includes(each.name));
  const read = getter === undefined ? [] : accessor(module, getter.index);
  if (getter !== undefined && isAccessor(read, [OP.GLOBAL_GET])) return void (yield [read[0][1], shown("getter", { name: getter.name })]);
  // Other globals may have accessors (getTempRet0 and setTempRet0): prologues must not show another one.
  yield* shownByPrologues(module);
  yield* shownByAccessors(module);
}

/** @param {Module} module @returns {number | undefined} */
function namedPointer(module) {
  try {
    const found = module.globalNames.filter(([index, raw]) => index < module.globals.length && decoder.decode(raw) === names.pointer);
    if (found.length !== 1) return undefined;
    const [[index]] = found;
    const { type, mutable } = module.globals[index];
    return mutable && ADDRESSES.includes(type) ? index : undefined;
  } catch (error) {
    if (error instanceof WasmFormatError) return undefined; // engines ignore it, too
    throw error;
  }
}

/** @param {Module} module @returns {Generator<[number, string]>} */
function* shownByAccessors(module) {
  /** @type {Map<number, string>} */
  const gets = new Map();
  /** @type {Map<number, string>} */
  const puts = new Map();
  for (const { name, index } of module.functionExports) {
    const ops = accessor(module, index);
    if (isAccessor(ops, [OP.GLOBAL_GET]) && !gets.has(ops[0][1])) gets.set(ops[0][1], name);
    else if (isAccessor(ops, [OP.LOCAL_GET, OP.GLOBAL_SET]) && !puts.has(ops[1][1])) puts.set(ops[1][1], name);
  }
  const both = [...gets.keys()].filter((each) => puts.has(each)).sort((one, other) => one - other);
  for (const index of both) {
    if (startsAsStack(module, index)) yield [index, shown("accessors", { get: gets.get(index), put: puts.get(index) })];
  }
}

/** @param {Module} module @returns {Generator<[number, string]>} */
function* shownByPrologues(module) {
  if (module.starts.length === 0) return;
  const counts = countPrologues(module.bytes, module.starts[0], module.ends[module.ends.length - 1]);
  const most = Math.max(0, ...counts.values());
  if (most < FEWEST_PROLOGUES) return;
  for (const [index, count] of counts) {
    if (count * CLEAR > most && startsAsStack(module, index)) yield [index, shown("prologues", { count })];
  }
}

/**
 * How often functions begin with a frame, by the global: global.get, i32.const or i64.const, sub, local.tee, global.set.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @returns {Map<number, number>}
 */
function countPrologues(bytes, start, end) {
  const counts = new Map();
  for (let at = bytes.indexOf(OP.GLOBAL_GET, start); at >= 0 && at < end; at = bytes.indexOf(OP.GLOBAL_GET, at)) {
    const after = prologueEnd(bytes, at, end);
    if (after > 0) counts.set(bytes[at + 1], (counts.get(bytes[at + 1]) ?? 0) + 1);
    at = after || at + 1;
  }
  return counts;
}

/** @type {(bytes: Uint8Array, at: number, end: number) => number} where a prologue ends; 0: it is none */
function prologueEnd(bytes, at, end) {
  const global = bytes[at + 1];
  const subtract = SUBTRACT.get(bytes[at + 2]);
  if (global >= 0x80 || subtract === undefined) return 0;
  let next = at + 3;
  while (next < at + 7 && bytes[next] >= 0x80) next++;
  if (bytes[next] >= 0x80 || bytes[next + 1] !== subtract || bytes[next + 2] !== LOCAL_TEE) return 0;
  next += bytes[next + 3] >= 0x80 ? 4 : 3;
  if (bytes[next] >= 0x80 || bytes[next + 1] !== OP.GLOBAL_SET || bytes[next + 2] !== global) return 0;
  return next + 3 <= end ? next + 3 : 0;
}

/** Whether the global's initial value can be the top of a stack; also if it is not known. @param {Module} module @param {number} index */
function startsAsStack(module, index) {
  const value = module.initialisers.get(index)?.value;
  if (value === undefined || value === null) return true;
  return BigInt(value) !== 0n && BigInt(value) % ALIGNMENT === 0n;
}
