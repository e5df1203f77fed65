// Makes a finished JSPI module re-entrant: each promising call gets a C stack of its own. Python's `make_reentrant` does the same, and
// both make the same bytes (`tests/integration/npm`).

import { Additions } from "./additions.mjs";
import { customSections } from "./custom-sections.mjs";
import { hasNewExceptions } from "./exceptions.mjs";
import { Facts } from "./facts.mjs";
import { Invokes } from "./invokes.mjs";
import { allocatingImports, ownStackBytes, stackExports } from "./left-out.mjs";
import { refuseAddresses } from "./linking.mjs";
import { assembled, patchedSections } from "./patch.mjs";
import { setters } from "./pointer.mjs";
import { makeSideModule } from "./side.mjs";
import { adapter, linked, mistake, refusal, said } from "./specification.mjs";
import { Wrappers } from "./wrappers.mjs";

/**
 * A module, and where its calls begin and wait.
 *
 * @typedef {object} Request
 * @property {import("./module.mjs").Module} module
 * @property {string[]} suspend the imports that may suspend, `module.name`
 * @property {string[]} promise the exports that are called through `WebAssembly.promising`
 * @property {string[]} [promiseTable] functions of the table that are, by name or decimal index
 * @property {number} [region] how large the C stack of a call is (bytes), a multiple of 16
 * @property {string} [malloc] the module's function that allocates, if it has another name
 * @property {boolean} [mainModule] a main module of dynamic linking; side modules that wait or begin calls are made re-entrant, too
 * @property {import("./module.mjs").Module} [sideOf] it is a side module; this is its main module, which was made re-entrant
 * @property {boolean} [invokes] replace Emscripten's `invoke_*`
 * @property {Record<string, string>} [importNames] what minified imports (full names) stand for
 * @property {boolean} [newExceptions] catch exceptions as standardised (`try_table`); undefined: as the module does
 * @property {boolean} [debugInfo] keep what debuggers read (default); else it is dropped where code moves
 * @property {boolean} [forHost] the host calls exports itself, and never functions of the table
 *
 * What was made, and what was done.
 *
 * @typedef {object} Reentrant
 * @property {Uint8Array} wasm the module
 * @property {string[]} suspend the imports whose calls are wrapped, `module.name`
 * @property {string[]} promise the exports that are wrapped
 * @property {string[]} promiseTable the functions wrapped in the table
 * @property {string[]} restoring the exports that set the C stack pointer, which are guarded
 * @property {string[]} invokes the `invoke_*` that were replaced
 * @property {string[]} throwing the imports that throw what these catch
 * @property {number} callSites how many calls of imports were redirected
 * @property {number | null} stackPointer the index of the global; null: a side module that does not use it
 * @property {string} evidence what shows that it is the pointer
 * @property {number} ownStackBytes the size of the module's own C stack, at most
 * @property {string[]} notes what the user should know
 */

const { names, sizes } = adapter;

/** @type {(list: string[], leftOut: string[]) => string[]} */
const without = (list, leftOut) => list.filter((each) => !leftOut.includes(each));

/**
 * @param {Request} request
 * @returns {Reentrant} throws a ModuleRefusedError, ConfigError or WasmFormatError
 */
export function transform(request) {
  const { module, suspend, promise, promiseTable = [], region = sizes.region, importNames = {} } = request;
  if (request.sideOf !== undefined) return makeSideModule(request, request.sideOf);
  if (suspend.length === 0 && !request.invokes && !request.mainModule) throw mistake("nothing");
  const facts = new Facts(module, request);
  if (facts.linked) refuseAddresses(module, suspend);
  if (facts.linked && request.invokes) throw refusal("dynamic-linking:invokes");
  const growing = allocatingImports(module, suspend, importNames, facts.functions.malloc);
  const ofStack = stackExports(module, promise, facts.pointer.index);
  const ownStack = ownStackBytes(module, facts.pointer.initial ?? 0);
  const additions = new Additions(module);
  const regions = addRegions(additions, facts, { ...request, promiseTable, region }, ownStack);
  const newExceptions = request.newExceptions ?? hasNewExceptions(module);
  const { invokes, throwing } = request.invokes
    ? new Invokes(additions, facts, importNames, regions, newExceptions).replace()
    : { invokes: [], throwing: [] };
  const wrappers = new Wrappers(additions, regions, facts.address, newExceptions, facts.linked);
  const suspending = wrappers.wrapImports(without(suspend, [...invokes, ...growing]));
  const promising = wrappers.wrapExports(without(promise, ofStack));
  const tableFunctions = wrappers.wrapTable(promiseTable);
  const restoring = [...setters(module, facts.pointer.index)];
  guard(additions, restoring, regions);
  if (facts.threads) for (const each of facts.limitsExports) additions.exports.set(each, regions.$set_thread);
  for (const each of [...names.hooks, ...names.host_hooks, names.reclaim, ...names.linked]) {
    if (`$${each}` in regions) additions.newExports.set(each, regions[`$${each}`]);
  }
  const patched = patchedSections(additions);
  const custom = customSections(module, addedNames(additions), patched.moves, request.debugInfo ?? true);
  return {
    wasm: assembled(patched.sections, custom),
    suspend: suspending,
    promise: promising,
    promiseTable: tableFunctions,
    restoring,
    invokes,
    throwing,
    callSites: patched.callSites,
    stackPointer: facts.pointer.index,
    evidence: facts.pointer.evidence,
    ownStackBytes: ownStack,
    notes: [...leftOutNotes(growing, ofStack), ...ownNotes(ownStack, region, request.invokes, facts), ...custom.notes],
  };
}

