// The wasm frames on the stack, and suspensions counted by them.
//
// V8 gives structured call sites; elsewhere the text is parsed.

import { MODULE_NAME } from "../jspi/adapters.mjs";
import { frameOfSite, parseFrame } from "./frames.mjs";

if ("stackTraceLimit" in Error) Error.stackTraceLimit = Infinity;

const takeSites = (_, sites) => sites;

/** The call sites of a new error, or its lines of text, innermost first. */
function rawFrames() {
  if (typeof Error.captureStackTrace !== "function") return String(new Error("here").stack).split("\n");
  const holder = {};
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = takeSites;
  try {
    Error.captureStackTrace(holder, rawFrames);
    return Array.isArray(holder.stack) ? holder.stack : String(holder.stack).split("\n");
  } finally {
    Error.prepareStackTrace = before;
  }
}

/** @returns {[string, number, number] | null} module URL, function index, offset; null: not a frame of the guest */
const wasmFrame = (raw) => (typeof raw === "string" ? parseFrame(raw) : frameOfSite(raw));

const isAdapter = ([url]) => url.includes(MODULE_NAME);

/** The guest's frames from the innermost down to the first of the host's: those that a suspension sets aside. */
export function guestFrames() {
  const frames = [];
  for (const raw of rawFrames()) {
    const frame = wasmFrame(raw);
    if (frame !== null) isAdapter(frame) || frames.push(frame);
    else if (frames.length > 0) break;
  }
  return frames;
}

/** The guest's frames that an error carries (all of them), at most `limit`. */
export function framesOfError(error, limit) {
  const frames = [];
  const text = typeof error?.stack === "string" ? error.stack : "";
  for (const line of text.split("\n")) {
    const frame = parseFrame(line);
    if (frame !== null && !isAdapter(frame)) frames.push(frame);
    if (frames.length === limit) break;
  }
  return frames;
}

/** Suspensions by import, export and stack. Frames are flat numbers: the URL's number, index, offset. */
export class Suspensions {
  #byKey = new Map();
  #urls = [];
  total = 0;
  /** Which instance's module a URL is, where that is certain: the innermost frame is of the instance that called. */
  owners = {};

  #urlNumber(url) {
    const at = this.#urls.indexOf(url);
    return at >= 0 ? at : this.#urls.push(url) - 1;
  }

  flat(frames) {
    const flat = new Array(frames.length * 3);
    let at = 0;
    for (const [url, index, offset] of frames) {
      flat[at++] = this.#urlNumber(url);
      flat[at++] = index;
      flat[at++] = offset;
    }
    return flat;
  }

  add(instance, importName, exportName, frames) {
    this.total++;
    const flat = this.flat(frames);
    if (frames.length > 0) this.owners[flat[0]] ??= instance;
    const key = `${instance}\0${importName}\0${exportName}\0${flat}`;
    const known = this.#byKey.get(key);
    if (known) known.count++;
    else this.#byKey.set(key, { instance, import: importName, export: exportName, frames: flat, count: 1 });
  }

  list() {
    return [...this.#byKey.values()];
  }
}
