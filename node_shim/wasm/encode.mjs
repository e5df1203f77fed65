// Wasm modules written byte by byte: what every generated module is made of.
//
// Layouts: "Binary Format" of the WebAssembly specification.

/** An unsigned number of at most 32 bits, as LEB128. */
export function leb(number) {
  const out = [];
  do {
    out.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number > 0);
  return out;
}

export function concat(parts) {
  const out = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) {
    out.set(each, at);
    at += each.length;
  }
  return out;
}

export const vector = (items) => [...leb(items.length), ...items.flat()];
export const name = (text) => vector([...new TextEncoder().encode(text)]);
export const section = (id, content) => concat([[id], leb(content.length), content]);
export const importOf = (from, field, description) => [...name(from), ...name(field), ...description];
export const exportOf = (field, kind, index) => [...name(field), kind, ...leb(index)];
export const body = (locals, code) => vector([...vector(locals), ...code, ...END]);
export const encodeModule = (sections) => concat([[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...sections]);

export const get = (local) => [0x20, ...leb(local)];
export const setLocal = (local) => [0x21, ...leb(local)];
export const globalGet = (index) => [0x23, ...leb(index)];
export const globalSet = (index) => [0x24, ...leb(index)];
export const call = (index) => [0x10, ...leb(index)];
export const END = [0x0b];