/**
 * The exports that set the pointer go to a function that guards it.
 *
 * @param {Additions} additions
 * @param {string[]} restoring
 * @param {Record<string, number>} regions
 */
function guard(additions, restoring, regions) {
  for (const each of restoring) additions.exports.set(each, regions.$restore);
  for (const { name, index } of additions.module.functionExports) {
    if (restoring.includes(name)) additions.references.set(index, regions.$restore);
  }
}

/**
 * Add the functions and globals of regions.wat.
 *
 * @param {Additions} additions
 * @param {Facts} facts
 * @param {{invokes?: boolean, forHost?: boolean, promiseTable: string[], region: number}} request
 * @param {number} ownStack
 * @returns their indexes by name
 */
function addRegions(additions, facts, { invokes, forHost, promiseTable, region }, ownStack) {
  const found = facts.functions;
  const has = new Set(Object.keys(conditions(facts, { invokes, forHost, promiseTable })));
  const declared = adapter.regions[facts.address];
  const wanted = (/** @type {string[]} */ when) => when.every((each) => has.has(each));
  /** @type {Record<string, number>} */
  const added = {};
  for (const [name, kind, when] of declared.globals) if (wanted(when)) added[name] = additions.addGlobal(kind);
  const functions = declared.functions.filter((each) => wanted(each.when));
  const first = additions.nextFunction;
  functions.forEach(({ name }, at) => (added[name] = first + at));
  const known = Object.entries(found).filter(([, index]) => index !== undefined);
  const links = {
    indexes: { ...Object.fromEntries(known.map(([name, index]) => [`$${name}`, /** @type {number} */ (index)])), ...added, $sp: facts.pointer.index },
    constants: {
      SPAN: region - sizes.canary,
      REGION: region,
      ROOM: region + sizes.header,
      TOP: facts.pointer.initial ?? 0,
      SLACK: Math.floor(Math.min(ownStack || region, region) / 2),
    },
    has,
  };
  for (const each of functions) additions.addFunction(each.name, additions.typeIndex(each), linked(each.code, links), each.locals);
  return added;
}

/**
 * What the module has, by the names of `(when X …)`.
 *
 * @param {Facts} facts
 * @param {{invokes?: boolean, forHost?: boolean, promiseTable: string[]}} request
 */
function conditions({ functions: found, linked, pointer, threads }, { invokes = false, forHost = false, promiseTable }) {
  const all = {
    exceptions: found.exceptions !== undefined,
    limits: found.set_limits !== undefined,
    checks: found.set_checked_limits !== undefined,
    invokes,
    malloc: found.malloc !== undefined,
    pages: found.malloc === undefined,
    host: forHost,
    glue: !forHost,
    linked,
    threads,
    references: promiseTable.length > 0 || linked,
    pointer_imported: pointer.initial === undefined,
    bounds: found.get_base !== undefined && found.get_end !== undefined,
    state: found.exceptions !== undefined || found.set_limits !== undefined || found.set_checked_limits !== undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, there]) => there));
}

/** Index and name of what was added: all functions if the module has names, else the messages. @param {Additions} additions @returns {[number, string][]} */
function addedNames({ module, functions }) {
  const named = module.customSections.has("name");
  return functions
    .map(({ name }, at) => /** @type {[number, string]} */ ([module.functionCount + at, name]))
    .filter(([, name]) => named || name.startsWith(`$${names.traps}`))
    .map(([index, name]) => [index, name.replace(/^\$/, "")]);
}

/** @param {string[]} growing @param {string[]} ofStack */
function leftOutNotes(growing, ofStack) {
  const notes = [];
  if (growing.length > 0) notes.push(said("notes", "growing", { names: growing.join(", ") }));
  if (ofStack.length > 0) notes.push(said("notes", "of_stack", { names: ofStack.join(", ") }));
  return notes;
}

/** @param {number} own @param {number} region @param {boolean | undefined} invokes @param {Facts} facts */
function ownNotes(own, region, invokes, facts) {
  const notes = facts.linked ? [said("notes", "main")] : [];
  if (own > region) notes.push(said("notes", "own_stack", { own, region }));
  if (invokes) notes.push(said("notes", "invokes"));
  if (facts.module.tags.length > 0 && facts.functions.exceptions === undefined) notes.push(said("notes", "exceptions"));
  return notes;
}
