// Puts additions into a module's sections, and redirects calls and references; all else keeps its bytes.

import { concat } from "../wasm/encode.mjs";
import { HEADER, KINDS, SECTION, SECTION_ORDER, exportEntry, unsigned, vector } from "./encode.mjs";
import { CodeMoves } from "./code-moves.mjs";
import { OP } from "./instructions.mjs";
import { readConstant } from "./module.mjs";
import { Reader, sectionsOf } from "./reader.mjs";
import { findInstructions } from "./scan.mjs";
import { readGlobalType, readTableType, readValueType } from "./types.mjs";

/** @typedef {import("./additions.mjs").Additions} Additions */
/** @typedef {ArrayLike<number>} Bytes */

const TABLE_WITH_INITIALISER = 0x40;
const DECLARATIVE = [3, 0]; // how a segment of elements begins that only declares functions
const REDIRECTED = new Set([OP.CALL, OP.RETURN_CALL, OP.REF_FUNC]);
const REFERENCES = new Set([OP.REF_FUNC]);
const LONGEST_PADDING = 4;

/**
 * The contents of all sections but custom ones, by number.
 *
 * @param {Additions} additions
 */
export function patchedSections(additions) {
  const { module } = additions;
  const contents = new Map([...sectionsOf(module.bytes)].filter(({ id }) => id !== SECTION.CUSTOM).map(({ id, content }) => [id, content]));
  const code = patchedCode(additions);
  // The functions that these replace may have been declared by exports, which name others now.
  const referenced = additions.imports.length > 0 ? [] : [...code.referenced].sort((one, other) => one - other);
  const declared = referenced.length > 0 ? [concat([DECLARATIVE, vector(referenced.map(unsigned))])] : [];
  /** @type {Map<number, Bytes[]>} */
  const added = new Map()
    .set(SECTION.TYPE, additions.types)
    .set(SECTION.IMPORT, additions.imports)
    .set(SECTION.FUNCTION, additions.functions.map((each) => unsigned(each.type)))
    .set(SECTION.GLOBAL, additions.globals);
  /** @type {Map<number, Uint8Array>} */
  const out = new Map();
  for (const id of SECTION_ORDER) {
    let content = contents.get(id);
    if ((id === SECTION.TABLE || id === SECTION.GLOBAL) && content !== undefined && additions.references.size > 0) {
      content = new Reader(withInitialisers(content, id, additions.references));
    }
    const entries = added.get(id);
    if (entries !== undefined && entries.length > 0) out.set(id, extended(content, entries));
    else if (id === SECTION.CODE) out.set(id, code.content);
    else if (id === SECTION.EXPORT) out.set(id, exportsOf(additions));
    else if (id === SECTION.ELEMENT && (content !== undefined || declared.length > 0)) {
      const segments = content === undefined ? [] : elements(content, additions.references);
      out.set(id, vector([...segments, ...declared]));
    } else if (id === SECTION.START && content !== undefined) {
      const start = content.u32();
      out.set(id, Uint8Array.from(unsigned(additions.calls.get(start) ?? start)));
    } else if (content !== undefined) out.set(id, content.take(content.left));
  }
  return { sections: out, callSites: code.callSites, moves: code.moves };
}

/**
 * A module of sections.
 *
 * @param {Map<number, Uint8Array>} sections
 * @param {import("./custom-sections.mjs").CustomSections} custom
 */
export function assembled(sections, { first, beforeCode, last }) {
  const inOrder = SECTION_ORDER.flatMap((id) => {
    const content = sections.get(id);
    const before = id === SECTION.CODE ? beforeCode : [];
    return content === undefined ? before : [...before, [id], unsigned(content.length), content];
  });
  return concat([HEADER, ...first, ...inOrder, ...last]);
}

/** @param {Reader | undefined} content @param {Bytes[]} added */
function extended(content, added) {
  if (content === undefined) return vector(added);
  const count = content.u32();
  return concat([unsigned(count + added.length), content.take(content.left), ...added]);
}

/** @param {Additions} additions */
function exportsOf({ module, exports, calls, newExports }) {
  const entries = [...module.exports.values()].map(({ name, kind, index }) => {
    const target = kind === "func" ? (exports.get(name) ?? calls.get(index) ?? index) : index;
    return exportEntry(name, KINDS.indexOf(kind), target);
  });
  for (const [name, index] of newExports) entries.push(exportEntry(name, 0, index));
  return vector(entries);
}

/** A section of globals or tables with each `ref.func` redirected. @param {Reader} content @param {number} id @param {Map<number, number>} references */
function withInitialisers(content, id, references) {
  const count = content.u32();
  const entries = [];
  for (let left = count; left > 0; left--) {
    const start = content.pos;
    let initialised = id === SECTION.GLOBAL;
    if (initialised) readGlobalType(content);
    else {
      initialised = content.peek() === TABLE_WITH_INITIALISER;
      content.skip(initialised ? 2 : 0);
      readTableType(content);
    }
    entries.push(content.data.subarray(start, content.pos));
    if (initialised) entries.push(expression(content, references));
  }
  return concat([unsigned(count), ...entries]);
}

/** @param {Reader} content @param {Map<number, number>} references */
const elements = (content, references) => content.times(content.u32(), () => element(content, references));

