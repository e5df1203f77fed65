// A frame of wasm on a stack, in any engine: which module, which function, where in the module.
//
// V8              at NAME (URL:wasm-function[INDEX]:0xOFFSET), or without the name; call sites tell the same
// SpiderMonkey    NAME@URL:wasm-function[INDEX]:0xOFFSET
//
// The URL is the response's where the module was compiled from one, data: and blob: among them. Else it is wasm://… in V8,
// and in SpiderMonkey the script's: "URL line N > WebAssembly.Module". A URL may hold any of "@():"; in V8 it holds no space.

/** @typedef {[string, number, number]} Frame module URL, function index, offset */

const PLACE = /^(.*):wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;
const V8 = /^\s*at /;
const NAMED_URL = /^.*?@([a-z][a-z0-9+.-]*:.*)$/i; // a name may hold "@", as may a URL

/**
 * @param {string} line
 * @returns {Frame | null} null: the line is of no such frame
 */
export function parseFrame(line) {
  const match = PLACE.exec(line.trimEnd());
  if (match === null) return null;
  const [, before, index, offset] = match;
  return [urlIn(before), Number(index), Number.parseInt(offset, 16)];
}

/** @param {string} text */
function urlIn(text) {
  if (V8.test(text)) return text.slice(text.lastIndexOf(" ") + 1).replace(/^\(/, "");
  return NAMED_URL.exec(text)?.[1] ?? text.slice(text.indexOf("@") + 1);
}

/**
 * The same of V8's call site: its function is the index. Deno's call sites have no position: there the text has it.
 *
 * @param {NodeJS.CallSite} site
 * @returns {Frame | null}
 */
export function frameOfSite(site) {
  const index = site.getFunction();
  if (typeof index !== "number") return null;
  const offset = site.getPosition?.() ?? parseFrame(String(site))?.[2] ?? -1;
  return [site.getFileName() ?? site.getScriptNameOrSourceURL() ?? "", index, offset];
}

/**
 * The frame of a call site or of a line of text.
 *
 * @param {NodeJS.CallSite | string} raw
 */
export const wasmFrame = (raw) => (typeof raw === "string" ? parseFrame(raw) : frameOfSite(raw));

/** @type {(error: Error, sites: NodeJS.CallSite[]) => NodeJS.CallSite[]} */
const takeSites = (_, sites) => sites;

/**
 * The stack below a function, innermost first: call sites where the engine has them, else lines of text.
 *
 * @param {Function} below
 * @returns {(NodeJS.CallSite | string)[]}
 */
export function rawFrames(below) {
  const { prepareStackTrace } = Error;
  /** @type {{stack?: any}} */
  const holder = {};
  Error.prepareStackTrace = takeSites;
  try {
    if (typeof Error.captureStackTrace === "function") Error.captureStackTrace(holder, below);
    else holder.stack = new Error("here").stack;
    return Array.isArray(holder.stack) ? holder.stack : String(holder.stack).split("\n");
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
