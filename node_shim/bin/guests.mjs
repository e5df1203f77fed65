// A process that many guests of the library live in, each in a Worker of its own: `node FLAGS guests.mjs FD`.
//
// This thread only passes on what Python and the Workers say to each other (docs/wire-protocol.md, "Many guests in a
// process"), ends Workers, and looks where they compute. It runs nothing of a guest's, so no guest can keep it waiting.

import net from "node:net";

import { hasJspi } from "../jspi/switching.mjs";
import { Frames, Outgoing } from "../wire/frames.mjs";
import { OP, Seat, SEAT_BYTES } from "../guest/worker-handle.mjs";

const PROTOCOL = 1;

const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
const outgoing = new Outgoing((data) => socket.write(data));
const seats = new Map();

/** Send bytes of a guest's. */
function send(op, number, bytes) {
  const frame = Outgoing.frame(op, SEAT_BYTES + bytes.length);
  frame.writeUInt32LE(number, frame.length - bytes.length - SEAT_BYTES);
  frame.set(bytes, frame.length - bytes.length);
  outgoing.send(frame);
}

const sendJson = (op, number, object) => send(op, number, Buffer.from(JSON.stringify(object)));

function take(op, view, at, end) {
  const number = view.getUint32(at, true);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + SEAT_BYTES, end - at - SEAT_BYTES);
  if (op === OP.BEGIN) {
    const seat = new Seat(JSON.parse(Buffer.from(bytes).toString()), (what, said) => send(what, number, said));
    seats.set(number, seat);
    seat.ended.then((how) => {
      seats.delete(number);
      sendJson(OP.ENDED, number, { how });
    });
    return;
  }
  const seat = seats.get(number);
  if (seat === undefined) return; // it has ended meanwhile, and Python hears of it
  if (op === OP.FIRST) seat.first(bytes);
  else if (op === OP.SECOND) seat.second(bytes);
  else if (op === OP.END) seat.end();
  else if (op === OP.STACK) seat.stack().then((found) => sendJson(OP.STACK, number, found));
  else throw new Error(`unknown frame ${op}`);
}

const frames = new Frames(take);
socket.on("data", (chunk) => frames.push(chunk));
// The parent is gone. Not process.exit, which waits for Workers: V8 ends no loop of memory.fill.
const quit = () => process.kill(process.pid, "SIGKILL");
socket.on("error", quit);
socket.on("end", quit);
sendJson(OP.HELLO, 0, { protocol: PROTOCOL, jspi: hasJspi(), pid: process.pid });
