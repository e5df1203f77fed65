// Makes a side module of dynamic linking re-entrant: its main module's functions switch the C stacks.

import { Additions } from "./additions.mjs";
import { customSections } from "./custom-sections.mjs";
import { hasNewExceptions } from "./exceptions.mjs";
import { withImports } from "./imported.mjs";
import { allocatingImports } from "./left-out.mjs";
import { refuseAddresses, refuseObjects } from "./linking.mjs";
import { Module } from "./module.mjs";
import { refuseOtherSchemes } from "./other-schemes.mjs";
import { assembled, patchedSections } from "./patch.mjs";
import { adapter, mistake, refusal, said } from "./specification.mjs";
import { Wrappers } from "./wrappers.mjs";

/** @typedef {import("./transform.mjs").Request} Request */

const { names } = adapter;
const BEGINS = { params: [], results: ["i64"] };
const ENDS = { params: ["i64"], results: [] };
/** The main module's exports for its side modules, and what wrappers call them. */
const REGIONS = ["$enter_if_idle", "$leave_if_entered", "$before", "$after"];
/** @type {[string, import("./types.mjs").FunctionType][]} */
const FUNCTIONS = names.linked.map((/** @type {string} */ name, /** @type {number} */ at) => [name, at % 2 === 0 ? BEGINS : ENDS]);

/**
 * @param {Request} request
 * @param {Module} main the main module, which was made re-entrant
 * @returns {import("./transform.mjs").Reentrant}
 */
export function makeSideModule(request, main) {
  const { module, suspend, promise, promiseTable = [], importNames = {}, debugInfo = true } = request;
  refuse(request, main);
  const linked = linkedImports(module, suspend, main);
  const growing = allocatingImports(module, suspend, importNames, undefined);
  const widened = withImports(module, FUNCTIONS.map(([name, type]) => ["env", name, type]), debugInfo);
  const wider = new Module(widened.wasm);
  const regions = Object.fromEntries(REGIONS.map((name, at) => [name, module.importedFunctions + at]));
  const additions = new Additions(wider);
  const wrappers = new Wrappers(additions, regions, "i64", request.newExceptions ?? hasNewExceptions(wider), true);
  const suspending = wrappers.wrapImports(suspend.filter((each) => !linked.includes(each) && !growing.includes(each)));
  const promising = wrappers.wrapExports(promise);
  const tableFunctions = wrappers.wrapTable(promiseTable);
  const patched = patchedSections(additions);
  const added = additions.functions.map(({ name }, at) => /** @type {[number, string]} */ ([wider.functionCount + at, name]));
  const custom = customSections(wider, wider.customSections.has("name") ? added : [], patched.moves, debugInfo);
  const pointer = module.imports.findLast((each) => each.kind === "global" && each.name === names.pointer)?.index ?? null;
  return {
    wasm: assembled(patched.sections, custom),
    suspend: suspending,
    promise: promising,
    promiseTable: tableFunctions,
    restoring: [],
    invokes: [],
    throwing: [],
    callSites: patched.callSites,
    stackPointer: pointer,
    evidence: said("evidence", pointer === null ? "linked" : "import"),
    ownStackBytes: 0,
    notes: [...notesOn(linked, growing), ...new Set([...widened.notes, ...custom.notes])],
  };
}

/** @param {Request} request @param {Module} main */
function refuse({ module, suspend, mainModule, invokes }, main) {
  if (mainModule) throw mistake("both");
  refuseOtherSchemes(module);
  refuseObjects(module);
  refuseAddresses(module, suspend);
  if (!module.customSections.has("dylink.0")) throw refusal("dynamic-linking:section");
  for (const [name, type] of FUNCTIONS) {
    const found = main.exports.get(name);
    if (found === undefined || found.kind !== "func" || !main.hasType(found.index, type)) throw refusal("dynamic-linking:of", { name });
  }
  if (module.memories.length > 0 && module.memories[0].is64 !== main.memories[0].is64) throw refusal("dynamic-linking:size");
  const exported = module.functionExports.map((each) => each.name);
  const own = exported.find((each) => names.setters.includes(each));
  if (own !== undefined) throw refusal("dynamic-linking:side", { name: own });
  if (exported.some((each) => names.stack_limits.includes(each))) throw refusal("stack-checks");
  if (invokes) throw refusal("dynamic-linking:invokes");
}

/** The imports that are the main module's functions, of those that may suspend: they wait there. @param {Module} module @param {string[]} suspend @param {Module} main */
function linkedImports(module, suspend, main) {
  const functions = new Set(main.functionExports.map((each) => each.name));
  const found = module.functionImports.filter((each) => suspend.includes(each.fullName) && functions.has(each.name));
  return [...new Set(found.map((each) => each.fullName))];
}

/** @param {string[]} linked @param {string[]} growing */
function notesOn(linked, growing) {
  const notes = [];
  if (linked.length > 0) notes.push(said("notes", "linked", { names: linked.join(", ") }));
  if (growing.length > 0) notes.push(said("notes", "growing", { names: growing.join(", ") }));
  return notes;
}
