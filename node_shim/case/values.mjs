// Guest values on the wire and in JavaScript. On the wire a value is text: `i32:-1`, `i64:-7`, `f32:0x3f800000`
// and `f64:0x…` (their bits, so that nothing is lost in a decimal), `externref:7`, `externref:null`,
// `funcref:null`, `funcref:EXPORT`. Expected values may be `f32:nan` or `f64:nan`: every NaN.

/** @typedef {(name: string) => Function | undefined} ExportedFunction */

const view = new DataView(new ArrayBuffer(8));

/** @type {(kind: string, number: number) => string} */
function floatBits(kind, number) {
  if (kind === "f32") {
    view.setFloat32(0, number);
    return view.getUint32(0).toString(16).padStart(8, "0");
  }
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

/** @type {(kind: string, literal: string) => number} */
function floatFrom(kind, literal) {
  if (literal === "nan") return NaN;
  if (kind === "f32") {
    view.setUint32(0, Number(literal));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, BigInt(literal));
  return view.getFloat64(0);
}

/** Host objects by number: the same number is the same object. */
export class References {
  /** @type {Map<number, unknown>} */
  #byNumber = new Map();
  /** @type {Map<unknown, number>} */
  #numbers = new Map();
  #next = 1_000_000; // objects that no case has named: far from the numbers that cases use

  /** @param {number} number */
  object(number) {
    if (!this.#byNumber.has(number)) this.#remember(number, Object.freeze({ externref: number }));
    return this.#byNumber.get(number);
  }

  /** @param {unknown} object */
  number(object) {
    if (!this.#numbers.has(object)) this.#remember(this.#next++, object);
    return this.#numbers.get(object);
  }

  /** @type {(number: number, object: unknown) => void} */
  #remember(number, object) {
    this.#byNumber.set(number, object);
    this.#numbers.set(object, number);
  }
}

/**
 * @param {string} text
 * @param {References} references
 * @param {ExportedFunction} functions maps an export's name to the exported function
 * @returns {any}
 */
export function fromWire(text, references, functions) {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const literal = text.slice(colon + 1);
  switch (kind) {
    case "i32":
      return Number(literal) | 0;
    case "i64":
      return BigInt.asIntN(64, BigInt(literal));
    case "f32":
    case "f64":
      return floatFrom(kind, literal);
    case "externref":
      return literal === "null" ? null : references.object(Number(literal));
    case "funcref": {
      if (literal === "null") return null;
      const found = functions(literal);
      if (found === undefined) throw new TypeError(`there is no exported function ${literal}`);
      return found;
    }
    default:
      throw new TypeError(`a ${kind} cannot cross the boundary between JavaScript and wasm`);
  }
}

/**
 * @param {any} value
 * @param {string} kind
 * @param {References} references
 * @param {(value: unknown) => string | undefined} nameOf maps a function to the name it is exported by, or undefined
 */
export function toWire(value, kind, references, nameOf) {
  switch (kind) {
    case "i32":
      return `i32:${value | 0}`;
    case "i64":
      return `i64:${BigInt.asIntN(64, value)}`;
    case "f32":
    case "f64":
      return `${kind}:0x${floatBits(kind, value)}`;
    case "funcref":
      if (value === null) return "funcref:null";
      return `funcref:${nameOf(value) ?? `function[${value.name}]`}`;
    case "externref":
      return value === null ? "externref:null" : `externref:${references.number(value)}`;
    default:
      return `${kind}:?`;
  }
}

/**
 * Whether a value, as `toWire` writes it, is the expected one.
 *
 * @param {string} expected
 * @param {string} actual
 */
export function isExpected(expected, actual) {
  if (expected === "f32:nan" || expected === "f64:nan") {
    return actual.startsWith(expected.slice(0, 4)) && Number.isNaN(floatFrom(expected.slice(0, 3), actual.slice(4)));
  }
  return expected === actual;
}
