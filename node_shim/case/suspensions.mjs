// Suspensions of a run, counted by import, export and stack. Frames are flat numbers: the URL's number, index, offset.

/** @typedef {import("./plan.d.ts").Frame} Frame */
/** @typedef {{instance: string, import: string, export: string, frames: number[], count: number}} Suspension */

export class Suspensions {
  /** @type {Map<string, Suspension>} */
  #byKey = new Map();
  /** @type {string[]} */
  #urls = [];
  total = 0;
  /** @type {Record<number, string>} which instance's module a URL is, where that is certain: the innermost frame is of the caller */
  owners = {};

  /** @param {string} url */
  #urlNumber(url) {
    const at = this.#urls.indexOf(url);
    return at >= 0 ? at : this.#urls.push(url) - 1;
  }

  /** @param {Frame[]} frames */
  flat(frames) {
    return frames.flatMap(([url, index, offset]) => [this.#urlNumber(url), index, offset]);
  }

  /**
   * @param {string} instance
   * @param {string} importName
   * @param {string} exportName
   * @param {Frame[]} frames
   */
  add(instance, importName, exportName, frames) {
    this.total++;
    const flat = this.flat(frames);
    if (frames.length > 0) this.owners[flat[0]] ??= instance;
    const key = `${instance}\0${importName}\0${exportName}\0${flat}`;
    const known = this.#byKey.get(key);
    if (known) known.count++;
    else this.#byKey.set(key, { instance, import: importName, export: exportName, frames: flat, count: 1 });
  }

  list() {
    return [...this.#byKey.values()];
  }
}
