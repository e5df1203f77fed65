// A file system in memory with the part of node:fs that Binaryen's command line tools call.
//
// The tools reach the disk through `require("node:fs")`. Given this instead, a run sees its own few
// files and nothing else, and what it prints is caught rather than written to this process's streams.

import { constants } from "node:fs";

const FIRST_FD = 3;
const REGULAR_FILE = constants.S_IFREG | 0o644;
const FOLDER = constants.S_IFDIR | 0o755;

/** @type {(code: string, path: string | number) => Error} */
function failure(code, path) {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** @param {string} path */
const keyOf = (path) => String(path).replace(/^(\.?\/)+/, "");

/** Bytes that grow at the end; doubled, so that many small writes stay cheap. */
class ByteFile {
  /** @param {Uint8Array} [bytes] */
  constructor(bytes = new Uint8Array(0)) {
    this.store = bytes;
    this.size = bytes.length;
  }

  get bytes() {
    return this.store.subarray(0, this.size);
  }

  /**
   * @param {number} at
   * @param {Uint8Array} bytes
   */
  writeAt(at, bytes) {
    const end = at + bytes.length;
    if (end > this.store.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.store.length, 4096));
      grown.set(this.bytes);
      this.store = grown;
    }
    this.store.set(bytes, at);
    this.size = Math.max(this.size, end);
  }
}

/** The files of one run; `stdout` and `stderr` hold what it printed. */
export class MemoryFileSystem {
  /** @type {Map<string, ByteFile>} */
  #files;
  stdout = new ByteFile();
  stderr = new ByteFile();
  /** @type {({file: ByteFile, position: number, key?: string} | undefined)[]} */
  #open = [new ByteFile(), this.stdout, this.stderr].map((file) => ({ file, position: 0 }));

  /** @param {[string, Uint8Array][]} files */
  constructor(files) {
    this.#files = new Map(files.map(([name, bytes]) => [keyOf(name), new ByteFile(bytes)]));
  }

  /**
   * A file's bytes, or undefined if the run did not write it.
   *
   * @param {string} name
   */
  read(name) {
    return this.#files.get(keyOf(name))?.bytes;
  }

  /** @param {number} fd */
  #at(fd) {
    const entry = this.#open[fd];
    if (!entry) throw failure("EBADF", fd);
    return entry;
  }

  /**
   * @param {ByteFile | undefined} file none: the folder
   * @param {string} [name]
   */
  #stat(file, name = "") {
    const time = new Date(0);
    const size = file?.size ?? 0;
    return {
      dev: 1, ino: 1 + [...this.#files.keys()].indexOf(name), mode: file ? REGULAR_FILE : FOLDER, nlink: 1, uid: 0, gid: 0, rdev: 0, size,
      blksize: 4096, blocks: Math.ceil(size / 512), atime: time, mtime: time, ctime: time,
      atimeMs: 0, mtimeMs: 0, ctimeMs: 0,
      isDirectory: () => !file, isFile: () => Boolean(file), isSymbolicLink: () => false,
    };
  }

  /**
   * What a tool gets as `node:fs`.
   *
   * @type {import("./node-fs.d.ts").FileFunctions}
   */
  functions = {
    constants,
    openSync: (path, flags) => {
      const key = keyOf(path);
      let file = this.#files.get(key);
      if (!file && !(flags & constants.O_CREAT)) throw failure("ENOENT", path);
      if (!file || flags & constants.O_TRUNC) this.#files.set(key, (file = new ByteFile()));
      let fd = FIRST_FD;
      while (this.#open[fd]) fd++;
      this.#open[fd] = { file, position: 0, key };
      return fd;
    },
    closeSync: (fd) => {
      this.#at(fd);
      this.#open[fd] = undefined;
    },
    readSync: (fd, buffer, offset, length, position) => {
      const entry = this.#at(fd);
      const from = position ?? entry.position;
      const part = entry.file.bytes.subarray(from, from + length);
      new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(part, offset);
      if (position == null) entry.position += part.length;
      return part.length;
    },
    writeSync: (fd, buffer, offset, length, position) => {
      const entry = this.#at(fd);
      const printed = entry.file === this.stdout || entry.file === this.stderr;
      const at = printed ? entry.file.size : (position ?? entry.position);
      entry.file.writeAt(at, new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length));
      if (position == null) entry.position = at + length;
      return length;
    },
    statSync: (path) => {
      const key = keyOf(path);
      const file = this.#files.get(key);
      if (!file && key !== "") throw failure("ENOENT", path);
      return this.#stat(file, key);
    },
    lstatSync: (path) => this.functions.statSync(path),
    fstatSync: (fd) => this.#stat(this.#at(fd).file, this.#at(fd).key),
    ftruncateSync: (fd, length) => {
      this.#at(fd).file.size = length;
    },
    unlinkSync: (path) => {
      if (!this.#files.delete(keyOf(path))) throw failure("ENOENT", path);
    },
  };
}
