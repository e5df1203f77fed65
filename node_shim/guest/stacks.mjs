// The guest's stacks as Python gets them: without the frames of modules of ours that stand between it and the host.

import { framesOfError, guestFrames } from "../stacks/capture.mjs";

const FRAMES_LIMIT = 50;

/** @typedef {import("../stacks/frames.mjs").Frame} Frame */

/** @type {(frames: Frame[]) => [number, number][]} */
const numbers = (frames) => frames.map(([, index, offset]) => [index, offset]);

export class GuestStacks {
  /** @type {Set<string>} URLs of modules that are not the guest's */
  #ours = new Set();

  /**
   * An error of a module of ours: its frames are left out from now on.
   *
   * @param {unknown} error
   * @param {number} [limit] the most frames, innermost first
   */
  leaveOut(error, limit = FRAMES_LIMIT) {
    for (const [url] of framesOfError(error, limit)) this.#ours.add(url);
  }

  /** @param {unknown} error */
  ofError(error) {
    return numbers(framesOfError(error, FRAMES_LIMIT).filter(([url]) => !this.#ours.has(url)));
  }

  /** Where the guest is now. */
  here() {
    return numbers(guestFrames().filter(([url]) => !this.#ours.has(url)).slice(0, FRAMES_LIMIT));
  }
}
