// Emscripten's `invoke_*` in wasm: what npm's Binaryen calls through wherever C++ may throw.
//
// Emscripten writes them in JavaScript: each call goes out of wasm and back in, and the table's function is called by a
// wrapper. That is near half of the time of a run on a large module. Here a generated module calls the table's function
// itself, and JavaScript runs only when something was thrown: then as Emscripten's own does. What it cannot replace (an
// engine without `WebAssembly.JSTag`, another Emscripten's glue) stays as it is. The tool's table must not grow: it is copied.
//
// Layouts: "Binary Format" and "Exception Handling" (legacy) of the WebAssembly specification.

import {
  END, body, call, concat, encodeModule, exportOf, get, importOf, leb, section, setLocal, vector,
} from "../wasm/encode.mjs";

const I32 = 0x7f;
const EXTERNREF = 0x6f;
const FUNCREF = 0x70;
const EMPTY = 0x40;
/** @type {Record<string, number>} */
const TYPES = { i: I32, j: 0x7e, f: 0x7d, d: 0x7c };
/** @type {Record<string, number[]>} */
const ZEROS = { v: [], i: [0x41, 0], j: [0x42, 0], f: [0x43, 0, 0, 0, 0], d: [0x44, 0, 0, 0, 0, 0, 0, 0, 0] };
const NAME = /^invoke_([vijfd])([ijfd]*)$/;

/** What `invoke_*` use of the instance, by the name that the glue has for it: the glue tells what the instance calls it. */
const USED = { stack: "_emscripten_stack_get_current", restore: "__emscripten_stack_restore", threw: "_setThrew" };
const KIND = "EmscriptenEH"; // what is thrown for C++ and longjmp

/** @type {(params: number[], result: string) => number[]} */
const type = (params, result) => [0x60, ...vector(params), ...vector(result === "v" ? [] : [TYPES[result]])];
/** @type {(table: number, number: number) => number[]} */
const callTable = (table, number) => [0x11, ...leb(number), ...leb(table)];

/**
 * The module for these signatures (result, then parameters), as Emscripten writes them in a name.
 *
 * @param {string[]} signatures
 */
function written(signatures) {
  const shared = [type([EXTERNREF, I32], "v"), [0x60, 1, EXTERNREF, 0], type([], "i")];
  const [caughtType, tagType, stackType] = [0, 1, 2];
  const parameters = (/** @type {string} */ signature) => [...signature.slice(1)].map((each) => TYPES[each]);
  const called = (/** @type {number} */ at) => shared.length + 2 * at;
  const types = signatures.flatMap((each) => {
    const params = parameters(each);
    return [type(params, each[0]), type([I32, ...params], each[0])];
  });
  const bodies = signatures.map((each, at) => {
    const params = each.length - 1;
    const stack = params + 1;
    return body([[1, I32]], [
      0x41, 0, ...callTable(1, stackType), ...setLocal(stack),
      0x06, each[0] === "v" ? EMPTY : TYPES[each[0]],
      ...Array.from({ length: params }, (_, number) => get(number + 1)).flat(),
      ...get(0), ...callTable(0, called(at)),
      0x07, 0, ...get(stack), ...call(0), ...ZEROS[each[0]],
      ...END,
    ]);
  });
  return encodeModule([
    section(1, vector([...shared, ...types])),
    section(2, vector([
      importOf("host", "caught", [0, caughtType]),
      importOf("host", "tag", [4, 0, tagType]),
      importOf("host", "functions", [1, FUNCREF, 0, 0]),
      importOf("host", "stack", [1, FUNCREF, 0, 1]),
    ])),
    section(3, vector(signatures.map((_, at) => leb(called(at) + 1)))),
    section(7, vector(signatures.map((each, at) => exportOf(each, 0, at + 1)))),
    section(10, concat([leb(bodies.length), ...bodies.map((each) => Uint8Array.from(each))])),
  ]);
}

/** A module that copies the first `size` entries of one table into another. */
function copier() {
  const code = [0x41, 0, 0x41, 0, ...get(0), 0xfc, 14, 0, 1];
  return encodeModule([
    section(1, vector([[0x60, 1, I32, 0]])),
    section(2, vector([importOf("host", "to", [1, FUNCREF, 0, 0]), importOf("host", "from", [1, FUNCREF, 0, 0])])),
    section(3, vector([[0]])),
    section(7, vector([exportOf("copy", 0, 0)])),
    section(10, vector([body([], code)])),
  ]);
}

/**
 * The signature of one of Emscripten's functions, by its name; null for any other.
 *
 * @param {unknown} value
 */
const signatureOf = (value) => {
  const found = typeof value === "function" && NAME.exec(value.name);
  return found ? found[1] + found[2] : null;
};

/** @type {(object: Record<string, any>, change: (value: any) => any) => Record<string, any>} */
const each = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/** Compiled once for a tool; each of its runs gets its own. */
export class Invokes {
  /** Names that the glue's text is to hand out; none where nothing can be replaced. */
  handedOut;
  #names;
  /** @type {WebAssembly.Module[]} */
  #modules = [];

  /** @param {string} text of the glue */
  constructor(text) {
    this.#names = each(USED, (name) => new RegExp(`\\b${name}=wasmExports\\["(\\w+)"\\]`).exec(text)?.[1]);
    const possible = WebAssembly.JSTag !== undefined && text.includes(`class ${KIND}`);
    this.handedOut = possible && Object.values(this.#names).every(Boolean) ? [KIND] : [];
  }

  /**
   * Instantiate the tool.
   *
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} imports as the glue gives them
   * @param {() => Record<string, any>} glue gives what the glue handed out; called when something was thrown
   */
  instantiate(module, imports, glue) {
    const found = Object.values(imports).flatMap((from) => Object.values(from).map(signatureOf));
    const signatures = [...new Set(found.filter((each) => each !== null))];
    if (signatures.length === 0 || this.handedOut.length === 0) return new WebAssembly.Instance(module, imports);
    if (this.#modules.length === 0) this.#modules = [written(signatures), copier()].map((bytes) => new WebAssembly.Module(bytes));
    const functions = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    const stack = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    /** @type {Record<string, Function>} */
    let used;
    const caught = (/** @type {unknown} */ error, /** @type {number} */ pointer) => {
      used.restore(pointer);
      if (!(error instanceof glue()[KIND])) throw error;
      used.threw(1, 0);
    };
    const ours = new WebAssembly.Instance(this.#modules[0], {
      host: { tag: WebAssembly.JSTag, functions, stack, caught },
    }).exports;
    const replaced = each(imports, (from) => each(from, (value) => ours[signatureOf(value) ?? ""] ?? value));
    const instance = new WebAssembly.Instance(module, replaced);
    used = each(this.#names, (name) => instance.exports[name]);
    stack.set(0, used.stack);
    const table = /** @type {WebAssembly.Table} */ (Object.values(instance.exports).find((value) => value instanceof WebAssembly.Table));
    functions.grow(table.length);
    new WebAssembly.Instance(this.#modules[1], { host: { to: functions, from: table } }).exports.copy(table.length);
    return instance;
  }
}
