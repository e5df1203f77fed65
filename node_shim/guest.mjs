// The process of a guest of the library that has one to itself: `node FLAGS guest.mjs FD BLOCKING_FD`, both open sockets.
// What is said on them: docs/wire-protocol.md, "Guests". On the second one only the functions that do not wait are asked
// for, and the guest stands still meanwhile.

import fs from "node:fs";
import net from "node:net";

import { serve } from "./guest/serve.mjs";

const second = Number(process.argv[3]);
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
const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
socket.on("data", serve((data) => socket.write(data), blocking));
socket.on("error", () => process.exit(0));
socket.on("end", () => process.exit(0));
