// The frames of all conversations with Python (docs/wire-protocol.md, "Frames"): u32 bytes that follow, u8 the kind, the body;
// all numbers little-endian. stackswitch/transport/frames.py is the other end.

export const PROTOCOL = 2;

/** What a frame of any conversation is: each holds a message. Kinds from 16 on are a guest's (../guest/kinds.mjs). */
export const KIND = { HELLO: 0, ANSWER: 1, REQUEST: 2, EVENT: 3 };

/** Where in a frame its body starts. */
export const BODY = 5;
const MESSAGE_HEAD = 12; // u32 number of the request, u32 bytes of JSON, u32 number of parts; then a u32 size for each part
const decoder = new TextDecoder();

/** Frames of more bytes are put together in a buffer, and sent without another copy. */
export const LARGE = 1 << 16;
const MOST_KEPT = 4 << 20; // a larger buffer is not used again
const NOTHING = Buffer.alloc(0);
const NOW = Promise.resolve();

/**
 * @typedef {(kind: number, view: DataView, at: number, end: number) => Promise<unknown> | undefined} TakeFrame takes a frame, whose
 *   body stands in `view` from `at` to `end`; the next one comes when what it returns has come true
 */

/**
 * Takes chunks as they come; gives each whole frame to `take`, and the next only when what that returned has come true. Chunks
 * and frames are good until `push` and `take` return: their memory is used again, for fresh memory costs more than copying.
 */
export class FrameReader {
  #take;
  #start = NOTHING; // of a frame that is not known to be large
  #buffer = NOTHING; // of a large frame: `size` bytes of `wanted`
  #size = 0;
  #wanted = 0;
  #busy = false;
  /** @type {Buffer[]} */
  #waiting = []; // what came while busy
  /** @type {Buffer} */
  #viewed = NOTHING;
  /** @type {DataView} of that buffer: to make one for each frame takes as long as to read it */
  #view = new DataView(NOTHING.buffer, 0, 0);

  /** @param {TakeFrame} take */
  constructor(take) {
    this.#take = take;
  }

  /** Whether the next frame has to wait. */
  get isBusy() {
    return this.#busy;
  }

  /**
   * @param {Buffer} chunk
   * @param {number} [size] how many bytes of it have come
   */
  push(chunk, size = chunk.length) {
    if (this.#busy) return this.#hold(chunk, 0, size);
    let data = chunk;
    let at = 0;
    if (this.#wanted > 0) {
      at = this.#fill(chunk, 0, size);
      if (this.#size < this.#wanted) return;
      const end = this.#wanted;
      this.#wanted = 0;
      if (this.#give(this.#buffer, 0, end)) return this.#hold(data, at, size);
    } else if (this.#start.length > 0) {
      data = Buffer.concat([this.#start, chunk.subarray(0, size)]);
      size = data.length;
      this.#start = NOTHING;
    }
    while (size - at >= BODY) {
      const end = at + 4 + data.readUInt32LE(at);
      if (end > size) {
        if (end - at <= LARGE) break;
        this.#beginLarge(end - at);
        this.#fill(data, at, size);
        return;
      }
      const from = at;
      at = end;
      if (this.#give(data, from, end)) return this.#hold(data, at, size);
    }
    if (at < size) this.#start = Buffer.from(data.subarray(at, size));
  }

  /** @param {number} wanted */
  #beginLarge(wanted) {
    if (this.#buffer.length < wanted || this.#buffer.length > MOST_KEPT) this.#buffer = Buffer.allocUnsafe(wanted);
    this.#size = 0;
    this.#wanted = wanted;
  }

  /**
   * Take what a large frame lacks.
   *
   * @param {Buffer} chunk
   * @param {number} at
   * @param {number} end
   * @returns how many bytes that were
   */
  #fill(chunk, at, end) {
    const taken = Math.min(end - at, this.#wanted - this.#size);
    this.#buffer.set(chunk.subarray(at, at + taken), this.#size);
    this.#size += taken;
    return taken;
  }

  /**
   * @param {Buffer} data
   * @param {number} at
   * @param {number} end
   * @returns whether the next frame has to wait
   */
  #give(data, at, end) {
    if (data !== this.#viewed) {
      this.#viewed = data;
      this.#view = new DataView(data.buffer, data.byteOffset, data.length);
    }
    const later = this.#take(data[at + 4], this.#view, at + BODY, end);
    if (later === undefined) return false;
    this.#busy = true;
    later.finally(() => {
      this.#busy = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) this.push(each);
    });
    return true;
  }

  /** @type {(data: Buffer, at: number, end: number) => void} */
  #hold(data, at, end) {
    if (at < end) this.#waiting.push(Buffer.from(data.subarray(at, end)));
  }
}

/** Sends frames: together those of calls that go on in one turn of the event loop. */
export class FrameWriter {
  #write;
  /** @type {Buffer[]} */
  #unsent = [];

  /** @param {(...parts: Uint8Array[]) => void} write has done with the bytes when it returns */
  constructor(write) {
    this.#write = write;
  }

  /**
   * A frame to fill: `size` bytes after the head, of which the last `elsewhere` are sent from where they stand.
   *
   * @param {number} kind
   * @param {number} size
   * @param {number} [elsewhere]
   */
  static frame(kind, size, elsewhere = 0) {
    const data = Buffer.allocUnsafe(BODY + size - elsewhere);
    data.writeUInt32LE(1 + size, 0);
    data[4] = kind;
    return data;
  }

  /**
   * @param {Buffer} frame
   * @param {Uint8Array} [elsewhere] the last bytes of the frame, which is then sent at once, without copying them
   */
  send(frame, elsewhere) {
    if (elsewhere !== undefined) {
      this.flush();
      this.#write(frame, elsewhere);
    } else if (this.#unsent.push(frame) === 1) void NOW.then(this.flush); // nextTick takes longer
  }

  /** Send now. */
  flush = () => {
    const unsent = this.#unsent;
    this.#unsent = [];
    if (unsent.length > 0) this.#write(unsent.length === 1 ? unsent[0] : Buffer.concat(unsent));
  };

  /**
   * Send a message: JSON, and binary parts beside it.
   *
   * @param {number} kind
   * @param {number} number of the request
   * @param {object} content
   * @param {Uint8Array[]} [parts]
   */
  message(kind, number, content, parts = []) {
    const text = Buffer.from(JSON.stringify(content));
    const size = parts.reduce((sum, part) => sum + 4 + part.length, MESSAGE_HEAD + text.length);
    const frame = FrameWriter.frame(kind, size);
    let at = frame.writeUInt32LE(number, BODY);
    at = frame.writeUInt32LE(text.length, at);
    at = frame.writeUInt32LE(parts.length, at);
    for (const part of parts) at = frame.writeUInt32LE(part.length, at);
    for (const part of [text, ...parts]) {
      frame.set(part, at);
      at += part.length;
    }
    this.send(frame);
  }
}

/**
 * @param {DataView} view
 * @param {number} at
 * @returns {{number: number, content: any, parts: Uint8Array[]}} the message in a frame's body
 */
export function readMessage(view, at) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const textSize = view.getUint32(at + 4, true);
  const count = view.getUint32(at + 8, true);
  const sizes = Array.from({ length: count }, (_, place) => view.getUint32(at + MESSAGE_HEAD + 4 * place, true));
  let from = at + MESSAGE_HEAD + 4 * count;
  const content = JSON.parse(decoder.decode(bytes.subarray(from, (from += textSize))));
  const parts = sizes.map((size) => bytes.slice(from, (from += size)));
  return { number: view.getUint32(at, true), content, parts };
}
