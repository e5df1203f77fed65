// A guest whose thread has its sockets to Python for itself.

import fs from "node:fs";

import { openLink } from "../transport/connection.mjs";
import { serve } from "./serve.mjs";

const NOW = Promise.resolve();
const WAITS_AT_ONCE = 64; // then the event loop turns once, for V8 has work for it now and then

/**
 * @param {object} sockets
 * @param {number} sockets.incoming of the main stream, what Python sends
 * @param {number} sockets.outgoing of the main stream, what Python gets
 * @param {number} sockets.blocking
 */
export function serveSockets({ incoming, outgoing, blocking }) {
  /** @type {import("./blocking.mjs").BlockingStream} */
  const stream = {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(blocking, bytes, at);
    },
    read(buffer, at, end) {
      const got = fs.readSync(blocking, buffer, at, end - at, null);
      if (got === 0) process.exit(0); // the parent is gone
      return got;
    },
  };
  const server = serve((...parts) => link.send(...parts), stream);
  let waits = 0;
  const goOn = () => {
    server.writer.flush();
    link.read(server.onlyWaits && ++waits % WAITS_AT_ONCE !== 0);
  };
  const link = openLink(incoming, outgoing, (chunk, size) => {
    server.push(chunk, size);
    void NOW.then(goOn); // when the guest has gone on
  });
}
