// Steps of "create a suspending function", and of imports that are handed from instance to instance.

import { failure } from "./harness.mjs";

/** @param {import("./harness.mjs").Tools} t @param {any} result of the import */
const waitsFor = (t, result) => WebAssembly.promising(t.waiting(() => result).one)(1);

/**
 * What happens around a wait, in order.
 *
 * @param {import("./harness.mjs").Tools} t
 * @param {any} value what the import returns
 * @param {number} microtasks how many others are queued
 */
async function order(t, value, microtasks) {
  /** @type {string[]} */
  const log = [];
  const exports = t.open("api", { wait: new WebAssembly.Suspending(() => value), plain: () => log.push("guest") });
  const call = WebAssembly.promising(exports.then_plain)(1);
  log.push("returned");
  const ended = call.then(() => log.push("ended"));
  let chain = Promise.resolve();
  for (let i = 1; i <= microtasks; i++) chain = chain.then(() => void log.push(`microtask ${i}`));
  await Promise.all([ended, chain]);
  return log;
}

/** @type {import("./harness.mjs").Step[]} */
export const WAITS = [
  {
    id: "create-5-direct",
    says: "an export that was called directly cannot suspend: SuspendError, and the import is not called",
    run: async (t) => {
      let calls = 0;
      const exports = t.waiting(async () => calls++);
      return [await failure(() => exports.one(1)), calls];
    },
    expected: ["threw SuspendError", 0],
  },
  {
    id: "create-5-start",
    says: "nor can a start function",
    run: async (t) => {
      let calls = 0;
      return [await failure(() => t.waiting(async () => calls++, "start")), calls];
    },
    expected: ["threw SuspendError", 0],
  },
  {
    id: "create-5-frames",
    says: "nor can a call with a JavaScript frame between, and the import is not called",
    run: async (t) => {
      let calls = 0;
      /** @type {string[]} */
      const seen = [];
      const wait = new WebAssembly.Suspending(async () => calls++);
      const plain = (/** @type {number} */ value) => {
        try {
          return exports.one(value);
        } catch (error) {
          seen.push(error.name);
          return 7;
        }
      };
      /** @type {Record<string, any>} */
      const exports = t.open("api", { wait, plain });
      return [await WebAssembly.promising(exports.through)(1), seen, calls];
    },
    expected: [107, ["SuspendError"], 0],
  },
  {
    id: "create-5-after",
    says: "the call that was refused can suspend afterwards",
    run: async (t) => {
      const plain = (/** @type {number} */ value) => {
        try {
          return exports.one(value);
        } catch {
          return 7;
        }
      };
      /** @type {Record<string, any>} */
      const exports = t.open("api", { plain });
      await WebAssembly.promising(exports.through)(1);
      return WebAssembly.promising(exports.then_plain)(3).catch((/** @type {Error} */ error) => error.name);
    },
    expected: 7,
  },
  {
    id: "create-10",
    says: "the import is called at once, without a receiver, with the guest's arguments",
    run: (t) => {
      /** @type {any[]} */
      const seen = [];
      const wait = new WebAssembly.Suspending(/** @this {any} @param {any[]} args */ function (...args) {
        seen.push(this === undefined, args);
        return Promise.resolve(1);
      });
      WebAssembly.promising(t.open("api", { wait }).one)(20);
      return seen;
    },
    expected: [true, [20]],
  },
  {
    id: "create-14",
    says: "what the import throws is thrown into the guest at once, without a suspension",
    run: async (t) => {
      const tag = new WebAssembly.Tag({ parameters: ["i32"] });
      const wait = new WebAssembly.Suspending(() => { throw new WebAssembly.Exception(tag, [5]); });
      const { caught, any } = t.open("tags", { wait, tag });
      return [await WebAssembly.promising(caught)(1), await WebAssembly.promising(any)(1)];
    },
    expected: [1005, 43],
  },
  {
    id: "create-15-plain",
    says: "a value that is no promise suspends the call all the same",
    run: (t) => order(t, 5, 2),
    expected: ["returned", "guest", "microtask 1", "ended", "microtask 2"],
  },
  {
    id: "create-15-promise",
    says: "a promise that is fulfilled resumes the call in its first reaction",
    run: (t) => order(t, Promise.resolve(5), 2),
    expected: ["returned", "guest", "microtask 1", "ended", "microtask 2"],
  },
  {
    id: "create-15-thenable",
    says: "a thenable is taken by PromiseResolve: its `then` is read once, and called in a microtask of its own",
    run: async (t) => {
      /** @type {string[]} */
      const log = [];
      const thenable = {
        get then() {
          log.push("get");
          return (/** @type {any} */ resolve) => (log.push("call"), resolve(5));
        },
      };
      const call = waitsFor(t, thenable);
      log.push("returned");
      return [await call, log];
    },
    expected: [6, ["get", "returned", "call"]],
  },
  {
    id: "create-15-then-throws",
    says: "a `then` whose getter throws rejects what is awaited",
    run: (t) => failure(() => waitsFor(t, { get then() { throw new RangeError("mine"); } })),
    expected: "rejected RangeError",
  },
  {
    id: "create-15-constructor",
    says: "a promise's `constructor` is read once; what that throws is thrown into the guest at once",
    run: async (t) => {
      let reads = 0;
      const promise = Promise.resolve(1);
      Object.defineProperty(promise, "constructor", { get: () => (reads++, Promise), configurable: true });
      const result = await waitsFor(t, promise);
      Object.defineProperty(promise, "constructor", { get: () => { throw new RangeError("mine"); } });
      const tag = new WebAssembly.Tag({ parameters: ["i32"] });
      const wait = new WebAssembly.Suspending(() => promise);
      return [result, reads, await WebAssembly.promising(t.open("tags", { wait, tag }).any)(1)];
    },
    expected: [2, 1, 43],
  },
  {
    id: "create-15-patched",
    says: "the `then` of a promise is not called: Await has no need of it",
    run: async (t) => {
      const promise = Promise.resolve(1);
      let calls = 0;
      promise.then = () => { calls++; throw new Error("called"); };
      return [await waitsFor(t, promise), calls];
    },
    expected: [2, 0],
  },
  {
    id: "create-await-rejected",
    says: "a rejection is thrown into the guest, which may catch it",
    run: (t) => {
      const tag = new WebAssembly.Tag({ parameters: ["i32"] });
      const wait = new WebAssembly.Suspending(async () => { throw new WebAssembly.Exception(tag, [5]); });
      const { caught, any } = t.open("tags", { wait, tag });
      return Promise.all([WebAssembly.promising(caught)(1), WebAssembly.promising(any)(1)]);
    },
    expected: [1005, 43],
  },
  {
    id: "create-await-same",
    says: "a rejection that nobody catches rejects the call with the same value",
    run: async (t) => {
      const reasons = [{}, undefined, 5, Symbol.iterator];
      const same = reasons.map((reason) => WebAssembly.promising(t.waiting(() => Promise.reject(reason)).one)(1).catch((/** @type {any} */ got) => got === reason));
      return Promise.all(same);
    },
    expected: [true, true, true, true],
  },
  {
    id: "create-await-jstag",
    says: "a handler for JSTag catches what the import's promise was rejected with",
    run: (t) => {
      const wait = new WebAssembly.Suspending(async () => { throw new Error("mine"); });
      return WebAssembly.promising(t.open("jstag", { wait, tag: WebAssembly.JSTag }).caught)(1);
    },
    expected: 43,
  },
  {
    id: "create-return-converted",
    says: "the value is converted to the import's results once, after the call was resumed",
    run: async (t) => {
      /** @type {string[]} */
      const log = [];
      const call = waitsFor(t, { valueOf: () => (log.push("valueOf"), 41) });
      log.push("returned");
      return [await call, log];
    },
    expected: [42, ["returned", "valueOf"]],
  },
  {
    id: "create-return-error",
    says: "a value that cannot be converted is thrown into the guest",
    run: async (t) => {
      const wait64 = new WebAssembly.Suspending(async () => 5);
      return failure(() => WebAssembly.promising(t.open("api", { wait64 }).wide)(1n));
    },
    expected: "rejected TypeError",
  },
  {
    id: "create-return-inside",
    says: "code that the conversion runs cannot suspend the call",
    run: async (t) => {
      /** @type {Record<string, any>} */
      const exports = t.waiting(async (value) => (value === 1 ? { valueOf: () => exports.one(2) } : value));
      return failure(() => WebAssembly.promising(exports.one)(1));
    },
    expected: "rejected SuspendError",
  },
  {
    id: "create-return-several",
    says: "several results come from an iterable of that many values",
    run: async (t) => {
      const waits = (/** @type {any} */ result) => failure(async () => WebAssembly.promising(t.open("api", { several: new WebAssembly.Suspending(async () => result) }).several)());
      return [await waits(new Set([1, 2n])), await waits([1]), await waits(5)];
    },
    expected: ["fulfilled 1,2", "rejected TypeError", "rejected TypeError"],
  },
  {
    id: "create-references",
    says: "a reference passes a wait as it is",
    run: async (t) => {
      const object = {};
      return (await WebAssembly.promising(t.open("references", { wait: new WebAssembly.Suspending(async (/** @type {any} */ each) => each) }).same)(object)) === object;
    },
    expected: true,
  },
  {
    id: "create-tail",
    says: "a wait in a tail call suspends",
    run: (t) => WebAssembly.promising(t.open("tail").tail)(5),
    expected: 5,
  },
  {
    id: "create-handler",
    says: "a wait in a handler suspends",
    run: (t) => WebAssembly.promising(t.open("in-catch", { tag: new WebAssembly.Tag({ parameters: ["i32"] }) }).handled)(),
    expected: 5,
  },
  {
    id: "nested-waiting",
    says: "an import that waits may wait for a call of its own",
    run: (t) => {
      const wait64 = new WebAssembly.Suspending(async (/** @type {bigint} */ value) => BigInt(await WebAssembly.promising(exports.one)(Number(value))));
      /** @type {Record<string, any>} */
      const exports = t.open("api", { wait64 });
      return WebAssembly.promising(exports.wide)(4n);
    },
    expected: "6n",
  },
  {
    id: "nested-plain",
    says: "an import that does not wait may begin a call, which outlives it",
    run: async (t) => {
      /** @type {any} */
      let inner;
      const plain = (/** @type {number} */ value) => ((inner = WebAssembly.promising(exports.one)(value)), 7);
      /** @type {Record<string, any>} */
      const exports = t.open("api", { plain });
      return [await WebAssembly.promising(exports.through)(5), await inner];
    },
    expected: [107, 6],
  },
  {
    id: "instances-direct",
    says: "frames of two instances are suspended together",
    run: (t) => {
      const inner = t.waiting(async (value) => value * 2);
      return WebAssembly.promising(t.open("outer", { inner }).direct)(5);
    },
    expected: 21,
  },
  {
    id: "instances-table",
    says: "also if one calls the other through a table",
    run: (t) => {
      const inner = t.waiting(async (value) => value * 2);
      return WebAssembly.promising(t.open("outer", { inner }).by_table)(5);
    },
    expected: 21,
  },
  {
    id: "instances-group",
    says: "also a main module and a side module, which share the memory and the table",
    run: (t) => {
      const main = t.open("main");
      const { memory, table, __asyncify_state, __asyncify_data } = main; // the latter two of Asyncify builds
      t.open("side", { memory, table, __asyncify_state, __asyncify_data, wait: new WebAssembly.Suspending(async (/** @type {number} */ value) => value * 2) });
      return WebAssembly.promising(main.through)(5);
    },
    expected: 21,
  },
  {
    id: "instances-again",
    says: "an import that waits, exported again, is a function whose calls wait",
    run: async (t) => {
      const { again } = t.waiting(async (value) => value * 2);
      return [typeof again, await WebAssembly.promising(again)(5), await failure(() => again(5))];
    },
    expected: ["function", 10, "threw SuspendError"],
  },
  {
    id: "instances-again-imported",
    says: "and suspends the instance that imports it",
    run: (t) => {
      const first = t.waiting(async (value) => value * 2);
      return WebAssembly.promising(t.open("api", { wait: first.again }).one)(5);
    },
    expected: 11,
  },
  {
    id: "instances-exported-function",
    says: "the function of a Suspending object may be one of an instance",
    run: (t) => WebAssembly.promising(t.open("api", { wait: new WebAssembly.Suspending(t.open().still) }).one)(5),
    expected: 6,
  },
  {
    id: "storage",
    says: "asynchronous context follows a call through its waits (not in the specification; AsyncLocalStorage of Node, Deno and Bun)",
    run: async (t) => {
      const tracked = t.host.tracked?.();
      if (!tracked) return [1, 1];
      const exports = t.waiting(async (value) => (await null, tracked.getStore() * 100 + value));
      return Promise.all([1, 2].map((each) => tracked.run(each, () => WebAssembly.promising(exports.one)(0)))).then((values) => values.map((value, i) => (value === (i + 1) * 100 + 1 ? 1 : value)));
    },
    expected: [1, 1],
  },
];
