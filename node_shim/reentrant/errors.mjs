// The errors of the transform: the same classes as in Python, with the same words.

/** @typedef {Record<string, unknown>} Values */

/** A module that cannot be changed soundly. The message says why, and what to do; `reason` is a short name of it, such as `no-malloc`. */
export class ModuleRefusedError extends Error {
  /**
   * @param {string} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.name = "ModuleRefusedError";
    this.reason = reason;
  }
}

/** A request that is wrong: it names what the module does not have. */
export class ConfigError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "ConfigError";
  }
}

/** Bytes that are no module, or a module that is cut short or malformed; `offset`: where, in bytes. */
export class WasmFormatError extends Error {
  /**
   * @param {string} message
   * @param {number} offset
   */
  constructor(message, offset) {
    super(`${message} (at offset 0x${offset.toString(16)})`);
    this.name = "WasmFormatError";
    this.offset = offset;
  }
}
