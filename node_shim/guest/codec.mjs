// Values of a signature on the wire: eight bytes each. An externref is the number of an object that Python keeps, -1: null.

const SLOT = 8;

class Reference {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
  }
}

/** The objects that Python has handed over: the same number is the same object. */
export class References {
  /** @type {Map<number, Reference>} */
  #known = new Map();

  /** @param {number} number */
  object(number) {
    if (number < 0) return null;
    let found = this.#known.get(number);
    if (found === undefined) this.#known.set(number, (found = Object.freeze(new Reference(number))));
    return found;
  }

  /** @param {unknown} object */
  number(object) {
    if (object === null || object === undefined) return -1;
    if (!(object instanceof Reference)) throw new TypeError("an object of JavaScript's own cannot be handed to Python");
    return object.number;
  }
}

/**
 * @typedef {object} Codec reads and writes the values of one kind
 * @property {(view: DataView, at: number, references: References) => any} read
 * @property {(data: Buffer, at: number, value: any, references: References) => void} write
 */

/** @type {Record<string, Codec>} */
const CODECS = {
  i32: { read: (view, at) => view.getInt32(at, true), write: (data, at, value) => data.writeInt32LE(value, at) },
  i64: { read: (view, at) => view.getBigInt64(at, true), write: (data, at, value) => data.writeBigInt64LE(value, at) },
  f32: { read: (view, at) => view.getFloat32(at, true), write: (data, at, value) => data.writeFloatLE(value, at) },
  f64: { read: (view, at) => view.getFloat64(at, true), write: (data, at, value) => data.writeDoubleLE(value, at) },
  externref: {
    read: (view, at, references) => references.object(view.getInt32(at, true)),
    write: (data, at, value, references) => data.writeInt32LE(references.number(value), at),
  },
};

/** @param {string} kind */
const codecOf = (kind) => CODECS[kind] ?? CODECS.externref;

/** @param {string[]} kinds */
export const sizeOf = (kinds) => SLOT * kinds.length;

/** @type {(kinds: string[], view: DataView, at: number, references: References) => any[]} */
export const read = (kinds, view, at, references) => kinds.map((kind, i) => codecOf(kind).read(view, at + SLOT * i, references));

/** @type {(kinds: string[], values: any[], data: Buffer, at: number, references: References) => void} */
export const write = (kinds, values, data, at, references) =>
  kinds.forEach((kind, i) => codecOf(kind).write(data, at + SLOT * i, values[i], references));

/** @param {string} kind */
export const zero = (kind) => (kind === "i64" ? 0n : kind === "externref" ? null : 0);
