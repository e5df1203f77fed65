// Which of a module's exports are Asyncify's control functions where they have other names.
//
// Emscripten gives exports short names from -O2 on. Then a function is known by how it begins (see stackswitch/wasm/asyncified.py):
// asyncify_start_unwind and asyncify_start_rewind by i32.const 1 or 2, global.set STATE, local.get 0, global.set DATA,
// global.get DATA; asyncify_stop_unwind and asyncify_stop_rewind, which are alike, by i32.const 0, global.set STATE,
// global.get DATA.

"use strict";

/** @typedef {"startUnwind" | "startRewind" | "stop"} Role which control function it is; `stop`: of an unwinding or a rewinding */
/** @typedef {{roles: Map<string, Role>, index: number}} Controls the control functions by the names of their exports, and the index of
 *   asyncify_start_unwind */

const MOST_BYTES = 64; // of such a function
/** @type {Role[]} by the state that the function sets */
const ROLES = ["stop", "startUnwind", "startRewind"];

/**
 * @param {import("./exported-code.cjs").ExportedFunction[]} functions
 * @returns {Controls | null} those that begin so, whatever their names; null: there is no asyncify_start_unwind
 */
function controlsIn(functions) {
  const found = functions.flatMap(({ index, called, body }) => {
    const control = begins(body());
    return control === null ? [] : [{ ...control, called, index }];
  });
  const start = found.find(({ role }) => role === "startUnwind");
  if (start === undefined) return null;
  const same = found.filter(({ globals }) => globals === start.globals);
  return { roles: new Map(same.flatMap(({ called, role }) => called.map((name) => [name, role]))), index: start.index };
}

/**
 * @param {ReturnType<import("./exported-code.cjs").ExportedFunction["body"]>} body
 * @returns {{role: Role, globals: string} | null} what it begins as, and the globals that it uses
 */
function begins(body) {
  if (body.left > MOST_BYTES || !body.next(0, 0x41)) return null;
  const set = body.byte();
  if (!body.next(0x24)) return null;
  const state = body.u32();
  let data = null;
  if (set === 1 || set === 2) {
    if (!body.next(0x20, 0, 0x24)) return null;
    data = body.u32();
  } else if (set !== 0) return null;
  if (!body.next(0x23)) return null;
  const read = body.u32();
  if ((data !== null && read !== data) || state === read) return null;
  return { role: ROLES[set], globals: `${state} ${read}` };
}

module.exports = { controlsIn };
