// What JavaScript cannot ask a module: the types of its function imports, and which exports are imports handed on.
// Layouts: "Binary Format" of the WebAssembly specification.

const TYPE = 1;
const IMPORT = 2;
const EXPORT = 7;
const FUNC = 0;
const REF = [0x63, 0x64]; // (ref null heap), (ref heap)
const HEAP_TYPES_FROM = 0x40; // below, a byte is no shorthand of a reference type
const NUMBERS = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128" };
const FUNCTION_HEAPS = [0x70, 0x73]; // func, nofunc

export class Reader {
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte() {
    if (this.at >= this.end) throw new RangeError("the module ends too early");
    return this.bytes[this.at++];
  }

  /** A LEB128 number; signed ones come out wrong, and are only stepped over. */
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text() {
    const size = this.number();
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + size));
    this.at += size;
    return text;
  }

  valueType() {
    const byte = this.byte();
    if (NUMBERS[byte] !== undefined) return NUMBERS[byte];
    if (REF.includes(byte)) {
      const heap = this.bytes[this.at];
      this.number();
      return FUNCTION_HEAPS.includes(heap) || heap < HEAP_TYPES_FROM ? "funcref" : "ref";
    }
    return FUNCTION_HEAPS.includes(byte) ? "funcref" : "ref";
  }

  valueTypes() {
    return Array.from({ length: this.number() }, () => this.valueType());
  }

  limits() {
    const flags = this.number();
    this.number();
    if (flags & 1) this.number();
    if (flags & 8) this.number(); // custom page size
    return flags;
  }
}

/** Read an entry of the type section: one type, or a group of them. */
export function readType(reader, types) {
  let form = reader.byte();
  if (form === 0x4e) {
    for (let left = reader.number(); left > 0; left--) readType(reader, types);
    return;
  }
  if (form === 0x50 || form === 0x4f) {
    for (let left = reader.number(); left > 0; left--) reader.number();
    form = reader.byte();
  }
  while (form === 0x65 || form === 0x4c || form === 0x4d) {
    if (form !== 0x65) reader.number(); // descriptors
    form = reader.byte();
  }
  const field = () => {
    if (reader.bytes[reader.at] === 0x78 || reader.bytes[reader.at] === 0x77) reader.byte(); // i8, i16
    else reader.valueType();
    reader.byte();
  };
  if (form === 0x60) types.push({ params: reader.valueTypes(), results: reader.valueTypes() });
  else if (form === 0x5e) field(), types.push(null);
  else if (form === 0x5f) {
    for (let left = reader.number(); left > 0; left--) field();
    types.push(null);
  } else throw new RangeError(`unknown form of a type: ${form}`);
}

/** Read an import: its module and name, its kind, of a function the number of its type, of a memory its flags. */
export function readImport(reader) {
  const found = { module: reader.text(), name: reader.text(), kind: reader.byte(), type: null, flags: 0 };
  if (found.kind === FUNC) found.type = reader.number();
  else if (found.kind === 1) {
    reader.valueType();
    reader.limits();
  } else if (found.kind === 2) found.flags = reader.limits();
  else if (found.kind === 3) reader.valueType(), reader.byte();
  else if (found.kind === 4) reader.byte(), reader.number();
  else throw new RangeError(`unknown kind of an import: ${found.kind}`);
  return found;
}

function readImports(reader, types, found) {
  for (let left = reader.number(); left > 0; left--) {
    const each = readImport(reader);
    if (each.kind !== FUNC) continue;
    const key = `${each.module}\0${each.name}`;
    const type = types[each.type];
    found.count++;
    const known = found.imports.get(key);
    // One function may be imported twice, by two types.
    found.imports.set(key, known === undefined || String(known.results) === String(type.results) ? type : null);
  }
}

function readExports(reader, found) {
  for (let left = reader.number(); left > 0; left--) {
    const name = reader.text();
    const kind = reader.byte();
    if (reader.number() < found.count && kind === FUNC) found.handedOn.add(name);
  }
}

/**
 * @returns `imports`: types by `module\0name` (null: two types); `handedOn`: exports that are imports. Of what cannot be
 * read, what could be read before: the engine says what is wrong with the module.
 */
export function moduleTypes(bytes) {
  const found = { imports: new Map(), handedOn: new Set(), count: 0 };
  const types = [];
  try {
    const reader = new Reader(bytes, 8, bytes.length);
    while (reader.at < bytes.length) {
      const section = reader.byte();
      const size = reader.number();
      const inside = new Reader(bytes, reader.at, reader.at + size);
      if (section === TYPE) for (let left = inside.number(); left > 0; left--) readType(inside, types);
      else if (section === IMPORT) readImports(inside, types, found);
      else if (section === EXPORT) readExports(inside, found);
      if (section === EXPORT) break;
      reader.at += size;
    }
  } catch {
    // see above
  }
  return found;
}

const DUMMIES = { i32: 0, f32: 0, f64: 0, i64: 0n, funcref: null, ref: null };

/** What an import returns into a stack that unwinds, where nobody looks at it: but it has to be of the right type. */
export function dummyResult(type) {
  // `false` becomes 0 and 0n, and is an externref; there is nothing like it for a funcref, nor for several results.
  if (type === undefined || type === null) return false;
  const values = type.results.map((each) => DUMMIES[each]);
  return values.length > 1 ? values : values[0];
}
