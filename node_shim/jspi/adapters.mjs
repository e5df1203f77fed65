// Generated modules that stand between a guest's C stack pointer and its calls.
//
// The engine takes a call up again by itself: no JavaScript runs between the promise and the guest's next instruction, so
// only wasm can put the stack pointer back in time. Every module here begins with the guest's own type section, so that
// signatures of any kind equal the guest's. Where the pointer is, the guest's instance alone knows, and it is made last:
// its imports reach it through a table.
//
// - `hub`: the table of `get` and `set`, and the state that all share: `region` (the region of the call that runs, 0: the
//   guest's own stack), `own` (where the guest's own stack stands while nothing runs). `leave` is called when a host
//   function is about to wait: the pointer goes back to the own stack. It is imported by the others.
// - `imports`: for each waiting import one that keeps pointer and region in its locals while the host is called.
//
// Layouts: "Binary Format" of the WebAssembly specification.

import {
  END, body, call, concat, encodeModule, exportOf, get, globalGet, globalSet, importOf, leb, name, section, setLocal, vector,
} from "../wasm/encode.mjs";

/** @typedef {import("./module.mjs").ModuleFacts} ModuleFacts */

export const MODULE_NAME = "stackswitch.adapter";
const I32 = 0x7f;
const I64 = 0x7e;
const EXNREF = 0x69;

const LEGACY = "legacy";
const STANDARD = "standard";

const custom = () => section(0, [...name("name"), 0, ...leb(name(MODULE_NAME).length), ...name(MODULE_NAME)]);
/** @type {(sections: Uint8Array[]) => Uint8Array} */
const module = (sections) => encodeModule([...sections, custom()]);

/**
 * The guest's types, and some more.
 *
 * @param {ModuleFacts} guest
 * @param {number[][]} added the bytes of each
 */
function typeSection(guest, added) {
  return section(1, concat([leb(guest.entries + added.length), guest.section, ...added.map((each) => Uint8Array.from(each))]));
}

/** @type {(address: number) => number[]} */
const zero = (address) => (address === I64 ? [0x42, 0] : [0x41, 0]);
/** @type {(address: number) => number[]} */
const isZero = (address) => (address === I64 ? [0x50] : [0x45]);
const IF = [0x04, 0x40];
const ELSE = [0x05];

/**
 * Code that runs `inside` (of the type number `type`, whose parameters `before` puts on the stack), and `after` however it
 * ends, save by a trap.
 *
 * @param {string} exceptions
 * @param {number} type
 * @param {number[]} before
 * @param {number[]} inside
 * @param {number[]} after
 */
function guarded(exceptions, type, before, inside, after) {
  if (exceptions === LEGACY) {
    return [...before, 0x06, ...leb(type), ...inside, 0x19, ...after, 0x09, 0, ...END, ...after];
  }
  const caught = [0x02, EXNREF];
  const attempt = [0x1f, ...leb(type), 1, 0x03, 0];
  return [...caught, ...before, ...attempt, ...inside, ...END, ...after, 0x0f, ...END, ...after, 0x0a];
}

/** @type {WeakMap<ModuleFacts, Map<string, WebAssembly.Module>>} */
const known = new WeakMap();

/**
 * Compile what the engine takes of the two ways to write exception handlers, and keep it by a key.
 *
 * @param {ModuleFacts} guest
 * @param {string} key
 * @param {(exceptions: string) => Uint8Array} write
 */
function compiled(guest, key, write) {
  let modules = known.get(guest);
  if (modules === undefined) known.set(guest, (modules = new Map()));
  let module = modules.get(key);
  if (module === undefined) {
    const bytes = [STANDARD, LEGACY].map(write).find((each) => WebAssembly.validate(each));
    if (bytes === undefined) throw new Error("this engine has no exception handling, which the adapters of concurrent calls need");
    modules.set(key, (module = new WebAssembly.Module(bytes)));
  }
  return module;
}

/** @type {(wide: boolean) => number} */
const addressType = (wide) => (wide ? I64 : I32);
const MUTABLE = 1;

/**
 * `get` and `set` do nothing until the table has the guest's.
 *
 * @param {boolean} wide
 * @returns {Record<string, any>}
 */
