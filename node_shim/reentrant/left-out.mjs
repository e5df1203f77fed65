// Imports and exports that must not be wrapped, also if a pattern like `*` names them; and the size of the module's own C stack.

import { SECTION } from "./encode.mjs";
import { OP } from "./instructions.mjs";
import { readConstant } from "./module.mjs";
import { sectionsOf } from "./reader.mjs";
import { findInstructions } from "./scan.mjs";
import { adapter } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */

const { names } = adapter;
const CALLS = new Set([OP.CALL, OP.CALL_INDIRECT, OP.CALL_REF, OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, OP.RETURN_CALL_REF]);
const DIRECT_CALLS = new Set([OP.CALL, OP.RETURN_CALL]);
const CALLS_AND_GLOBALS = new Set([...CALLS, OP.GLOBAL_GET, OP.GLOBAL_SET]);

/**
 * The imports, of those that may suspend, that `malloc` calls: by name, or by direct calls.
 *
 * @param {Module} module
 * @param {string[]} suspend
 * @param {Record<string, string>} importNames
 * @param {number | undefined} malloc
 */
export function allocatingImports(module, suspend, importNames, malloc) {
  const wanted = new Set(suspend);
  const called = malloc === undefined ? new Set() : calledFrom(module, malloc);
  const stands = (/** @type {string} */ fullName, /** @type {string} */ name) => (Object.hasOwn(importNames, fullName) ? importNames[fullName] : name);
  const found = module.functionImports.filter(
    ({ fullName, name, index }) => wanted.has(fullName) && (called.has(index) || names.growing.includes(stands(fullName, name))),
  );
  return [...new Set(found.map((each) => each.fullName))];
}

/** The functions to which direct calls lead from one. @param {Module} module @param {number} first */
function calledFrom(module, first) {
  const reached = new Set([first]);
  const left = [first];
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    for (const { immediates: [target] } of findInstructions(module.bytes, ...module.codeRange(each), DIRECT_CALLS)) {
      if (reached.has(target)) continue;
      reached.add(target);
      if (target >= module.importedFunctions && target < module.functionCount) left.push(target);
    }
  }
  return reached;
}

/** The exports, of those that are promising, by which glue uses the C stack of whoever runs. @param {Module} module @param {string[]} promise @param {number} pointer */
export function stackExports(module, promise, pointer) {
  const byName = (/** @type {string} */ name) =>
    names.stack.includes(name) || names.stack_prefixes.some((/** @type {string} */ prefix) => name.startsWith(prefix));
  const wanted = new Set(promise);
  return module.functionExports
    .filter(({ name, index }) => wanted.has(name) && (byName(name) || onlyUses(module, index, pointer)))
    .map((each) => each.name);
}

/** Whether a function uses the pointer and calls nothing. @param {Module} module @param {number} index @param {number} pointer */
function onlyUses(module, index, pointer) {
  if (index < module.importedFunctions) return false;
  let uses = false;
  for (const { opcode, immediates } of findInstructions(module.bytes, ...module.codeRange(index), CALLS_AND_GLOBALS)) {
    if (CALLS.has(opcode)) return false;
    uses ||= immediates[0] === pointer;
  }
  return uses;
}

/** The size of the module's own C stack at most: zero-initialised data below it is not in the module. @param {Module} module @param {number | bigint} top */
export function ownStackBytes(module, top) {
  const highest = BigInt(top);
  const below = [...dataEnds(module)].filter((end) => end <= highest);
  const from = below.length > 0 ? below.reduce((one, other) => (one > other ? one : other)) : BigInt(adapter.sizes.linker_leaves);
  return Number(highest > from ? highest - from : 0n);
}

/** Where active data segments with a constant address end. @param {Module} module */
function* dataEnds(module) {
  for (const { id, content } of sectionsOf(module.bytes)) {
    if (id !== SECTION.DATA) continue;
    for (let left = content.u32(); left > 0; left--) {
      const flags = content.u32();
      if (flags === 2) content.u32();
      const start = flags === 1 ? null : readConstant(content).value;
      const size = content.u32();
      content.skip(size);
      if (start !== null) yield BigInt(start) + BigInt(size);
    }
  }
}
