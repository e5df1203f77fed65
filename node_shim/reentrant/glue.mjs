// What Emscripten's glue of a JSPI build says: which imports it lets suspend, which exports are promising. As in Python
// (`stackswitch/lists/glue.py`), by the same expressions.

import { adapter } from "./specification.mjs";
import { globbed } from "./patterns.mjs";

const expressions = adapter.javascript.glue;
const KEY = new RegExp(expressions.key, "y");
const SKIPPED = new RegExp(expressions.skipped, "g");
const NAME = new RegExp(`^(?:${expressions.name})$`);
/** Within so many characters after a renamed pattern, glue tests keys with it and wraps their values. */
const LOOP_CHARS = 800;

/**
 * The patterns and marks.
 *
 * @typedef {object} Glue
 * @property {string[]} imports patterns of names, `*` for any characters
 * @property {string[]} exports
 * @property {Set<string>} marked functions of the glue that are marked as asynchronous, without their first `_`
 * @property {Record<string, string>} names what the keys of the object of imports stand for
 * @property {boolean} renamed the Closure Compiler has renamed variables: `marked` and the values of `names` are no names of
 *   Emscripten's
 * @property {string[]} unread patterns, or parts of them, that are none of the linker's and cannot be read
 */

/** Read glue as `emcc` writes it, minified or not, also what the Closure Compiler makes of it. @param {string} text @returns {Glue} */
export function readGlue(text) {
  const renamed = renamedPatterns(text);
  const of = (/** @type {boolean} */ suspends) => renamed.filter((each) => each.suspends === suspends).map((each) => each.pattern);
  const marks = new Set(["isAsync", ...renamed.map((each) => each.mark).filter(Boolean)]);
  const marked = [...marks].flatMap((mark) => [...text.matchAll(expression("async", { mark }))].map((each) => each[1]));
  const imports = alternatives(text, "import", of(true));
  const exports = alternatives(text, "export", of(false));
  const unread = [...imports, ...exports].filter((each) => each !== "" && !NAME.test(each));
  for (const which of ["import", "export"]) {
    unread.push(...[...text.matchAll(expression("assigned", { which }))].map((each) => each[1].trim()));
  }
  return {
    imports: globs(imports),
    exports: globs(exports),
    marked: new Set(marked),
    names: importNames(text, renamed.length > 0),
    renamed: renamed.length > 0,
    unread: [...new Set(unread)],
  };
}

/** An expression with its `{parts}`, which are names. @param {string} name @param {Record<string, string>} [parts] */
function expression(name, parts = {}) {
  let text = expressions[name];
  for (const [part, value] of Object.entries(parts)) text = text.replaceAll(`{${part}}`, () => value.replaceAll("$", () => "\\$"));
  return new RegExp(text, "g");
}

/**
 * Patterns whose variables are renamed: of imports (`suspends`) or exports. `mark`: the property that stands for `isAsync`.
 *
 * @param {string} text
 */
function renamedPatterns(text) {
  const found = [];
  for (const match of text.matchAll(expression("literal"))) {
    const [, variable, pattern] = match;
    const from = match.index + match[0].length;
    const loop = text.slice(from, from + LOOP_CHARS);
    const tested = expression("tested", { variable }).exec(loop);
    if (tested === null || variable.endsWith("Pattern")) continue;
    const search = expression("wrapped");
    search.lastIndex = tested.index + tested[0].length;
    const wrapped = search.exec(loop);
    if (wrapped !== null) found.push({ pattern, suspends: wrapped[1] === "Suspending", mark: tested[1] ?? "" });
  }
  return found;
}

/** Whether it says anything of JSPI. @param {Glue} glue */
export const isJspi = ({ imports, exports, marked }) => imports.length + exports.length + marked.size > 0;

/** Whether an import of this name (without its module) may suspend. @param {Glue} glue @param {string} name */
export const suspends = ({ imports, marked, names }, name) =>
  globbed(name, imports) || marked.has(Object.hasOwn(names, name) ? names[name] : name);

/** @param {string} text @param {string} which @param {string[]} renamed */
function alternatives(text, which, renamed) {
  const parts = { which, upper: which.toUpperCase() };
  const found = [...renamed, ...[...text.matchAll(expression("pattern", parts))].map((each) => each[1])];
  for (const [, items] of text.matchAll(expression("patterns", parts))) {
    for (const [, ...groups] of items.matchAll(new RegExp(expressions.item, "g"))) found.push(groups.find(Boolean) ?? "");
  }
  return found.flatMap((each) => each.replace(/^\(/, "").replace(/\)$/, "").split("|"));
}

/** @param {string[]} found */
const globs = (found) => [...new Set(found.filter((each) => NAME.test(each)).map(glob))];

/** A pattern of the linker's as one of ours, without a module. @param {string} pattern */
function glob(pattern) {
  const ours = pattern.replaceAll(".*", "*");
  return ours.slice(ours.lastIndexOf(".") + 1);
}

/** @param {string} text @param {boolean} renamed the object's variable may have any name: it is one that an object of modules has */
function importNames(text, renamed) {
  const openings = [...text.matchAll(expression("imports"))];
  const variables = renamed ? [...text.matchAll(expression("modules"))].map((each) => each[1]) : [];
  for (const variable of new Set(variables)) openings.push(...text.matchAll(expression("object", { variable })));
  /** @type {Record<string, string>} */
  const names = Object.create(null);
  for (const opening of openings) {
    KEY.lastIndex = opening.index + opening[0].length;
    for (let match = KEY.exec(text); match !== null; match = KEY.exec(text)) {
      const [whole, , key, value] = match;
      const end = entryEnd(text, match.index + whole.length);
      if (end === match.index + whole.length) names[key] = (value || key).replace(/^_/, "");
      if (text[end] !== ",") break;
      KEY.lastIndex = end + 1;
    }
  }
  return names;
}

/** The offset of the comma or the brace that ends an object's entry, or that of the text's end. @param {string} text @param {number} at */
function entryEnd(text, at) {
  let depth = 0;
  SKIPPED.lastIndex = at;
  for (let match = SKIPPED.exec(text); match !== null; match = SKIPPED.exec(text)) {
    const mark = match[1];
    if (mark === undefined) continue;
    if (depth === 0 && ",}".includes(mark)) return match.index;
    if ("([{".includes(mark)) depth++;
    else if (mark !== ",") depth--;
    if (depth < 0) break;
  }
  return text.length;
}
