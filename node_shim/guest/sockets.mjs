// A guest whose thread has the two sockets to Python for itself.

import fs from "node:fs";

import { openSocket } from "../wire/connection.mjs";
import { serve } from "./serve.mjs";

/**
 * @param {number} main
 * @param {number} blocking
 */
export function serveSockets(main, blocking) {
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
  const push = serve((...parts) => write(...parts), stream);
  const write = openSocket(main, push);
}
