// One of Binaryen's command line tools (npm's `binaryen/bin/wasm-opt`), loaded once and run many times.
//
// The file is an Emscripten program: JavaScript glue with the wasm inside. Its wasm is compiled once; each
// run gets a fresh instance, with its own file system, so that a run behaves as a process would, down to
// its messages and its aborts, and leaves nothing behind.

import { constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";

import { Invokes } from "./invokes.mjs";
import { MemoryFileSystem } from "./memfs.mjs";

const nodeRequire = createRequire(import.meta.url);

export class Tool {
  #start;
  #module;
  #invokes;

  /** @param {string} path the tool's file: throws if it is not what Emscripten makes */
  constructor(path) {
    const text = readFileSync(path, "utf8").replace(/^#!.*/, "");
    // The glue keeps all to itself; its own functions for finding the wasm and for calling `main` are
    // handed out by one more statement at its end, where they are in scope.
    this.#invokes = new Invokes(text);
    const handedOut = ["callMain", "findWasmBinary", ...this.#invokes.handedOut];
    this.#start = vm.runInThisContext(
      `(function (Module, require, process, __filename, __dirname) {${text}
      ;return { ${handedOut} }; })`,
      { filename: path },
    );
    const { findWasmBinary } = this.#start({ instantiateWasm() {} }, hosted(new MemoryFileSystem([])), fakeProcess(), path, "/");
    this.#module = new WebAssembly.Module(findWasmBinary());
  }

  /**
   * Run it once.
   *
   * @param {string[]} args the command line without the tool's name
   * @param {[string, Uint8Array][]} files name and bytes of each file it may read
   * @returns the exit status, and the file system as the run left it
   */
  async run(args, files) {
    const fileSystem = new MemoryFileSystem(files);
    const process = fakeProcess();
    /** @type {any} */
    let program;
    await new Promise((resolve, reject) => {
      const options = {
        noInitialRun: true,
        onRuntimeInitialized: resolve,
        instantiateWasm: (/** @type {WebAssembly.Imports} */ imports, /** @type {(instance: WebAssembly.Instance) => void} */ received) => {
          try {
            received(this.#invokes.instantiate(this.#module, imports, () => program));
          } catch (error) {
            reject(error);
          }
        },
      };
      program = this.#start(options, hosted(fileSystem), process, "/wasm-opt", "/");
    });
    let status;
    try {
      program.callMain([...args]);
      status = process.exitCode ?? 0;
    } catch (error) {
      // An abort, a trap or a stack overflow: for a process, death with status 1 and this on stderr.
      status = process.exitCode || 1;
      fileSystem.stderr.writeAt(fileSystem.stderr.size, new TextEncoder().encode(`${error}\n`));
    }
    return { status, fileSystem };
  }
}

/** @param {MemoryFileSystem} fileSystem */
function hosted(fileSystem) {
  /** @type {Record<string, unknown>} */
  const replaced = { "node:fs": fileSystem.functions, fs: fileSystem.functions, "node:tty": { isatty: () => false } };
  return (/** @type {string} */ name) => replaced[name] ?? nodeRequire(name);
}

/** @returns {Record<string, any>} */
function fakeProcess() {
  return {
    argv: ["node", "wasm-opt"],
    binding: () => ({ fs: constants }),
    cwd: () => "/",
    // One core: with more, the lines of several threads would be mixed.
    env: { BINARYEN_CORES: "1" },
    platform: process.platform,
    versions: process.versions,
  };
}
