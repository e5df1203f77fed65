// The second stream: the guest asks a function that does not wait, and stands still until it has answered. And memory as
// Python reads and writes it, on either stream.

import { BODY, OP, Outgoing } from "../wire/frames.mjs";

const HEAD = 5;
const OUT_OF_BOUNDS = 0xffffffff;

/** The bytes of a memory: the instance's number, above 24 bits which of its memories. */
const memoryOf = (instances, place) => instances.get(place & 0xffffff)?.bytes(place >>> 24);

/** READ u32 request, u32 memory, f64 address, f64 size; WRITE u32 memory, f64 address, the bytes. */
export function answerMemory(op, view, at, end, instances, outgoing) {
  if (op === OP.WRITE) {
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
  const frame = Outgoing.frame(OP.BYTES, 16 + (inside ? size : 0));
  frame.writeUInt32LE(view.getUint32(at, true), BODY);
  frame.writeUInt32LE(inside ? 0 : OUT_OF_BOUNDS, BODY + 4);
  frame.writeDoubleLE(memory?.length ?? 0, BODY + 8);
  if (inside) frame.set(memory.subarray(address, address + size), BODY + 16);
  outgoing.send(frame);
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

  /** @returns [op, view, where its body starts]; RESULT or REJECT */
  ask(frame) {
    this.send(frame);
    for (;;) {
      this.#fill(0, HEAD);
      const end = 4 + this.#room.readUInt32LE(0);
      if (end > this.#room.length) {
        const larger = Buffer.allocUnsafe(end);
        this.#room.copy(larger, 0, 0, HEAD);
        this.#room = larger;
      }
      this.#fill(HEAD, end);
      const op = this.#room[4];
      const view = new DataView(this.#room.buffer, this.#room.byteOffset, end);
      if (op === OP.RESULT || op === OP.REJECT) return [op, view, HEAD];
      if (op === OP.CALL_NOW) {
        const copy = new DataView(new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + end)).buffer);
        this.#instances.get(copy.getUint32(HEAD, true)).callNow(copy, HEAD + 4, this);
      } else {
        answerMemory(op, view, HEAD, end, this.#instances, this);
      }
    }
  }

  send(frame) {
    this.#stream.write(frame);
  }

  #fill(at, end) {
    while (at < end) at += this.#stream.read(this.#room, at, end);
  }
}
