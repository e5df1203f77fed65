// Where calls of a JSPI build begin and wait: from glue and patterns, all together. As in Python (`stackswitch/analysis/boundaries.py`).

import { pathTo } from "./call-graph.mjs";
import { isJspi, readGlue, suspends } from "./glue.mjs";
import { ADDRESS } from "./linking.mjs";
import { fullName, globbed, listed } from "./patterns.mjs";
import { adapter, mistake } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */

/** @type {string[]} */
const NEVER = adapter.javascript.never;
const MINIFIED = /^(?:a|env|wasi_snapshot_preview1)\.[A-Za-z_$][A-Za-z0-9_$]?$/;
const SHOWN = 12;

/** @type {(number: number, what: string) => string} */
const counted = (number, what) => `${number.toLocaleString("en-US")} ${what}${number === 1 ? "" : "s"}`;

export class Boundaries {
  /** Imports, `module.name`. @type {Set<string>} */ suspend = new Set();
  /** @type {Set<string>} */ promise = new Set();
  /** What imports (full names) stand for in the glue, if it is minified. @type {Record<string, string>} */ importNames = Object.create(null);
  /** For people. @type {string[]} */ sources = [];
  /** Imports `GOT.func.name`: the addresses of functions that may suspend. @type {Set<string>} */ addresses = new Set();

  /** @param {Module} module @param {string[]} linked functions that are other modules', by name: they are not JavaScript */
  constructor(module, linked = []) {
    this.module = module;
    this.linked = linked;
    this.imports = [...new Set(module.functionImports.map((each) => each.fullName))];
    this.exports = module.functionExports.map((each) => each.name);
  }

  /** @param {string} source @param {string[]} suspend @param {string[]} promise */
  #add(source, suspend, promise) {
    for (const each of suspend) this.suspend.add(each);
    for (const each of promise) this.promise.add(each);
    this.sources.push(`${source}: ${counted(suspend.length, "import")}, ${counted(promise.length, "export")}`);
  }

  /** Add the addresses of imported functions; `waits` gets their full names. @param {(name: string) => boolean} waits */
  #addAddresses(waits) {
    for (const { module, name, fullName: taken } of this.module.imports) {
      if (module === ADDRESS && !this.exports.includes(name) && !this.linked.includes(name) && waits(fullName(name))) this.addresses.add(taken);
    }
  }

  /** Add what Emscripten's glue says. @param {string} text @param {string} name */
  addGlue(text, name) {
    const glue = readGlue(text);
    if (glue.unread.length > 0) throw mistake("glue_patterns", { name, patterns: glue.unread.join(", ") });
    if (!isJspi(glue)) throw mistake("glue", { name });
    const { functionImports } = this.module;
    const named = glue.renamed ? [] : functionImports.filter((each) => Object.hasOwn(glue.names, each.name));
    for (const each of named) this.importNames[each.fullName] = glue.names[each.name];
    const imports = functionImports.filter((each) => suspends(glue, each.name)).map((each) => each.fullName);
    this.#add(name, imports, this.exports.filter((each) => globbed(each, glue.exports)));
    this.#addAddresses((each) => suspends(glue, each.slice(each.indexOf(".") + 1)));
  }

  /** Add imports and exports that patterns match. @param {string[]} suspend @param {string[]} promise */
  addPatterns(suspend, promise) {
    if (suspend.length === 0 && promise.length === 0) return;
    for (const each of promise) if (!this.exports.some((name) => globbed(name, [each]))) throw mistake("exports", { names: each });
    const entries = suspend.map(fullName);
    for (const each of entries) {
      if (!this.imports.some((name) => listed(each, name))) throw mistake("import_pattern", { pattern: each, present: this.#present() });
    }
    const imports = this.imports.filter((name) => entries.some((each) => listed(each, name)));
    this.#addAddresses((each) => globbed(each, entries));
    this.#add("options", imports, this.exports.filter((each) => globbed(each, promise)));
  }

  #present() {
    const { imports } = this;
    const more = imports.length > SHOWN ? ` and ${imports.length - SHOWN} more` : "";
    return `${imports.slice(0, SHOWN).join(", ")}${more}` || "none";
  }

  /** Add all imports but those that never suspend; `never`: more patterns of such. @param {string[]} never */
  addEveryImport(never) {
    const { imports, importNames } = this;
    const more = never.map(fullName);
    const addresses = this.module.imports.filter((each) => each.module === ADDRESS);
    const known = [...imports, ...Object.values(importNames).map(fullName), ...addresses.map((each) => fullName(each.name))];
    for (const each of more) if (!known.some((name) => globbed(name, [each]))) throw mistake("imports", { names: each });
    if (Object.keys(importNames).length === 0 && imports.length > 0 && imports.every((each) => MINIFIED.test(each))) {
      throw mistake("minified", { names: imports.slice(0, 3).join(", ") });
    }
    const leftOut = [...NEVER, ...more];
    const names = imports.filter((each) => !globbed(each, leftOut) && !globbed(fullName(importNames[each] ?? each), leftOut));
    this.#add("all imports", names, []);
    this.#addAddresses((each) => !globbed(each, leftOut));
  }

  /** Without any promising export, take those from which an import that suspends can be reached. */
  complete() {
    if (this.suspend.size === 0 || this.promise.size > 0) return;
    const waiting = this.module.functionImports.filter((each) => this.suspend.has(each.fullName)).map((each) => each.index);
    const path = pathTo(this.module, waiting);
    this.#add("the call graph", [], this.module.functionExports.filter((each) => path.has(each.index)).map((each) => each.name));
  }
}
