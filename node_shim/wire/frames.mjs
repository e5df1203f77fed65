// Frames between Python and a guest's child, all numbers little-endian: u32 bytes that follow, u8 what it is, the rest.

/** What a frame is; stackswitch/backends/node/guests/wire.py has the same. */
export const OP = {
  HELLO: 0,
  ASK: 1, // a host function is called
  RETURNED: 2,
  FAILED: 3,
  ANSWER: 4,
  BYTES: 5,
  RESULT: 10, // of a host function
  REJECT: 11, // it failed: the guest is to be abandoned
  CALL: 12,
  READ: 13,
  WRITE: 14,
  REQUEST: 15,
  ABANDON: 16,
  CALL_NOW: 17,
};

const HEAD = 5;
const encoder = new TextEncoder();

/** Takes chunks as they come; gives each whole frame to `take`, and the next only when what that gave has come true. */
export class Frames {
  #take;
  #chunks = [];
  #held = 0;
  #wanted = HEAD;
  #busy = false;

  constructor(take) {
    this.#take = take;
  }

  push(chunk) {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (!this.#busy) this.#drain();
  }

  #drain() {
    while (this.#held >= this.#wanted) {
      const data = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#held);
      this.#chunks = [data];
      const end = 4 + data.readUInt32LE(0);
      if (data.length < end) {
        this.#wanted = end;
        return;
      }
      this.#chunks = data.length > end ? [data.subarray(end)] : [];
      this.#held = data.length - end;
      this.#wanted = HEAD;
      const view = new DataView(data.buffer, data.byteOffset, end);
      const later = this.#take(data[4], view, HEAD, end);
      if (later === undefined) continue;
      this.#busy = true;
      later.finally(() => {
        this.#busy = false;
        this.#drain();
      });
      return;
    }
  }
}

/** Frames on their way out, written once a turn. */
export class Outgoing {
  #write;
  #unsent = [];

  constructor(write) {
    this.#write = write;
  }

  /** A frame to fill: `body` bytes after the head. */
  static frame(op, body) {
    const data = Buffer.allocUnsafe(HEAD + body);
    data.writeUInt32LE(1 + body, 0);
    data[4] = op;
    return data;
  }

  send(frame) {
    if (this.#unsent.push(frame) === 1) process.nextTick(this.#flush);
  }

  #flush = () => {
    const unsent = this.#unsent;
    this.#unsent = [];
    this.#write(unsent.length === 1 ? unsent[0] : Buffer.concat(unsent));
  };

  json(op, id, object, more = null) {
    const text = encoder.encode(JSON.stringify(object));
    const frame = Outgoing.frame(op, 8 + text.length + (more?.length ?? 0));
    frame.writeUInt32LE(id, HEAD);
    frame.writeUInt32LE(text.length, HEAD + 4);
    frame.set(text, HEAD + 8);
    if (more !== null) frame.set(more, HEAD + 8 + text.length);
    this.send(frame);
  }
}

export const BODY = HEAD;
