// One process's (or worker's) part of a trace: lines of JSON, appended as they come, so that what stands is valid up
// to where the process was killed. Bounded: past `mostBytes` only what is left out is counted.
//
// The file is opened for each line: a program sees no descriptor of ours, and may close all that it finds.

"use strict";

// Taken now: a program may put others in their place.
const { openSync, writeSync, closeSync, mkdirSync } = require("node:fs");
const { join } = require("node:path");
const { threadId } = require("node:worker_threads");
const { byteLength } = Buffer;
const { stringify } = JSON;

const MOST_ERRORS = 20;

class TracePart {
  #file = "";
  #left = 0;
  /** @type {string | null} why nothing can be written any more */
  #failed = null;
  #errors = 0;
  full = false;
  ended = false;
  thread = threadId;

  /**
   * Start a file, the first one or the next.
   *
   * @param {string} folder
   * @param {number} mostBytes
   */
  begin(folder, mostBytes) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, `${process.pid}-${threadId}-${process.hrtime.bigint().toString(36)}.part.jsonl`);
    closeSync(openSync(this.#file, "ax", 0o644));
    this.#left = mostBytes;
    this.#failed = null;
    this.#errors = 0;
    this.full = this.ended = false;
  }

  /** @param {string} text */
  #append(text) {
    const size = byteLength(text);
    const fd = openSync(this.#file, "a");
    try {
      const written = writeSync(fd, text);
      if (written !== size) throw new Error(`${written} of ${size} bytes written`);
    } finally {
      closeSync(fd);
    }
    return size;
  }

  /**
   * @param {object} line
   * @param {{always?: boolean}} [options] `always`: though the limit is reached
   * @returns {boolean} whether it was written
   */
  write(line, { always = false } = {}) {
    if (this.#failed !== null || this.ended) return false;
    const text = `${stringify(line)}\n`;
    if (!always && text.length > this.#left) {
      if (!this.full) {
        this.full = true;
        this.error("the trace has reached its limit of bytes: new stacks are left out from here on");
      }
      return false;
    }
    try {
      this.#left -= this.#append(text);
      return true;
    } catch (error) {
      this.#failed = String(error?.message ?? error);
      return false;
    }
  }

  /**
   * Something of ours went wrong; the program goes on.
   *
   * @param {unknown} message
   */
  error(message) {
    if (this.#errors++ < MOST_ERRORS) this.write({ kind: "error", message: String(message) }, { always: true });
  }

  /**
   * Write the last line. After a failure there may be room again: the torn line is ended first.
   *
   * @param {object} line
   */
  end(line) {
    if (this.#failed === null) this.write(line, { always: true });
    else {
      try {
        this.#append(`\n${stringify({ kind: "error", message: `could not be written: ${this.#failed}` })}\n`);
        this.#append(`${stringify(line)}\n`);
      } catch {
        // Still no room: the reader sees that the end is missing.
      }
    }
    this.ended = true;
  }

  /**
   * Run a piece of the observer: what it throws is written to the trace and nowhere else.
   *
   * @template T
   * @template [F=undefined]
   * @param {() => T} piece
   * @param {F} [fallback]
   * @returns {T | F}
   */
  guard(piece, fallback) {
    try {
      return piece();
    } catch (error) {
      this.error(`the observer failed: ${error?.stack ?? error}`);
      return /** @type {F} */ (fallback);
    }
  }
}

exports.TracePart = TracePart;
