// The blocking stream: the guest calls a host function that does not wait, and its thread blocks until that has returned. And
// what Python asks for on either stream, and gets at once.

import { BODY, FrameWriter, LARGE } from "../transport/frames.mjs";
import { KIND } from "./kinds.mjs";

/** @typedef {Map<number, import("./instance.mjs").GuestInstance>} Instances by number */
/** @typedef {{send: (frame: Buffer, elsewhere?: Uint8Array) => void}} Sender */
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
 * Do what Python asks for on either stream: a call that does not wait, or an access to memory.
 *
 * READ u32 request, u32 memory, f64 address, f64 size; WRITE u32 memory, f64 address, the bytes.
 *
 * @param {number} kind
 * @param {DataView} view
 * @param {number} at
 * @param {number} end
 * @param {Instances} instances
 * @param {Sender} writer
 */
export function answerNow(kind, view, at, end, instances, writer) {
  if (kind === KIND.CALL_NOW) {
    instances.get(view.getUint32(at, true))?.callNow(view, at + 4, writer);
    return;
  }
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
  const large = bytes !== null && sent > LARGE ? bytes : undefined;
  const frame = FrameWriter.frame(KIND.BYTES, 16 + sent, large?.length);
  frame.writeUInt32LE(view.getUint32(at, true), BODY);
  frame.writeUInt32LE(bytes === null ? OUT_OF_BOUNDS : 0, BODY + 4);
  frame.writeDoubleLE(memory?.length ?? 0, BODY + 8);
  if (bytes !== null && large === undefined) frame.set(bytes, BODY + 16);
  writer.send(frame, large);
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
      answerNow(kind, view, BODY, end, this.#instances, this);
    }
  }

  /** @type {Sender["send"]} */
  send(frame, elsewhere) {
    this.#stream.write(frame);
    if (elsewhere !== undefined) this.#stream.write(elsewhere);
  }

  /** @type {(at: number, end: number) => void} */
  #fill(at, end) {
    while (at < end) at += this.#stream.read(this.#buffer, at, end);
  }
}