export function makeHub(wide) {
  const address = addressType(wide);
  const types = [
    [0x60, 0, 1, address],
    [0x60, 1, address, 0],
    [0x60, 0, 0],
  ];
  const [region, own] = [0, 1];
  const at = (/** @type {number} */ slot, /** @type {number} */ type) => [0x41, slot, 0x11, type, 0];
  const leave = [
    ...globalGet(region), ...isZero(address), ...IF,
    ...at(0, 0), ...globalSet(own),
    ...ELSE,
    ...globalGet(own), ...at(1, 1),
    ...END,
  ];
  const bytes = module([
    section(1, vector(types)),
    section(3, vector([[0], [1], [2]])),
    section(4, vector([[0x70, 0, 2]])),
    section(6, vector([0, 1].map(() => [address, MUTABLE, ...zero(address), ...END]))),
    section(7, vector([exportOf("table", 1, 0), exportOf("region", 3, region), exportOf("own", 3, own), exportOf("leave", 0, 2)])),
    section(9, vector([[0, 0x41, 0, ...END, ...vector([[0], [1]])]])),
    section(10, vector([body([], zero(address)), body([], []), body([], leave)])),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}

/**
 * What reads and writes a global, as functions that fit the table.
 *
 * @param {WebAssembly.Global} global
 * @param {boolean} wide
 * @returns {import("../wasm/stack-pointer.mjs").PointerAccess}
 */
export function makeAccess(global, wide) {
  const address = addressType(wide);
  const bytes = module([
    section(1, vector([[0x60, 0, 1, address], [0x60, 1, address, 0]])),
    section(2, vector([importOf("host", "pointer", [3, address, MUTABLE])])),
    section(3, vector([[0], [1]])),
    section(7, vector([exportOf("get", 0, 0), exportOf("set", 0, 1)])),
    section(10, vector([body([], globalGet(0)), body([], [...get(0), ...globalSet(0)])])),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { pointer: global } });
  return { get: exports.get, set: exports.set };
}

/** @type {(address: number) => number[][]} */
const hubImports = (address) => [
  importOf("hub", "table", [1, 0x70, 0, 2]),
  importOf("hub", "region", [3, address, MUTABLE]),
];
const REGION = 0;

/**
 * Signatures of the pointer's functions stand after the guest's.
 *
 * @param {ModuleFacts} guest
 * @param {number} address
 */
function pointerCalls(guest, address) {
  const first = guest.types.length;
  return {
    types: [[0x60, 0, 1, address], [0x60, 1, address, 0]],
    read: [0x41, 0, 0x11, ...leb(first), 0],
    write: [0x41, 1, 0x11, ...leb(first + 1), 0],
  };
}

/**
 * @param {ModuleFacts} guest
 * @param {boolean} wide
 * @param {Record<string, any>} hub
 * @param {number[]} types of the waiting imports, as numbers of the guest's types
 * @param {object[]} hosts as many functions to call
 * @returns {Function[]} functions to give to the guest in their place
 */
export function makeImports(guest, wide, hub, types, hosts) {
  const compiledModule = compiled(guest, `imports ${wide} ${types}`, (exceptions) => {
    const address = addressType(wide);
    const pointer = pointerCalls(guest, address);
    const bodies = types.map((type, number) => {
      const count = guest.types[type]?.params.length ?? 0;
      const params = Array.from({ length: count }, (_, at) => get(at)).flat();
      const [mine, region] = [count, count + 1];
      const before = [...pointer.read, ...setLocal(mine), ...globalGet(REGION), ...setLocal(region)];
      const after = [...get(region), ...globalSet(REGION), ...get(mine), ...pointer.write];
      return body([[2, address]], [...before, ...guarded(exceptions, type, params, call(number), after)]);
    });
    return module([
      typeSection(guest, pointer.types),
      section(2, vector([...hubImports(address), ...types.map((type, at) => importOf("host", String(at), [0, ...leb(type)]))])),
      section(3, vector(types.map((type) => leb(type)))),
      section(7, vector(types.map((_, at) => exportOf(String(at), 0, types.length + at)))),
      section(10, vector(bodies)),
    ]);
  });
  const host = Object.fromEntries(hosts.map((each, at) => [at, each]));
  const { exports } = new WebAssembly.Instance(compiledModule, { hub, host });
  return hosts.map((_, at) => exports[at]);
}
