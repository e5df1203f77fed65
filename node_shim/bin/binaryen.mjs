// Loads one of Binaryen's tools and runs it for each request on a socket.
//
//   node binaryen.mjs TOOL FD
//
// A request (docs/wire-protocol.md, "Binaryen"): {"args", "files": [name…], "outputs": [name…]}; its parts are the files. The
// answer: {"status", "files": [name…]}; its parts are standard output, standard error and the outputs that were written.

import { Tool } from "../binaryen/tool.mjs";
import { failureText } from "../errors/failure.mjs";
import { serveRequests } from "../transport/connection.mjs";

const [path, fd] = process.argv.slice(2);

/** @type {Tool} */
let tool;

/**
 * @param {{args: string[], files: string[], outputs: string[]}} request
 * @param {Uint8Array[]} parts
 */
async function run({ args, files, outputs }, parts) {
  const { status, fileSystem } = await tool.run(args, files.map((name, at) => [name, parts[at]]));
  const written = outputs.flatMap((name) => {
    const bytes = fileSystem.read(name);
    return bytes === undefined ? [] : [{ name, bytes }];
  });
  return {
    status,
    files: written.map(({ name }) => name),
    parts: [fileSystem.stdout.bytes, fileSystem.stderr.bytes, ...written.map(({ bytes }) => bytes)],
  };
}

let problem;
try {
  tool = new Tool(path);
} catch (error) {
  problem = failureText(error);
}
serveRequests(fd, run, { problem });
