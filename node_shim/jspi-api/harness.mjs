// Runs the steps of the specification on whatever `WebAssembly` is, and says what each gave. Nothing here is of one engine.

import { fromHex } from "../wasm/hex.mjs";
import { MODULES } from "./modules.mjs";

/**
 * @typedef {object} Step
 * @property {string} id
 * @property {string} says what the specification asks for
 * @property {(t: Tools) => unknown} run gives what came of it
 * @property {unknown} expected what the specification gives
 *
 * @typedef {{id: string, says: string, outcome: "as specified" | "deviates" | "no build" | "hung", got: unknown}} StepResult
 * @typedef {{collect?: () => Promise<void>, tracked?: () => any}} Host what engines have under names of their own
 */

const TIMEOUT_MS = 3000;

/** A step needs a module that Asyncify cannot instrument. */
class NoBuild extends Error {}

/** What steps use. */
export class Tools {
  #form;

  /**
   * @param {"plain" | "asyncified"} form
   * @param {Host} host
   */
  constructor(form, host) {
    this.#form = form;
    this.host = host;
  }

  /** @param {string} name */
  module(name) {
    const hex = this.#form === "plain" ? MODULES[name].plain : MODULES[name].asyncified;
    if (hex === undefined) throw new NoBuild();
    return new WebAssembly.Module(fromHex(hex));
  }

  /**
   * An instance: imports that are not given wait for their argument, or for nothing.
   *
   * @param {string} [name]
   * @param {Record<string, any>} [given]
   * @returns {Record<string, any>} its exports
   */
  open(name = "api", given = {}) {
    const waits = Object.fromEntries(
      ["wait", "wait64", "waitf", "nothing", "several"].map((each) => [each, new WebAssembly.Suspending(async (/** @type {any} */ value) => value)]),
    );
    const env = { plain: (/** @type {any} */ value) => value, ...waits, ...given };
    return new WebAssembly.Instance(this.module(name), { env, inner: given.inner }).exports;
  }

  /**
   * An instance whose `wait` is this function.
   *
   * @param {(...args: any[]) => any} wait
   * @param {string} [name]
   */
  waiting(wait, name) {
    return this.open(name, { wait: new WebAssembly.Suspending(wait) });
  }
}

/**
 * What an action throws, or its promise rejects with.
 *
 * @param {() => any} action
 * @returns {Promise<string>} `threw` or `rejected`, and the error's class
 */
export async function failure(action) {
  let promise;
  try {
    promise = action();
  } catch (error) {
    return `threw ${error.name ?? error}`;
  }
  if (!(promise instanceof Promise)) return `returned ${String(promise)}`;
  return promise.then(
    (value) => `fulfilled ${String(value)}`,
    (error) => `rejected ${error?.name ?? error}`,
  );
}

/** @param {unknown} value */
const plain = (value) => JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each === undefined ? "undefined" : each));

/**
 * @param {Step[]} steps
 * @param {Tools} tools
 * @returns {Promise<StepResult[]>}
 */
export async function runSteps(steps, tools) {
  const results = [];
  for (const { id, says, run, expected } of steps) {
    const got = await Promise.race([outcome(run, tools), new Promise((resolve) => setTimeout(() => resolve("hung"), TIMEOUT_MS))]);
    if (got === "hung" || got === "no build") results.push({ id, says, outcome: got, got: null });
    else results.push({ id, says, outcome: got === plain(expected) ? "as specified" : "deviates", got: JSON.parse(got ?? "null") });
  }
  return /** @type {StepResult[]} */ (results);
}

/**
 * @param {Step["run"]} run
 * @param {Tools} tools
 */
async function outcome(run, tools) {
  try {
    return plain(await run(tools));
  } catch (error) {
    return error instanceof NoBuild ? "no build" : plain(`threw ${error?.name}: ${error?.message}`);
  }
}
