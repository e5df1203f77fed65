// Custom sections of a module whose code moves: copied, added to, or dropped with a note.

import { concat } from "../wasm/encode.mjs";
import { SECTION, name, section, sized, unsigned, vector } from "./encode.mjs";
import { WasmFormatError } from "./errors.mjs";
import { LIMITS, Reader, sectionsOf } from "./reader.mjs";
import { hex } from "./types.mjs";
import { adapter, said } from "./specification.mjs";

/** @typedef {[number, string][]} AddedNames */

const known = adapter.sections;
const FUNCTION_NAMES = 1;
const PREFIXES = [0x2b, 0x2d, 0x3d]; // + used, - forbidden, = required

/**
 * A module's custom sections, as they are to be, before and after all others, and notes on those that were dropped.
 *
 * @param {Uint8Array} bytes
 * @param {AddedNames} added
 * @param {boolean} moved code is at other offsets
 */
export function customSections(bytes, added, moved) {
  /** @type {Uint8Array[]} */ const first = [];
  /** @type {Uint8Array[]} */ const last = [];
  /** @type {string[]} */ const dropped = [];
  let named = false;
  let otherSeen = false;
  for (const { id, start, content } of sectionsOf(bytes)) {
    if (id !== SECTION.CUSTOM) {
      otherSeen = true;
      continue;
    }
    const title = content.name();
    /** @type {Uint8Array | null} */
    let raw = bytes.subarray(start, content.end);
    if (title === "name" && !named) {
      named = true;
      raw = unlessMalformed(() => names(content, added)) ?? raw;
    } else if (title === "target_features") raw = unlessMalformed(() => features(content)) ?? raw;
    else if (holdsOffsets(title, moved)) {
      dropped.push(title);
      raw = null;
    }
    if (raw !== null) (otherSeen ? last : first).push(raw);
  }
  if (!named) last.push(nameSection([], added));
  return { first, last, notes: notesOn(dropped) };
}

/** @type {(title: string, moved: boolean) => boolean} */
const holdsOffsets = (title, moved) =>
  known.file_offsets.includes(title) ||
  title.startsWith(known.before_code) ||
  (moved && (title.startsWith(known.debug) || known.code_offsets.includes(title)));

/** @param {string[]} dropped */
function notesOn(dropped) {
  const isDebug = (/** @type {string} */ each) => each.startsWith(known.debug);
  const others = [...new Set(dropped)].filter((each) => !isDebug(each)).map((each) => said("notes", "section", { name: each }));
  return dropped.some(isDebug) ? [said("notes", "debug"), ...others] : others;
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

/** Add to the function names. @param {Reader} content @param {AddedNames} added */
function names(content, added) {
  /** @type {[number, Uint8Array][]} */
  let parts = [];
  while (content.left) parts.push([content.u8(), content.take(content.u32())]);
  if (!parts.some(([kind]) => kind === FUNCTION_NAMES)) {
    parts = [...parts, /** @type {[number, Uint8Array]} */ ([FUNCTION_NAMES, Uint8Array.of(0)])].sort(inOrder);
  }
  return nameSection(parts.map(([kind, part]) => [kind, kind === FUNCTION_NAMES ? extended(part, added) : part]), []);
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
