// Which functions of a guest are on the stack, in any engine whose stacks name them (V8, SpiderMonkey, JavaScriptCore).

import { rawFrames, wasmFrame } from "../stacks/frames.mjs";

/** JavaScriptCore has no index and no offset: the name stands in their place. */
const NAMED = /wasm-function\[(.+?)\](?:[@)]|$)/;
const INVOKE = /\binvoke_/;

/**
 * @param {(name: string) => number | undefined} indexOf
 * @returns {number[]} indexes of the guest's functions, innermost first, down to the host that called in
 */
export function functionsOnStack(indexOf) {
  const frames = [];
  let module;
  for (const raw of wholeStack()) {
    const frame = moduleAndFunction(raw, indexOf);
    if (frame !== null) {
      module ??= frame[0];
      if (frame[0] === module && frame[1] !== undefined) frames.push(frame[1]);
    } else if (frames.length > 0 && !INVOKE.test(nameIn(raw))) {
      break;
    }
  }
  return frames;
}

function wholeStack() {
  const { stackTraceLimit } = Error;
  try {
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = Infinity;
    return rawFrames(wholeStack);
  } finally {
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = stackTraceLimit;
  }
}

/** @param {NodeJS.CallSite | string} raw */
const nameIn = (raw) => (typeof raw === "string" ? raw : String(raw.getFunctionName()));

/**
 * @param {NodeJS.CallSite | string} raw
 * @param {(name: string) => number | undefined} indexOf
 * @returns {[string, number | undefined] | null} which module, and the function's index; null: a frame of the host
 */
function moduleAndFunction(raw, indexOf) {
  const frame = wasmFrame(raw);
  if (frame !== null) return [frame[0], frame[1]];
  const named = NAMED.exec(nameIn(raw))?.[1];
  return named === undefined ? null : ["", indexOf(named) ?? (/^\d+$/.test(named) ? Number(named) : undefined)];
}
