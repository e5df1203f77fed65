// Custom sections of a module whose code moves: copied, added to, or dropped with a note.

import { concat } from "../wasm/encode.mjs";
import { SECTION, name, section, sized, unsigned, vector } from "./encode.mjs";
import { movedDebugSections } from "./debug-info.mjs";
import { WasmFormatError } from "./errors.mjs";
import { LIMITS, Reader, sectionsOf } from "./reader.mjs";
import { hex } from "./types.mjs";
import { adapter, said } from "./specification.mjs";

/** @typedef {import("./code-moves.mjs").CodeMoves} CodeMoves */
/** @typedef {[number, string][]} AddedNames */

const known = adapter.sections;
const FUNCTION_NAMES = 1;
const IN_FUNCTIONS = [2, 3]; // names of locals and of labels, function by function
const PREFIXES = [0x2b, 0x2d, 0x3d]; // + used, - forbidden, = required

/**
 * The bytes of custom sections by place, and notes on those that were dropped.
 *
 * @typedef {{first: Uint8Array[], beforeCode: Uint8Array[], last: Uint8Array[], notes: string[]}} CustomSections
 */

/**
 * A module's custom sections, as they are to be.
 *
 * @param {import("./module.mjs").Module} module
 * @param {AddedNames} added
 * @param {CodeMoves} moves
 * @param {boolean} debugInfo keep what debuggers read; else it is dropped where code moves
 * @param {Map<number, number>} indexes the new indexes of functions that have others than before
 * @returns {CustomSections}
 */
export function customSections(module, added, moves, debugInfo, indexes = new Map()) {
  /** @type {CustomSections} */
  const found = { first: [], beforeCode: [], last: [], notes: [] };
  const dwarf = movedDebugSections(module.bytes, moves, debugInfo);
  let named = false;
  let otherSeen = false;
  for (const { id, start, content } of sectionsOf(module.bytes)) {
    if (id !== SECTION.CUSTOM) {
      otherSeen = true;
      continue;
    }
    const title = content.name();
    const first = title === "name" && !named;
    if (first) named = true;
    const whole = module.bytes.subarray(start, content.end);
    const names_ = () => unlessMalformed(() => names(content, added, indexes)) ?? (indexes.size > 0 ? null : whole);
    const raw = first ? names_() : changed(title, content, whole, { module, moves, debugInfo, indexes, dwarf: dwarf.sections });
    const place = title.startsWith(known.before_code) ? found.beforeCode : otherSeen ? found.last : found.first;
    if (raw !== null) place.push(raw);
    else if (title === "name") found.notes.push(said("notes", "names"));
    else if (!title.startsWith(known.debug)) found.notes.push(said("notes", "section", { name: title }));
  }
  if (!named) found.last.push(nameSection([], added));
  found.notes = [...dwarf.notes, ...new Set(found.notes)];
  return found;
}

/**
 * A custom section as it is to be; null: it is dropped.
 *
 * @param {string} title
 * @param {Reader} content
 * @param {Uint8Array} whole
 * @param {{module: import("./module.mjs").Module, moves: CodeMoves, debugInfo: boolean, indexes: Map<number, number>, dwarf: Map<string, Uint8Array>}} context
 * @returns {Uint8Array | null}
 */
function changed(title, content, whole, { module, moves, debugInfo, indexes, dwarf }) {
  if (title === "target_features") return unlessMalformed(() => features(content)) ?? whole;
  if (title.startsWith(known.before_code)) {
    return debugInfo ? unlessMalformed(() => customSection(title, metadata(content, module, moves, indexes))) : null;
  }
  if (title.startsWith(known.debug)) {
    const moved = dwarf.get(title);
    return moved === undefined ? null : customSection(title, moved);
  }
  return holdsOffsets(title, moves) ? null : whole;
}

/** @type {(title: string, moves: CodeMoves) => boolean} */
const holdsOffsets = (title, moves) => known.file_offsets.includes(title) || (moves.any && known.code_offsets.includes(title));

/** @type {(title: string, content: Uint8Array) => Uint8Array} */
const customSection = (title, content) => section(SECTION.CUSTOM, concat([name(title), content]));

