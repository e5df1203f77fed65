// Frames on a stream (docs/wire-protocol.md): magic "SSW1", u32 bytes of JSON, u32 number of attachments, a u32
// size for each (all little-endian), the JSON, the attachments.

const MAGIC = 0x31575353;
const HEAD = 12;
const MESSAGE_LIMIT = 64 << 20;
const ATTACHMENTS_LIMIT = 256;

const decoder = new TextDecoder();

/** Takes chunks as they come and gives whole messages: [object, attachments]. */
export class FrameReader {
  #chunks = [];
  #held = 0;
  #wanted = HEAD;

  *push(chunk) {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= this.#wanted) {
      const data = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#held);
      this.#chunks = [data];
      const size = frameSize(data);
      if (this.#held < size.total) {
        this.#wanted = size.total;
        return;
      }
      const rest = data.subarray(size.total);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#held = rest.length;
      this.#wanted = HEAD;
      yield readFrame(data, size);
    }
  }
}

/** @returns `total`: what is needed to go on; `body`: where the JSON starts, once the head is whole */
function frameSize(data) {
  if (data.readUInt32LE(0) !== MAGIC) throw new Error("not a frame of the wire protocol");
  const message = data.readUInt32LE(4);
  const count = data.readUInt32LE(8);
  if (message > MESSAGE_LIMIT || count > ATTACHMENTS_LIMIT) throw new Error("a frame is too large");
  const body = HEAD + 4 * count;
  if (data.length < body) return { total: body };
  const sizes = [];
  for (let i = 0; i < count; i++) sizes.push(data.readUInt32LE(HEAD + 4 * i));
  return { total: sizes.reduce((sum, size) => sum + size, body + message), body, message, sizes };
}

function readFrame(data, { body, message, sizes }) {
  let at = body + message;
  const attachments = sizes.map((size) => data.subarray(at, (at += size)));
  return [JSON.parse(decoder.decode(data.subarray(body, body + message))), attachments];
}

export function encodeFrame(object, attachments = []) {
  const message = Buffer.from(JSON.stringify(object));
  const head = Buffer.allocUnsafe(HEAD + 4 * attachments.length);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(message.length, 4);
  head.writeUInt32LE(attachments.length, 8);
  attachments.forEach((each, i) => head.writeUInt32LE(each.length, HEAD + 4 * i));
  return Buffer.concat([head, message, ...attachments]);
}
