// The blocking stream: the guest calls a host function that does not wait, and its thread blocks until that has returned. And
// memory as Python reads and writes it, on either stream.

import { BODY, FrameWriter, LARGE } from "../wire/frames.mjs";
import { KIND } from "./kinds.mjs";

/** @typedef {Map<number, import("./instance.mjs").GuestInstance>} Instances by number */
/** @typedef {{send: (frame: Buffer) => void, sendLarge: (head: Buffer, bytes: Uint8Array) => void}} Sender */
/**
 * @typedef {object} BlockingStream
 * @property {(bytes: Uint8Array) => void} write sends all of them
 * @property {(buffer: Buffer, at: number, end: number) => number} read waits, and returns how many bytes came
 */

const OUT_OF_BOUNDS = 0xffffffff;

/**
 * @param {Instances} instances
 * @param {number} place the instance's number, above 24 bits which of its memories
 */
const memoryOf = (instances, place) => instances.get(place & 0xffffff)?.memories.bytes(place >>> 24);

/**
 * READ u32 request, u32 memory, f64 address, f64 size; WRITE u32 memory, f64 address, the bytes.
 *
 * @param {number} kind
 * @param {DataView} view
 * @param {number} at
 * @param {number} end
 * @param {Instances} instances
 * @param {Sender} writer
 */
export function answerMemory(kind, view, at, end, instances, writer) {
  if (kind === KIND.WRITE) {
    const address = view.getFloat64(at + 4, true);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 12, end - at - 12);
    const memory = memoryOf(instances, view.getUint32(at, true));
    if (memory !== undefined && address + bytes.length <= memory.length) memory.set(bytes, address);
    return;
  }
  const address = view.getFloat64(at + 8, true);
  const size = view.getFloat64(at + 16, true);
  const memory = memoryOf(instances, view.getUint32(at + 4, true));
  const bytes = memory !== undefined && address + size <= memory.length ? memory.subarray(address, address + size) : null;
  const sent = bytes?.length ?? 0;
  const frame = FrameWriter.frame(KIND.BYTES, 16 + sent, sent > LARGE ? sent : 0);
  frame.writeUInt32LE(view.getUint32(at, true), BODY);
  frame.writeUInt32LE(bytes === null ? OUT_OF_BOUNDS : 0, BODY + 4);
  frame.writeDoubleLE(memory?.length ?? 0, BODY + 8);
  if (bytes !== null && sent > LARGE) {
    writer.sendLarge(frame, bytes);
    return;
  }
  if (bytes !== null) frame.set(bytes, BODY + 16);
  writer.send(frame);
}

export class BlockingLink {
  #stream;
  #instances;
  #buffer = Buffer.allocUnsafe(1 << 16);

  /**
   * @param {BlockingStream} stream
   * @param {Instances} instances
   */
  constructor(stream, instances) {
    this.#stream = stream;
    this.#instances = instances;
  }

  /**
   * Call a host function, and wait.
   *
   * @param {Buffer} frame
   * @returns the frame that came: HOST_RESULT or HOST_REJECT, and where its body starts
   */
  call(frame) {
    this.send(frame);
    for (;;) {
      this.#fill(0, BODY);
      const end = 4 + this.#buffer.readUInt32LE(0);
      if (end > this.#buffer.length) {
        const larger = Buffer.allocUnsafe(end);
        this.#buffer.copy(larger, 0, 0, BODY);
        this.#buffer = larger;
      }
      this.#fill(BODY, end);
      const kind = this.#buffer[4];
      const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, end);
      if (kind === KIND.HOST_RESULT || kind === KIND.HOST_REJECT) return { kind, view, at: BODY };
      if (kind === KIND.CALL_NOW) {
        const copy = new DataView(new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + end)).buffer);
        this.#instances.get(copy.getUint32(BODY, true))?.callNow(copy, BODY + 4, this);
      } else {
        answerMemory(kind, view, BODY, end, this.#instances, this);
      }
    }
  }

  /** @param {Buffer} frame */
  send(frame) {
    this.#stream.write(frame);
  }

  /**
   * @param {Buffer} head
   * @param {Uint8Array} bytes
   */
  sendLarge(head, bytes) {
    this.#stream.write(head);
    this.#stream.write(bytes);
  }

  /**
   * @param {number} at
   * @param {number} end
   */
  #fill(at, end) {
    while (at < end) at += this.#stream.read(this.#buffer, at, end);
  }
}
