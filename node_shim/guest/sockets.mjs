// A guest whose thread has the two sockets to Python for itself.

import fs from "node:fs";
import net from "node:net";

import { serve } from "./serve.mjs";

export function serveSockets(first, second) {
  const blocking = {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(second, bytes, at);
    },
    read(buffer, at, end) {
      const got = fs.readSync(second, buffer, at, end - at, null);
      if (got === 0) process.exit(0); // the parent is gone
      return got;
    },
  };
  const socket = new net.Socket({ fd: first, readable: true, writable: true });
  socket.on("data", serve((data) => socket.write(data), blocking));
  socket.on("error", () => process.exit(0));
  socket.on("end", () => process.exit(0));
}
