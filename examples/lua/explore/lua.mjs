// Lua 5.4 as the conformance suite has it: a program comes from its standard input, `wait` is an import of the host.
import { readFileSync } from "node:fs";

const file = process.env.LUA_WASM ?? new URL("../../../stackswitch/suite/cases/programs/lua.wasm", import.meta.url);
const module = new WebAssembly.Module(readFileSync(file));

/** How a program ends that calls os.exit. */
class Exit extends Error {}

/**
 * Runs a program; returns what it wrote to its standard output.
 * @param {(value: number) => number | Promise<number>} [wait] one that returns a promise needs JSPI; without, nothing waits
 */
export async function runLua(program, wait) {
  const input = Buffer.from(program);
  let at = 0;
  let output = "";
  let memory;
  const view = () => new DataView(memory.buffer);
  const bytes = (pointer, length) => new Uint8Array(memory.buffer, pointer, length);
  const buffers = (list, count) =>
    Array.from({ length: count }, (_, each) => bytes(view().getUint32(list + 8 * each, true), view().getUint32(list + 8 * each + 4, true)));
  const counted = (pointer, value) => (view().setUint32(pointer, value, true), 0);
  const wasi = {
    args_get: () => 0,
    args_sizes_get: (count, size) => counted(count, 0) || counted(size, 0),
    clock_time_get: (_id, _precision, pointer) => (view().setBigUint64(pointer, 1n, true), 0),
    fd_fdstat_get: (_fd, pointer) => (bytes(pointer, 24).fill(0), 0),
    fd_read(fd, list, count, got) {
      if (fd !== 0) return 8; // EBADF
      let total = 0;
      for (const buffer of buffers(list, count)) {
        const part = input.subarray(at, at + buffer.length);
        buffer.set(part);
        at += part.length;
        total += part.length;
      }
      return counted(got, total);
    },
    fd_write(fd, list, count, written) {
      const parts = buffers(list, count);
      if (fd === 1) output += parts.map((each) => Buffer.from(each).toString()).join("");
      return counted(written, parts.reduce((sum, each) => sum + each.length, 0));
    },
    fd_seek: () => 70, // ESPIPE
    fd_close: () => 0,
    proc_exit() {
      throw new Exit();
    },
  };
  const host = { wait: wait === undefined ? (value) => value : new WebAssembly.Suspending(wait) };
  const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi, host });
  memory = exports.memory;
  try {
    await (wait === undefined ? exports._start() : WebAssembly.promising(exports._start)());
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return output;
}
