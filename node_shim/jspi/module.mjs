// What adapters for a module's imports are made of: its type section as it stands, and the type of each.

import { Reader, readImport, readType } from "../polyfill/types.mjs";

const TYPE = 1;
const IMPORT = 2;
const MEMORY = 5;
const FUNC_KIND = 0;
const MEMORY_KIND = 2;
const IS_64 = 4;

/**
 * @param bytes of a module that the engine has taken
 * @returns `section` (the content of its type section after the count), `entries` (that count), `types`; `imports`: the
 *   number of its type by `module\0name`, null where it is imported by two; `wide`: its first memory has addresses of 64 bits
 */
export function readModule(bytes) {
  const found = { section: new Uint8Array(), entries: 0, types: [], imports: new Map(), wide: null };
  const reader = new Reader(bytes, 8, bytes.length);
  while (reader.at < bytes.length) {
    const section = reader.byte();
    const size = reader.number();
    const inside = new Reader(bytes, reader.at, reader.at + size);
    reader.at += size;
    if (section === TYPE) {
      found.entries = inside.number();
      found.section = bytes.slice(inside.at, inside.end);
      for (let left = found.entries; left > 0; left--) readType(inside, found.types);
    } else if (section === IMPORT) {
      for (let left = inside.number(); left > 0; left--) noteImport(readImport(inside), found);
    } else if (section === MEMORY && inside.number() > 0) {
      found.wide ??= (inside.limits() & IS_64) !== 0;
    } else if (section > MEMORY) break;
  }
  found.wide ??= false;
  return found;
}

function noteImport({ module, name, kind, type, flags }, found) {
  if (kind === MEMORY_KIND) found.wide ??= (flags & IS_64) !== 0;
  if (kind !== FUNC_KIND) return;
  const key = `${module}\0${name}`;
  found.imports.set(key, found.imports.has(key) && found.imports.get(key) !== type ? null : type);
}
