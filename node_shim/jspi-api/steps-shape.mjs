// Steps on the shape of what JSPI adds to `WebAssembly`: Web IDL, and "Error Objects".

import { failure } from "./harness.mjs";

/** @param {any} object @param {PropertyKey} name */
function attributes(object, name) {
  const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, name) ?? {};
  return [writable, enumerable, configurable].map((each, i) => (each ? "wec"[i] : "-")).join("");
}

/** @param {() => any} action */
function thrown(action) {
  try {
    action();
  } catch (error) {
    return error instanceof TypeError ? "TypeError" : error.name;
  }
  return "nothing";
}

const callback = () => {};

/** @type {import("./harness.mjs").Step[]} */
export const SHAPE = [
  {
    id: "suspending-property",
    says: "`Suspending` is a writable, configurable property of the namespace that is not enumerated",
    run: () => attributes(WebAssembly, "Suspending"),
    expected: "w-c",
  },
  {
    id: "suspending-interface",
    says: "the interface object has the name `Suspending`, the length 1, and a prototype that cannot be replaced",
    run: () => [WebAssembly.Suspending.name, WebAssembly.Suspending.length, attributes(WebAssembly.Suspending, "prototype")],
    expected: ["Suspending", 1, "---"],
  },
  {
    id: "suspending-prototype",
    says: "its prototype object has a constructor and the tag `WebAssembly.Suspending`, and nothing else",
    run: () => {
      const { prototype } = WebAssembly.Suspending;
      const tag = Symbol.toStringTag;
      return [Reflect.ownKeys(prototype).length, attributes(prototype, "constructor"), Reflect.get(prototype, tag), attributes(prototype, tag), Object.getPrototypeOf(prototype) === Object.prototype];
    },
    expected: [2, "w-c", "WebAssembly.Suspending", "--c", true],
  },
  {
    id: "suspending-1",
    says: "what is not callable is a TypeError",
    run: () => [undefined, null, 1, {}, "f"].map((each) => thrown(() => new WebAssembly.Suspending(/** @type {any} */ (each)))),
    expected: ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"],
  },
  {
    id: "suspending-new",
    says: "the constructor needs `new`",
    run: () => thrown(() => Reflect.apply(WebAssembly.Suspending, undefined, [callback])),
    expected: "TypeError",
  },
  {
    id: "suspending-3",
    says: "the object is an ordinary one with the original prototype and no properties",
    run: () => {
      class More extends WebAssembly.Suspending {}
      const made = [new WebAssembly.Suspending(callback), new More(callback)];
      return made.map((each) => [Reflect.ownKeys(each).length, Object.getPrototypeOf(each) === WebAssembly.Suspending.prototype, typeof each]);
    },
    expected: [[0, true, "object"], [0, true, "object"]],
  },
  {
    id: "suspending-proxy",
    says: "a proxy of a function is callable",
    run: (t) => WebAssembly.promising(t.waiting(new Proxy(async (/** @type {number} */ value) => value * 2, {})).one)(20),
    expected: 41,
  },
  {
    id: "promising-property",
    says: "`promising` is an operation of a namespace: writable, enumerable and configurable",
    run: () => attributes(WebAssembly, "promising"),
    expected: "wec",
  },
  {
    id: "promising-function",
    says: "it has the name `promising`, the length 1, no prototype, and is no constructor",
    run: (t) => {
      const { promising } = WebAssembly;
      return [promising.name, promising.length, "prototype" in promising, thrown(() => Reflect.construct(promising, [t.open().one]))];
    },
    expected: ["promising", 1, false, "TypeError"],
  },
  {
    id: "promising-1",
    says: "what is not callable is a TypeError",
    run: () => [undefined, null, 1, {}].map((each) => thrown(() => WebAssembly.promising(/** @type {any} */ (each)))),
    expected: ["TypeError", "TypeError", "TypeError", "TypeError"],
  },
  {
    id: "promising-2",
    says: "a function that is no exported function is a TypeError, also one that `promising` made",
    run: (t) => [callback, new Proxy(t.open().one, {}), WebAssembly.promising(t.open().one)].map((each) => thrown(() => WebAssembly.promising(each))),
    expected: ["TypeError", "TypeError", "TypeError"],
  },
  {
    id: "promising-4",
    says: "the function that it makes has the length 1 and an empty name: CreateBuiltinFunction(builder, 1, \"\")",
    run: (t) => {
      const made = WebAssembly.promising(t.open().params);
      return [made.length, made.name, attributes(made, "length"), attributes(made, "name")];
    },
    expected: [1, "", "--c", "--c"],
  },
  {
    id: "promising-made",
    says: "that function is no constructor, has no prototype property, and is another one each time",
    run: (t) => {
      const { one } = t.open();
      const made = WebAssembly.promising(one);
      return ["prototype" in made, thrown(() => Reflect.construct(made, [])), made === WebAssembly.promising(one)];
    },
    expected: [false, "TypeError", false],
  },
  {
    id: "suspend-error-property",
    says: "`SuspendError` is a method property: writable, configurable, not enumerated",
    run: () => attributes(WebAssembly, "SuspendError"),
    expected: "w-c",
  },
  {
    id: "suspend-error-class",
    says: "a NativeError: it inherits from Error, has the length 1, and a prototype that cannot be replaced",
    run: () => {
      const { SuspendError } = /** @type {any} */ (WebAssembly);
      return [Object.getPrototypeOf(SuspendError) === Error, SuspendError.name, SuspendError.length, attributes(SuspendError, "prototype")];
    },
    expected: [true, "SuspendError", 1, "---"],
  },
  {
    id: "suspend-error-prototype",
    says: "its prototype has a constructor, a name and an empty message, and inherits from Error's",
    run: () => {
      const { prototype } = /** @type {any} */ (WebAssembly).SuspendError;
      const own = ["constructor", "name", "message"].map((name) => attributes(prototype, name));
      return [own, prototype.name, prototype.message, Object.getPrototypeOf(prototype) === Error.prototype];
    },
    expected: [["w-c", "w-c", "w-c"], "SuspendError", "", true],
  },
  {
    id: "suspend-error-call",
    says: "it is made with and without `new`, with a message and a cause",
    run: () => {
      const { SuspendError } = /** @type {any} */ (WebAssembly);
      const made = [SuspendError("text", { cause: 5 }), new SuspendError("text", { cause: 5 })];
      const kinds = made.map((each) => [each instanceof SuspendError, each.message, each.cause, attributes(each, "message"), Object.prototype.toString.call(each)]);
      return [...kinds, Object.hasOwn(SuspendError(), "message")];
    },
    expected: [[true, "text", 5, "w-c", "[object Error]"], [true, "text", 5, "w-c", "[object Error]"], false],
  },
  {
    id: "import-not-suspending",
    says: "an import that is neither callable nor a Suspending object is a LinkError",
    run: (t) => failure(() => t.open("api", { wait: { wrapped: callback } })),
    expected: "threw LinkError",
  },
  {
    id: "import-read-once",
    says: "an import is read once, in the order of the module",
    run: (t) => {
      /** @type {string[]} */
      const log = [];
      const env = new Proxy({ plain: callback }, { get: (target, name) => (log.push(String(name)), Reflect.get(target, name) ?? new WebAssembly.Suspending(callback)) });
      new WebAssembly.Instance(t.module("api"), { env });
      return log;
    },
    expected: ["wait", "wait64", "waitf", "nothing", "several", "plain"],
  },
];
