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

/** @param {string[]} kinds */
export const sizeOf = (kinds) => SLOT * kinds.length;

/**
 * @param {string[]} kinds
 * @param {DataView} view
 * @param {number} at
 * @param {References} references
 */
export function read(kinds, view, at, references) {
  const values = new Array(kinds.length);
  for (let i = 0; i < kinds.length; i++, at += SLOT) {
    switch (kinds[i]) {
      case "i32":
        values[i] = view.getInt32(at, true);
        break;
      case "i64":
        values[i] = view.getBigInt64(at, true);
        break;
      case "f32":
        values[i] = view.getFloat32(at, true);
        break;
      case "f64":
        values[i] = view.getFloat64(at, true);
        break;
      default:
        values[i] = references.object(view.getInt32(at, true));
    }
  }
  return values;
}

/**
 * @param {string[]} kinds
 * @param {any[]} values
 * @param {Buffer} data
 * @param {number} at
 * @param {References} references
 */
export function write(kinds, values, data, at, references) {
  for (let i = 0; i < kinds.length; i++, at += SLOT) {
    switch (kinds[i]) {
      case "i32":
        data.writeInt32LE(values[i], at);
        break;
      case "i64":
        data.writeBigInt64LE(values[i], at);
        break;
      case "f32":
        data.writeFloatLE(values[i], at);
        break;
      case "f64":
        data.writeDoubleLE(values[i], at);
        break;
      default:
        data.writeInt32LE(references.number(values[i]), at);
    }
  }
}

/** @param {string} kind */
export const zero = (kind) => (kind === "i64" ? 0n : kind === "externref" ? null : 0);