/** Copy one of the eight forms; flags: 1 not active, 2 table given (or declarative), 4 expressions. @param {Reader} content @param {Map<number, number>} references */
function element(content, references) {
  const start = content.pos;
  const flags = content.u32();
  if (!(flags & 1)) {
    if (flags & 2) content.u32();
    readConstant(content);
  }
  if (flags & 3) {
    if (flags & 4) readValueType(content);
    else content.u8();
  }
  const head = content.data.subarray(start, content.pos);
  const count = content.u32();
  const entries = content.times(count, () => {
    if (flags & 4) return expression(content, references);
    const index = content.u32();
    return unsigned(references.get(index) ?? index);
  });
  return concat([head, unsigned(count), ...entries]);
}

/** The next initialiser, with each `ref.func` redirected. @param {Reader} content @param {Map<number, number>} references */
function expression(content, references) {
  const { start, end } = readConstant(content);
  const parts = [];
  let last = start;
  for (const each of findInstructions(content.data, start, end, REFERENCES)) {
    const target = references.get(each.immediates[0]);
    if (target === undefined) continue;
    parts.push(content.data.subarray(last, each.offset), [OP.REF_FUNC, ...unsigned(target)]);
    last = each.end;
  }
  return concat([...parts, content.data.subarray(last, end)]);
}

/** @param {Additions} additions */
function patchedCode(additions) {
  const { module } = additions;
  const { bytes, starts, ends } = module;
  /** @type {Set<number>} functions that `ref.func` has now instead of others */
  const referenced = new Set();
  let callSites = 0;
  const start = module.codeOffset;
  const first = starts.length > 0 ? bodyStart(module, 0) : start;
  const count = padded(starts.length + additions.functions.length, first - start);
  /** @type {Bytes[]} */
  const parts = [count];
  /** @type {[number, number][]} */
  const growths = [[first, count.length - (first - start)]];
  let kept = first;
  const functions = new Set([...additions.calls.keys(), ...additions.references.keys()]);
  for (const at of additions.imports.length > 0 ? starts.keys() : bodiesWith(module, functions)) {
    const { body, grown, found } = patchedBody(additions, referenced, at);
    if (found === 0) continue;
    callSites += found;
    const head = bodyStart(module, at);
    const size = padded(body.length, starts[at] - head);
    parts.push(bytes.subarray(kept, head), size, body);
    growths.push([starts[at], size.length - (starts[at] - head)]);
    for (const each of grown) growths.push(each);
    kept = ends[at];
  }
  const end = starts.length > 0 ? ends[ends.length - 1] : start;
  parts.push(bytes.subarray(kept, end), ...additions.functions.map((each) => each.body));
  const moves = new CodeMoves(growths.filter(([, growth]) => growth !== 0).map(([at, growth]) => [at - start, growth]), end - start);
  return { content: concat(parts), callSites, moves, referenced };
}

/** Where the size of a body stands. @param {import("./module.mjs").Module} module @param {number} at */
function bodyStart(module, at) {
  if (at > 0) return module.ends[at - 1];
  const reader = new Reader(module.bytes, module.codeOffset);
  reader.u32();
  return reader.pos;
}

/**
 * The bodies whose bytes may call or refer to one of the functions: no other is read.
 *
 * @param {import("./module.mjs").Module} module
 * @param {Set<number>} functions
 */
function* bodiesWith({ bytes, starts, ends }, functions) {
  if (functions.size === 0) return;
  const last = ends[ends.length - 1];
  for (let at = 0; at < starts.length; at++) {
    const end = at + 1 < starts.length ? starts[at + 1] : last;
    for (let from = starts[at]; from < end; from++) {
      const opcode = bytes[from];
      if (opcode !== OP.CALL && opcode !== OP.RETURN_CALL && opcode !== OP.REF_FUNC) continue;
      if (functions.has(paddedNumber(bytes, from + 1, last))) {
        yield at;
        break;
      }
    }
  }
}

/** An unsigned number, which may be padded; -1: none. @param {Uint8Array} bytes @param {number} at @param {number} end */
function paddedNumber(bytes, at, end) {
  let value = 0;
  let padding = 0;
  for (let scale = 1; at < end; scale *= 128) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * scale;
    padding = scale > 1 && (byte & 0x7f) === 0 ? padding + 1 : 0;
    if (byte < 0x80) return padding > LONGEST_PADDING ? -1 : value;
    if (scale > 2 ** 56) return -1;
  }
  return -1;
}

/**
 * A body with its calls and references redirected, where it has grown, and how many there were.
 *
 * @param {Additions} additions
 * @param {Set<number>} referenced
 * @param {number} at
 */
function patchedBody({ module, calls, references }, referenced, at) {
  const { bytes, starts, ends } = module;
  const parts = [];
  /** @type {[number, number][]} */
  const grown = [];
  let last = starts[at];
  let found = 0;
  for (const each of findInstructions(bytes, ...module.codeRange(at + module.importedFunctions), REDIRECTED)) {
    const reference = each.opcode === OP.REF_FUNC;
    const target = (reference ? references : calls).get(each.immediates[0]);
    if (target === undefined) continue;
    const room = each.end - each.offset - 1;
    const immediate = padded(target, room);
    parts.push(bytes.subarray(last, each.offset + 1), immediate);
    if (immediate.length !== room) grown.push([each.end, immediate.length - room]);
    last = each.end;
    found++;
    if (reference) referenced.add(target);
  }
  return { body: found === 0 ? new Uint8Array() : concat([...parts, bytes.subarray(last, ends[at])]), grown, found };
}

/** A number in so many bytes, or in as many as it needs. @param {number} number @param {number} length */
function padded(number, length) {
  const short = unsigned(number);
  const missing = length - short.length;
  if (missing <= 0) return short;
  return [...short.slice(0, -1), short[short.length - 1] | 0x80, ...Array(missing - 1).fill(0x80), 0];
}
