// What the plugins share: a module of a project, made re-entrant.

import { readFileSync } from "node:fs";

import { makeReentrant } from "../reentrant.mjs";

/**
 * Options of `makeReentrant`, with `glueFile`: the path of the glue. A function gets the module's path and returns them; null: it stays as it is.
 *
 * @typedef {import("../reentrant.mjs").ReentrantOptions & {glueFile?: string}} PluginOptions
 * @typedef {PluginOptions | ((path: string) => PluginOptions | null)} Choice
 */

/**
 * @param {string} path
 * @param {Choice} choice
 * @returns {Uint8Array | null} null: the module stays as it is
 */
export function reentrantFile(path, choice) {
  const options = typeof choice === "function" ? choice(path) : choice;
  if (options === null) return null;
  const { glueFile, ...rest } = options;
  const glue = glueFile === undefined ? {} : { glue: readFileSync(glueFile, "utf8"), glueName: glueFile };
  try {
    return makeReentrant(readFileSync(path), { ...rest, ...glue }).wasm;
  } catch (error) {
    error.message = `${path}: ${error.message}`;
    throw error;
  }
}
