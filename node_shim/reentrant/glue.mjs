// What Emscripten's glue of a JSPI build says: which imports it lets suspend, which exports are promising. As in Python
// (`stackswitch/lists/glue.py`), by the same expressions.

import { adapter } from "./specification.mjs";
import { globbed } from "./patterns.mjs";

const expressions = adapter.javascript.glue;
const ENTRY = new RegExp(expressions.entry, "y");
const NAME = new RegExp(`^(?:${expressions.name})$`);

/**
 * The patterns and marks.
 *
 * @typedef {object} Glue
 * @property {string[]} imports patterns of names, `*` for any characters
 * @property {string[]} exports
 * @property {Set<string>} marked functions of the glue that are marked as asynchronous, without their first `_`
 * @property {Record<string, string>} names what the keys of the object of imports stand for
 */

/** Read glue as `emcc` writes it, minified or not; not if closure has renamed properties. @param {string} text @returns {Glue} */
export const readGlue = (text) => ({
  imports: patterns(text, "import"),
  exports: patterns(text, "export"),
  marked: new Set([...text.matchAll(new RegExp(expressions.async, "g"))].map((each) => each[1])),
  names: importNames(text),
});

/** Whether it says anything of JSPI. @param {Glue} glue */
export const isJspi = ({ imports, exports, marked }) => imports.length + exports.length + marked.size > 0;

/** Whether an import of this name (without its module) may suspend. @param {Glue} glue @param {string} name */
export const suspends = ({ imports, marked, names }, name) =>
  globbed(name, imports) || marked.has(Object.hasOwn(names, name) ? names[name] : name);

/** @param {string} text @param {string} which */
function patterns(text, which) {
  const expression = (/** @type {string} */ name) =>
    new RegExp(expressions[name].replaceAll("{which}", which).replaceAll("{upper}", which.toUpperCase()), "g");
  const found = [...text.matchAll(expression("pattern"))].map((each) => each[1]);
  for (const [, items] of text.matchAll(expression("patterns"))) {
    for (const [, ...groups] of items.matchAll(new RegExp(expressions.item, "g"))) found.push(groups.find(Boolean) ?? "");
  }
  const alternatives = found.flatMap((each) => each.replace(/^\(/, "").replace(/\)$/, "").split("|"));
  return [...new Set(alternatives.filter((each) => NAME.test(each)).map(glob))];
}

/** A pattern of the linker's as one of ours, without a module. @param {string} pattern */
function glob(pattern) {
  const ours = pattern.replaceAll(".*", "*");
  return ours.slice(ours.lastIndexOf(".") + 1);
}

/** @param {string} text */
function importNames(text) {
  /** @type {Record<string, string>} */
  const names = Object.create(null);
  for (const opening of text.matchAll(new RegExp(expressions.imports, "g"))) {
    ENTRY.lastIndex = opening.index + opening[0].length;
    for (let match = ENTRY.exec(text); match !== null; match = ENTRY.exec(text)) {
      const [, , key, value, end] = match;
      names[key] = (value || key).replace(/^_/, "");
      if (end === "}") break;
    }
  }
  return names;
}
