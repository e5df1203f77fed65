// What an instance keeps of a call. Nothing here refers to the call itself, so that an abandoned call can be collected.

/** @typedef {import("./region.mjs").Region} Region */

export class CallRecord {
  /** @type {unknown} the import that the call waits in; null: in none */
  waitsIn = null;

  /** The name of the import that it waited in last, for messages. */
  importName = "";

  /** @type {import("./data-block.mjs").SavedStack | null} its saved stack, while another call has the data block */
  saved = null;

  /** @type {number | null} the C stack pointer when the call began; null: its instance has no C stack */
  outside = null;

  /** @type {number | null} the C stack pointer when the call was suspended; null: it is not suspended */
  pointer = null;

  /** @type {Region | null} the C stack of its own; null: it is on the guest's */
  region = null;

  /** Whether frames that the call may outlive lie below it: never after it has been resumed. */
  isNested = false;

  wasResumed = false;
}
