// What is refused of modules that are linked with others, or are not linked yet.

import { adapter, refusal } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */

const { names } = adapter;
export const ADDRESS = "GOT.func"; // the module of imports that are addresses of functions: the loader puts them into the table

/** @param {Module} module @param {boolean} mainModule @param {boolean} linked it gets what side modules need */
export function refuseLinking(module, mainModule, linked) {
  if (module.customSections.has("dylink.0") && !mainModule) throw refusal("dynamic-linking");
  if (linked) return;
  const shared = module.imports.find((each) => names.dynamic_imports.includes(each.module));
  if (shared !== undefined) throw refusal("dynamic-linking:import", { name: shared.fullName });
}

/** Calls of an import by its address would not be seen. @param {Module} module @param {string[]} suspend */
export function refuseAddresses(module, suspend) {
  const waiting = new Set(suspend.map((each) => without(without(each, `${ADDRESS}.`), "env.")));
  const taken = module.imports.find((each) => each.module === ADDRESS && waiting.has(each.name));
  if (taken !== undefined) throw refusal("function-address", { name: taken.name });
}

/** @type {(text: string, prefix: string) => string} */
const without = (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text);

/** @param {Module} module */
export function refuseObjects(module) {
  const object = [...module.customSections.keys()].find((each) => each === "linking" || each.startsWith("reloc."));
  if (object !== undefined) throw refusal("object-file", { name: object });
}
