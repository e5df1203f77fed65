// What debuggers need of a module whose code moves: DWARF.

import { moveDwarf } from "./dwarf/move.mjs";
import { SECTION } from "./encode.mjs";
import { WasmFormatError } from "./errors.mjs";
import { sectionsOf } from "./reader.mjs";
import { adapter, said } from "./specification.mjs";

/** @typedef {{sections: Map<string, Uint8Array>, notes: string[]}} DebugSections the sections that stay, by name, and notes on the others */

/**
 * The sections of DWARF in a module, moved.
 *
 * @param {Uint8Array} bytes
 * @param {import("./code-moves.mjs").CodeMoves} moves
 * @param {boolean} keep else they are dropped if code has moved
 * @returns {DebugSections}
 */
export function movedDebugSections(bytes, moves, keep) {
  const sections = new Map(dwarf(bytes));
  if (sections.size === 0 || !moves.any) return { sections, notes: [] };
  if (!keep) return { sections: new Map(), notes: [said("notes", "debug")] };
  try {
    const moved = moveDwarf(sections, moves);
    const notes = moved.dropped.map((name) => said("notes", "section", { name }));
    return { sections: moved.sections, notes: moved.split ? [...notes, said("notes", "split")] : notes };
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    return { sections: new Map(), notes: [`${said("notes", "debug")} (${error.message})`] };
  }
}

/** @param {Uint8Array} bytes @returns {Generator<[string, Uint8Array]>} */
function* dwarf(bytes) {
  for (const { id, content } of sectionsOf(bytes)) {
    if (id !== SECTION.CUSTOM) continue;
    const title = content.name();
    if (title.startsWith(adapter.sections.debug)) yield [title, content.take(content.left)];
  }
}
