// Moves all sections of DWARF together, since they refer to each other. As in Python (`stackswitch/wasm/dwarf`).

import { WasmFormatError } from "../errors.mjs";
import { Reader } from "../reader.mjs";
import { adapter } from "../specification.mjs";
import { movedLines } from "./lines.mjs";
import { ListMover, movedPairs } from "./lists.mjs";
import { fromLittle, little, malformed, moved, movedLength, readLength, toLittle } from "./numbers.mjs";
import { References, UnitMover } from "./units.mjs";

/** @typedef {import("../code-moves.mjs").CodeMoves} CodeMoves */
/** @typedef {import("./numbers.mjs").Integer} Integer */
/** @typedef {Map<string, Uint8Array>} Sections */

const UNITS = [".debug_info", ".debug_types"];
/** @type {string[]} */
const KEPT = adapter.javascript.dwarf.sections_not_moved;
const LINE_OFFSET = 2;
const OFFSETS_64 = 1;

/**
 * @param {Sections} sections contents of all sections `.debug_*` of a module, by name
 * @param {CodeMoves} moves
 * @returns the sections; the names of those that cannot be moved; and whether there are units whose rest is in a `.dwo` file. Throws a
 *   WasmFormatError
 */
export function moveDwarf(sections, moves) {
  const found = new References();
  /** @type {Sections} */
  const out = new Map([...sections].filter(([name]) => KEPT.includes(name)));
  moveAll(sections, moves, found, out);
  const names = [...sections.keys()];
  const kept = names.filter((name) => out.has(name)).map((name) => /** @type {[string, Uint8Array]} */ ([name, out.get(name)]));
  return { sections: new Map(kept), dropped: names.filter((name) => !out.has(name)), split: found.split };
}

/** @param {Sections} sections @param {CodeMoves} moves @param {References} found @param {Sections} out */
function moveAll(sections, moves, found, out) {
  /** @type {Sections} */
  const units = new Map();
  for (const name of UNITS) {
    const data = sections.get(name);
    if (data !== undefined) units.set(name, data.slice());
  }
  for (const [name, data] of units) new UnitMover(data, name, sections, moves, found).run();
  /** @type {Map<string, Map<Integer, number>>} */
  const offsets = new Map();
  const write = (/** @type {string} */ name, /** @type {(data: Uint8Array) => Uint8Array} */ make) => {
    const data = sections.get(name);
    if (data !== undefined) out.set(name, make(data));
  };
  for (const [name, locations] of /** @type {[string, boolean][]} */ ([[".debug_ranges", false], [".debug_loc", true]])) {
    write(name, (data) => movedPairs(data, found.lists.get(name) ?? new Map(), moves, locations));
  }
  for (const name of [".debug_rnglists", ".debug_loclists"]) {
    write(name, () => {
      const lists = new ListMover(name, sections, moves, found);
      const section = lists.run();
      offsets.set(name, lists.offsets);
      return section;
    });
  }
  write(".debug_line", (data) => {
    const lines = movedLines(data, moves);
    offsets.set(".debug_line", lines.offsets);
    return lines.section;
  });
  write(".debug_addr", (data) => addresses(data, found, moves));
  write(".debug_aranges", (data) => aranges(data, moves));
  write(".debug_macro", (data) => macros(data, found, offsets.get(".debug_line") ?? new Map()));
  for (const { section, target, at, size } of inGroups(found.sites)) {
    redirect(/** @type {Uint8Array} */ (units.get(section)), at, size, offsets.get(target) ?? new Map(), target);
  }
  for (const [name, data] of units) out.set(name, data);
}

/** Those of one section and target together, in the order in which the first of each was found. @param {References["sites"]} sites */
function inGroups(sites) {
  /** @type {Map<string, References["sites"]>} */
  const groups = new Map();
  for (const each of sites) {
    const key = `${each.section} ${each.target}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()].flat();
}

/** Change the offset of something in a section to its new one. @param {Uint8Array} data @param {number} at @param {number} size @param {Map<Integer, number>} offsets @param {string} target */
function redirect(data, at, size, offsets, target) {
  const old = fromLittle(data.subarray(at, at + size));
  const now = offsets.get(old);
  if (now === undefined) throw new WasmFormatError(`nothing in ${target} begins at ${old}`, at);
  data.set(toLittle(now, size), at);
}

/** Move the addresses of code; `.debug_addr` has those of data, too. @param {Uint8Array} data @param {References} found @param {CodeMoves} moves */
function addresses(data, found, moves) {
  const out = data.slice();
  for (const [at, sizes] of found.addresses) {
    for (const size of sizes) out.set(toLittle(moved(moves, little(new Reader(data, Number(at)), size)), size), Number(at));
  }
  return out;
}

/** @param {Uint8Array} data @param {CodeMoves} moves */
function aranges(data, moves) {
  const out = data.slice();
  const reader = new Reader(data);
  while (reader.left) {
    const begin = reader.pos;
    const { length, offset } = readLength(reader);
    const part = reader.sub(length);
    part.skip(2 + offset);
    const size = part.u8();
    part.skip(1);
    if (size === 0) throw malformed();
    const over = (part.pos - begin) % (2 * size);
    part.skip(over === 0 ? 0 : 2 * size - over);
    while (part.left >= 2 * size) {
      const at = part.pos;
      const [start, span] = [little(part, size), little(part, size)];
      out.set([...toLittle(moved(moves, start), size), ...toLittle(movedLength(moves, start, span), size)], at);
    }
  }
  return out;
}

/** Change the offsets of line numbers at the beginning of each unit's macros. @param {Uint8Array} data @param {References} found @param {Map<Integer, number>} lines */
function macros(data, found, lines) {
  const out = data.slice();
  for (const begin of found.macros) {
    const reader = new Reader(data, Number(begin));
    reader.skip(2);
    const flags = reader.u8();
    if (flags & LINE_OFFSET) redirect(out, reader.pos, flags & OFFSETS_64 ? 8 : 4, lines, ".debug_line");
  }
  return out;
}