/** Offsets in functions (branch hints and the like), moved. @param {Reader} content @param {import("./module.mjs").Module} module @param {CodeMoves} moves @param {Map<number, number>} indexes */
function metadata(content, module, moves, indexes) {
  const functions = content.times(content.count("functions", LIMITS.FUNCTIONS, 2), () => {
    const index = content.index("function", module.functionCount);
    if (index < module.importedFunctions) throw content.fail(`function ${index} is imported`);
    const start = module.starts[index - module.importedFunctions] - module.codeOffset;
    const items = content.times(content.count("items", LIMITS.MODULE_BYTES, 2), () => {
      const offset = content.u32();
      return concat([unsigned(moves.length(start, offset)), sized(content.take(content.u32()))]);
    });
    return concat([unsigned(indexes.get(index) ?? index), vector(items)]);
  });
  content.expectEnd("code metadata");
  return vector(functions);
}

/** @template T @param {() => T} make @returns {T | null} null: the section is malformed, as it may be */
function unlessMalformed(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof WasmFormatError) return null;
    throw error;
  }
}

/** Add to the function names. @param {Reader} content @param {AddedNames} added @param {Map<number, number>} indexes */
function names(content, added, indexes) {
  /** @type {[number, Uint8Array][]} */
  let parts = [];
  while (content.left) parts.push([content.u8(), content.take(content.u32())]);
  if (!parts.some(([kind]) => kind === FUNCTION_NAMES)) {
    parts = [...parts, /** @type {[number, Uint8Array]} */ ([FUNCTION_NAMES, Uint8Array.of(0)])].sort(inOrder);
  }
  if (indexes.size > 0) return nameSection(parts.map(([kind, part]) => [kind, movedNames(part, kind, indexes, added)]), []);
  return nameSection(parts.map(([kind, part]) => [kind, kind === FUNCTION_NAMES ? extended(part, added) : part]), []);
}

/**
 * The names of functions, or of what is in functions, with other indexes of functions. Names that are added go where their indexes belong.
 *
 * @param {Uint8Array} part
 * @param {number} kind
 * @param {Map<number, number>} indexes
 * @param {AddedNames} added
 */
function movedNames(part, kind, indexes, added) {
  const inside = IN_FUNCTIONS.includes(kind);
  if (kind !== FUNCTION_NAMES && !inside) return part;
  const reader = new Reader(part);
  const entries = kind === FUNCTION_NAMES ? added.map(([index, text]) => /** @type {[number, Uint8Array]} */ ([index, name(text)])) : [];
  for (let left = reader.u32(); left > 0; left--) {
    const index = reader.u32();
    const start = reader.pos;
    for (let names_ = inside ? reader.u32() : 1; names_ > 0; names_--) {
      if (inside) reader.u32();
      reader.skip(reader.u32());
    }
    entries.push([indexes.get(index) ?? index, part.subarray(start, reader.pos)]);
  }
  return vector(entries.sort(inOrder).map(([index, rest]) => concat([unsigned(index), rest])));
}

/** @type {(one: [number, Uint8Array], other: [number, Uint8Array]) => number} */
function inOrder([kind, one], [otherKind, other]) {
  if (kind !== otherKind) return kind - otherKind;
  const at = one.findIndex((byte, place) => byte !== other[place]);
  return at < 0 ? one.length - other.length : at >= other.length ? 1 : one[at] - other[at];
}

/** @param {Uint8Array} part @param {AddedNames} added */
function extended(part, added) {
  const reader = new Reader(part);
  const count = reader.u32();
  const entries = added.flatMap(([index, text]) => [unsigned(index), name(text)]);
  return concat([unsigned(count + added.length), reader.take(reader.left), ...entries]);
}

/** @param {[number, Uint8Array][]} parts @param {AddedNames} added */
function nameSection(parts, added) {
  const all = added.length > 0 ? [...parts, /** @type {const} */ ([FUNCTION_NAMES, extended(Uint8Array.of(0), added)])] : parts;
  return section(SECTION.CUSTOM, concat([name("name"), ...all.flatMap(([kind, part]) => [[kind], sized(part)])]));
}

/** @param {Reader} content */
function features(content) {
  const found = content.times(content.count("features", LIMITS.CUSTOM_SECTIONS, 2), () => {
    const prefix = content.u8();
    if (!PREFIXES.includes(prefix)) throw content.fail(`unknown feature prefix ${hex(prefix)}`, content.pos - 1);
    return /** @type {const} */ ([prefix, content.name()]);
  });
  content.expectEnd("target_features");
  const all = found.some(([, each]) => each === known.feature) ? found : [...found, /** @type {const} */ ([PREFIXES[0], known.feature])];
  return section(SECTION.CUSTOM, concat([name("target_features"), vector(all.map(([prefix, each]) => concat([[prefix], name(each)])))]));
}
