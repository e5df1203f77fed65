// What the transform adds to modules and says of them, as data: `adapter.mjs`, which Python's transform reads too.
//
// A template is code in which something is left open; stackswitch/transform/reentrant/adapter.py says what its items are.

import data from "./adapter.mjs";
import { ConfigError, ModuleRefusedError } from "./errors.mjs";
import { signed, unsigned } from "./encode.mjs";

/** @typedef {import("./errors.mjs").Values} Values */
/** @typedef {string | [string, string] | [string, string, any[]]} TemplateItem */
/** @typedef {{params: string[], results: string[]}} FunctionType */
/** @typedef {{name: string, when: string[], params: string[], results: string[], locals: string[], code: TemplateItem[]}} AddedFunction */
/**
 * @typedef {object} Adapter
 * @property {Record<string, number>} sizes
 * @property {Record<string, any>} names
 * @property {Record<string, [string[], string[], string[]]>} functions
 * @property {{prefix: string, set_threw: string[], temp_ret_import: string, temp_ret: string[], table: string, types: Record<string, string>,
 *   zeros: Record<string, string>, throwing: Record<string, string>, catching: Record<string, string>}} invokes
 * @property {{file_offsets: string[], code_offsets: string[], before_code: string, debug: string, feature: string}} sections
 * @property {Record<string, string>} titles
 * @property {Record<string, string>} refusals
 * @property {Record<string, string>} mistakes
 * @property {Record<string, string>} notes
 * @property {Record<string, string>} evidence
 * @property {Record<string, TemplateItem[]>} codes
 * @property {Record<string, {globals: [string, string, string[]][], functions: AddedFunction[]}>} regions
 * @property {Record<string, any>} javascript
 */

/** @type {Adapter} */
export const adapter = /** @type {any} */ (data);

/** @type {(text: string, values: Values) => string} */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @type {(kind: "titles" | "notes" | "evidence", key: string, values?: Values) => string} */
export const said = (kind, key, values = {}) => filled(adapter[kind][key], values);

/** The error of a module that is refused. @type {(key: string, values?: Values) => ModuleRefusedError} */
export const refusal = (key, values = {}) => new ModuleRefusedError(key.split(":")[0], filled(adapter.refusals[key], values));

/** The error of a request that is wrong. @type {(key: string, values?: Values) => ConfigError} */
export const mistake = (key, values = {}) => new ConfigError(filled(adapter.mistakes[key], values));

/**
 * What the names in templates stand for.
 *
 * @typedef {object} Links
 * @property {Record<string, number>} indexes
 * @property {Record<string, number[]>} [parts]
 * @property {Record<string, number | bigint>} [constants]
 * @property {Set<string>} [has]
 */

/** @type {(digits: string) => number[]} */
export const fromHex = (digits) => {
  const out = [];
  for (let at = 0; at < digits.length; at += 2) out.push(Number.parseInt(digits.slice(at, at + 2), 16));
  return out;
};

/** @type {<T>(found: Record<string, T> | undefined, name: string) => T} */
function known(found, name) {
  if (found === undefined || !Object.hasOwn(found, name)) throw new TypeError(`the specification names ${name}, which is not known`);
  return found[name];
}

/**
 * @param {TemplateItem[]} template
 * @param {Links} links
 * @returns {number[]} the code
 */
export function linked(template, links) {
  /** @type {number[]} */
  const out = [];
  for (const item of template) {
    if (typeof item === "string") out.push(...fromHex(item));
    else if (item[0] === "index") out.push(...unsigned(known(links.indexes, item[1])));
    else if (item[0] === "constant") out.push(...signed(known(links.constants, item[1])));
    else if (item[0] === "part") out.push(...known(links.parts, item[1]));
    else if (item[0] !== "when") throw new TypeError(`unknown item of a template: ${item[0]}`);
    else if (links.has?.has(item[1])) out.push(...linked(item[2] ?? [], links));
  }
  return out;
}
