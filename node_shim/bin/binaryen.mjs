// Keeps one Binaryen tool loaded and runs it for whoever holds the other end of a socket.
//
//   node binaryen.mjs TOOL FD
//
// A frame, either way: u32 length of the header, u32 length of the body (little-endian), the header as JSON,
// the body. The header of a request: {"id", "args", "files": [[name, size]…], "outputs": [name…]}; its body is
// the files, one after another. The reply's: {"id", "status", "stdout", "stderr" (sizes), "files": [[name,
// size]…]}; its body is stdout, stderr and the files asked for that were written. First of all comes
// {"ready": true}, or {"failed": message}. One request at a time, in order. When the socket closes, this ends.

import net from "node:net";

import { failureText } from "../errors/failure.mjs";
import { Tool } from "../binaryen/tool.mjs";

const PREFIX_BYTES = 8;
const [toolPath, fd] = process.argv.slice(2);
const socket = new net.Socket({ fd: Number(fd), readable: true, writable: true });

function send(header, parts = []) {
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(text.length, 0);
  prefix.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0), 4);
  socket.write(Buffer.concat([prefix, text, ...parts]));
}

async function* frames() {
  let waiting = [];
  let held = 0;
  let wanted = PREFIX_BYTES;
  for await (const chunk of socket) {
    waiting.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const data = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
      waiting = [data];
      const headerSize = data.readUInt32LE(0);
      const total = PREFIX_BYTES + headerSize + data.readUInt32LE(4);
      if (held < total) {
        wanted = total;
        break;
      }
      const bodyAt = PREFIX_BYTES + headerSize;
      yield { header: JSON.parse(data.toString("utf8", PREFIX_BYTES, bodyAt)), body: data.subarray(bodyAt, total) };
      waiting = [data.subarray(total)];
      held -= total;
      wanted = PREFIX_BYTES;
    }
  }
}

async function serve(tool, { header, body }) {
  let at = 0;
  const files = header.files.map(([name, size]) => [name, body.subarray(at, (at += size))]);
  const { status, fileSystem } = await tool.run(header.args, files);
  const written = header.outputs.map((name) => [name, fileSystem.read(name)]).filter(([, bytes]) => bytes);
  const stdout = fileSystem.stdout.bytes;
  const stderr = fileSystem.stderr.bytes;
  send(
    {
      id: header.id, status, stdout: stdout.length, stderr: stderr.length,
      files: written.map(([name, bytes]) => [name, bytes.length]),
    },
    [stdout, stderr, ...written.map(([, bytes]) => bytes)],
  );
}

socket.on("error", () => process.exit(0));
let tool;
try {
  tool = new Tool(toolPath);
  send({ ready: true });
} catch (error) {
  send({ failed: failureText(error) });
}
for await (const frame of frames()) await serve(tool, frame);
process.exit(0);
