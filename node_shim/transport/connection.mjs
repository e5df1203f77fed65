// The conversation with Python over a socket that this process has inherited: what all children have in common.

import fs from "node:fs";
import net from "node:net";
import { isMainThread } from "node:worker_threads";

import { failureText } from "../errors/failure.mjs";
import { hasJspi } from "../jspi/switching.mjs";
import { FrameReader, FrameWriter, KIND, PROTOCOL, readMessage } from "./frames.mjs";

/** The first message of every child. */
export const greeting = () => ({
  protocol: PROTOCOL,
  engine: "node",
  version: process.versions.node,
  jspi: hasJspi(),
  pid: process.pid,
});

const READ_BYTES = 1 << 16;

/**
 * @typedef {object} Link
 * @property {(...parts: Uint8Array[]) => void} send it has done with the bytes when it returns
 * @property {(mayBlock: boolean) => void} read if it may block, waits for bytes past the event loop, which takes longer, and takes
 *   them; else leaves it to the event loop to read
 */

/**
 * @param {number} incoming the socket that Python sends on
 * @param {number} outgoing the one that Python reads, perhaps the same. Where this thread blocks, it should be another: it would
 *   be woken each time that Python reads
 * @param {(chunk: Buffer, size?: number) => void} push takes the bytes that come; they are good until it returns
 * @param {() => void} quit called when Python is gone
 * @returns {Link}
 */
export function openLink(incoming, outgoing, push, quit = () => process.exit(0)) {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (/** @type {number} */ count) => {
    push(buffer, count);
    return true;
  };
  // Not in a Worker: the inspector cannot pause what computes below that callback (../guest/pause.mjs).
  const onread = isMainThread ? { buffer, callback } : undefined;
  const source = new net.Socket({ fd: incoming, readable: true, writable: incoming === outgoing, onread });
  const sink = incoming === outgoing ? source : new net.Socket({ fd: outgoing, readable: false, writable: true });
  source.on("data", push); // without onread
  source.on("end", quit);
  source.on("error", quit);
  sink.on("error", quit);
  source.resume();
  /** @type {Link["send"]} */
  const send = (...parts) => {
    let sent = 0;
    // At once, past the stream: that takes less time, and no copy.
    if (sink.writableLength === 0) sent = writeNow(outgoing, parts, quit);
    for (const part of parts) {
      if (sent < part.length) sink.write(Buffer.from(part.subarray(sent)));
      sent = Math.max(0, sent - part.length);
    }
  };
  let isBlocking = false;
  /** @type {Link["read"]} */
  const read = (mayBlock) => {
    const blocks = mayBlock && onread !== undefined && sink.writableLength === 0;
    if (blocks !== isBlocking) /** @type {any} */ (source)._handle.setBlocking((isBlocking = blocks));
    if (!blocks) return;
    const count = readNow(incoming, buffer);
    if (count === 0) quit();
    else callback(count);
  };
  return { send, read };
}

/**
 * @param {number} fd
 * @param {Buffer} buffer
 * @returns how many bytes have come; 0: Python is gone
 */
function readNow(fd, buffer) {
  for (;;) {
    try {
      return fs.readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      if (error.code !== "EINTR") return 0;
    }
  }
}

/**
 * @param {number} fd
 * @param {Uint8Array[]} parts
 * @param {() => void} quit
 * @returns how many bytes the system takes at once
 */
function writeNow(fd, parts, quit) {
  try {
    return parts.length === 1 ? fs.writeSync(fd, parts[0]) : fs.writevSync(fd, parts);
  } catch (error) {
    if (error.code !== "EAGAIN") quit();
    return 0;
  }
}

/** @typedef {(content: any, parts: Uint8Array[]) => any} Answer */

/**
 * Answer a request with what `answer(content, parts)` returns: an object, of which `parts` are binary. What it throws is a
 * `problem`.
 *
 * @param {FrameWriter} writer
 * @param {ReturnType<typeof readMessage>} request
 * @param {Answer} answer
 */
export async function answerRequest(writer, { number, content, parts }, answer) {
  let found;
  try {
    found = (await answer(content, parts)) ?? {};
  } catch (error) {
    found = { problem: failureText(error) };
  }
  const { parts: binary, ...rest } = found;
  writer.message(KIND.ANSWER, number, rest, binary);
}

/**
 * Greet, and answer requests as they come.
 *
 * @param {number | string} fd
 * @param {Answer} answer
 * @param {object} [options]
 * @param {string} [options.problem] why this child is of no use
 * @param {import("./frames.mjs").TakeFrame} [options.take] takes other frames
 * @param {() => void} [options.quit] called when Python is gone
 * @returns {FrameWriter} for messages that answer no request
 */
export function serveRequests(fd, answer, { problem, take, quit } = {}) {
  const reader = new FrameReader((kind, view, at, end) => {
    if (kind === KIND.REQUEST) void answerRequest(writer, readMessage(view, at), answer);
    else return take?.(kind, view, at, end);
    return undefined;
  });
  const writer = new FrameWriter(openLink(Number(fd), Number(fd), (chunk, size) => reader.push(chunk, size), quit).send);
  writer.message(KIND.HELLO, 0, problem === undefined ? greeting() : { ...greeting(), problem });
  return writer;
}
