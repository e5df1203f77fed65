// The blocking stream: the guest calls a host function that does not wait, and its thread blocks until that has returned. And
// memory as Python reads and writes it, on either stream.

import { BODY, FrameWriter, LARGE } from "../wire/frames.mjs";
import { KIND } from "./kinds.mjs";

const OUT_OF_BOUNDS = 0xffffffff;

/** The bytes of a memory: the instance's number, above 24 bits which of its memories. */
const memoryOf = (instances, place) => instances.get(place & 0xffffff)?.bytes(place >>> 24);

/** READ u32 request, u32 memory, f64 address, f64 size; WRITE u32 memory, f64 address, the bytes. */
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
  const inside = memory !== undefined && address + size <= memory.length;
  const isLarge = inside && size > LARGE;
  const frame = FrameWriter.frame(KIND.BYTES, 16 + (inside ? size : 0), isLarge ? size : 0);
  frame.writeUInt32LE(view.getUint32(at, true), BODY);
  frame.writeUInt32LE(inside ? 0 : OUT_OF_BOUNDS, BODY + 4);
  frame.writeDoubleLE(memory?.length ?? 0, BODY + 8);
  const bytes = inside ? memory.subarray(address, address + size) : null;
  if (isLarge) {
    writer.sendLarge(frame, bytes);
    return;
  }
  if (inside) frame.set(bytes, BODY + 16);
  writer.send(frame);
}

export class BlockingLink {
  #stream;
  #instances;
  #room = Buffer.allocUnsafe(1 << 16);

  /** @param stream `write(bytes)` sends all of them, `read(buffer, at, end)` waits and says how many came */
  constructor(stream, instances) {
    this.#stream = stream;
    this.#instances = instances;
  }

  /** @returns [kind, view, where its body starts]; HOST_RESULT or HOST_REJECT */
  call(frame) {
    this.send(frame);
    for (;;) {
      this.#fill(0, BODY);
      const end = 4 + this.#room.readUInt32LE(0);
      if (end > this.#room.length) {
        const larger = Buffer.allocUnsafe(end);
        this.#room.copy(larger, 0, 0, BODY);
        this.#room = larger;
      }
      this.#fill(BODY, end);
      const kind = this.#room[4];
      const view = new DataView(this.#room.buffer, this.#room.byteOffset, end);
      if (kind === KIND.HOST_RESULT || kind === KIND.HOST_REJECT) return [kind, view, BODY];
      if (kind === KIND.CALL_NOW) {
        const copy = new DataView(new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + end)).buffer);
        this.#instances.get(copy.getUint32(BODY, true)).callNow(copy, BODY + 4, this);
      } else {
        answerMemory(kind, view, BODY, end, this.#instances, this);
      }
    }
  }

  send(frame) {
    this.#stream.write(frame);
  }

  sendLarge(head, bytes) {
    this.#stream.write(head);
    this.#stream.write(bytes);
  }

  #fill(at, end) {
    while (at < end) at += this.#stream.read(this.#room, at, end);
  }
}
