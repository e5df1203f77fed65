// Patterns of names: those of lists, in which only `*` is special, and those of shells.

/** Whether one of the patterns matches a name: `*` any characters, `?` one, `[abc]` and `[!abc]` one of a set. @param {string} name @param {string[]} patterns */
export const globbed = (name, patterns) => patterns.some((each) => expression(each).test(name));

/** @type {Map<string, RegExp>} */
const known = new Map();

/** @param {string} pattern */
function expression(pattern) {
  let found = known.get(pattern);
  if (found === undefined) {
    try {
      found = new RegExp(`^(?:${translated(pattern)})$`, "su");
    } catch {
      found = /(?!)/; // a range that ends before it begins
    }
    known.set(pattern, found);
  }
  return found;
}

/** @param {string} pattern */
function translated(pattern) {
  let out = "";
  for (let at = 0; at < pattern.length; at++) {
    const each = pattern[at];
    const end = each === "[" ? setEnd(pattern, at) : -1;
    if (each === "*") out += ".*?";
    else if (each === "?") out += ".";
    else if (end > 0) {
      const inside = pattern.slice(at + 1, end).replace(/^!/, "");
      out += `[${pattern[at + 1] === "!" ? "^" : ""}${inside.replace(/[\\\]^[]/g, "\\$&")}]`;
      at = end;
    } else out += /[\\^$.*+?()[\]{}|/]/.test(each) ? `\\${each}` : each;
  }
  return out;
}

/** Where a set ends; a `]` right at its beginning is one of its characters. @param {string} pattern @param {number} at */
function setEnd(pattern, at) {
  let from = at + 1;
  if (pattern[from] === "!") from++;
  return pattern.indexOf("]", from + 1);
}

/** Whether an entry of a list matches a name. @param {string} entry @param {string} name */
export function listed(entry, name) {
  const [first, ...rest] = entry.split(/\*+/);
  const last = rest.pop();
  if (last === undefined) return entry === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}

/** An entry as Emscripten completes it: with `env.` in front where it names no module. @param {string} entry */
export const fullName = (entry) => (entry.includes(".") ? entry : `env.${entry}`);

/** Texts in the order of their code points. @type {(texts: Iterable<string>) => string[]} */
export const sorted = (texts) => [...texts].sort((one, other) => compare([...one], [...other]));

/** @type {(one: string[], other: string[]) => number} */
function compare(one, other) {
  const at = one.findIndex((each, place) => each !== other[place]);
  if (at < 0) return one.length - other.length;
  return other[at] === undefined ? 1 : /** @type {number} */ (one[at].codePointAt(0)) - /** @type {number} */ (other[at].codePointAt(0));
}
