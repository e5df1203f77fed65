// The wasm frames on the stack. V8 gives structured call sites; elsewhere the text is parsed.

import { parseFrame, rawFrames, wasmFrame } from "./frames.mjs";

/** @typedef {import("./frames.mjs").Frame} Frame */

if ("stackTraceLimit" in Error) Error.stackTraceLimit = Infinity;

/** The guest's frames from the innermost down to the first of the host's: those that a suspension saves. */
export function guestFrames() {
  const frames = [];
  for (const raw of rawFrames(guestFrames)) {
    const frame = wasmFrame(raw);
    if (frame !== null) frames.push(frame);
    else if (frames.length > 0) break;
  }
  return frames;
}

/**
 * The guest's frames that an error carries (all of them).
 *
 * @param {any} error
 * @param {number} limit the most frames
 */
export function framesOfError(error, limit) {
  /** @type {Frame[]} */
  const frames = [];
  const text = typeof error?.stack === "string" ? error.stack : "";
  for (const line of text.split("\n")) {
    const frame = parseFrame(line);
    if (frame !== null) frames.push(frame);
    if (frames.length === limit) break;
  }
  return frames;
}
