// The bare echo that host functions are compared with: `node echo.mjs FD`. A message of four bytes says how many frames
// go there and back, each 43 bytes there and 21 back, as a host function's with one argument.

import net from "node:net";

const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
const frame = Buffer.alloc(43);
let left = 0;
socket.on("data", (/** @type {Buffer} */ chunk) => {
  if (left === 0) left = chunk.readUInt32LE(0);
  else left--;
  socket.write(left === 0 ? Buffer.alloc(1) : frame);
});
socket.on("end", () => process.exit(0));
socket.on("error", () => process.exit(0));
