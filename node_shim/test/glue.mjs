// Glue as it is written for JSPI: run natively, and unchanged over the polyfill. No import here is of one engine.

const later = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));

/** A glue's imports; `plain` may be replaced. */
function imports(log = [], plain = (value) => value) {
  const { Suspending } = WebAssembly;
  return {
    env: {
      wait: new Suspending(async (value) => {
        log.push(value);
        await later();
        if (value === 13) throw new Error("thirteen");
        return value * 2;
      }),
      wait64: new Suspending(async (value) => later(-value)),
      pair: new Suspending(async (i, f) => later([BigInt(i) << 40n, f / 2])),
      plain,
    },
  };
}

async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
}

function thrown(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

/**
 * What the glue does and what comes of it: a name, and a function of a module's bytes and of `is(actual, expected)`.
 * Each reads `WebAssembly` when it runs.
 */
export const GLUE = {
  async "a promise's value is what the import returns"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    const promise = WebAssembly.promising(instance.exports.one)(20);
    is(promise instanceof Promise, true);
    is(await promise, 41);
    is(await WebAssembly.promising(instance.exports.indirect)(20), 410);
  },

  async "a deep stack comes back"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is(await WebAssembly.promising(instance.exports.deep)(500), 125250);
  },

  async "an i64 is a BigInt"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is(await WebAssembly.promising(instance.exports.wide)(1n << 62n), -(1n << 62n) + 1n);
  },

  async "several values go in and come out as an array"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is(await WebAssembly.promising(instance.exports.pair)(3, 1.5), [-0.75, 3n << 41n]);
  },

  async "every way of making an instance does"(bytes, is) {
    const module = new WebAssembly.Module(bytes);
    const compiled = await WebAssembly.compile(bytes);
    is([module instanceof WebAssembly.Module, compiled instanceof WebAssembly.Module], [true, true]);
    const instances = [
      new WebAssembly.Instance(module, imports()),
      await WebAssembly.instantiate(compiled, imports()),
      (await WebAssembly.instantiate(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), imports())).instance,
    ];
    if (typeof Response === "function" && WebAssembly.instantiateStreaming !== undefined) {
      const response = () => new Response(bytes, { headers: { "content-type": "application/wasm" } });
      instances.push((await WebAssembly.instantiateStreaming(response(), imports())).instance);
      instances.push(new WebAssembly.Instance(await WebAssembly.compileStreaming(response()), imports()));
    }
    for (const instance of instances) {
      is(instance instanceof WebAssembly.Instance, true);
      is(await WebAssembly.promising(instance.exports.wide)(5n), -4n);
    }
  },

  async "a rejection rejects the call with the same value"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is((await rejection(WebAssembly.promising(instance.exports.one)(13))).message, "thirteen");
    is(await WebAssembly.promising(instance.exports.one)(1), 3);
  },

  async "what the import throws at once rejects the call"(bytes, is) {
    const given = imports();
    given.env.wait = new WebAssembly.Suspending(() => {
      throw new RangeError("at once");
    });
    const { instance } = await WebAssembly.instantiate(bytes, given);
    is((await rejection(WebAssembly.promising(instance.exports.one)(1))).message, "at once");
  },

  async "a value that is no promise is taken as it is"(bytes, is) {
    const given = imports();
    given.env.wait = new WebAssembly.Suspending((value) => value + 1);
    const { instance } = await WebAssembly.instantiate(bytes, given);
    is(await WebAssembly.promising(instance.exports.one)(5), 7);
  },

  async "a thenable is waited for"(bytes, is) {
    const given = imports();
    given.env.wait = new WebAssembly.Suspending((value) => ({ then: (resolve) => setTimeout(resolve, 1, value + 2) }));
    const { instance } = await WebAssembly.instantiate(bytes, given);
    is(await WebAssembly.promising(instance.exports.one)(5), 8);
  },

  async "a trap after the wait rejects, and the instance stays usable"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is((await rejection(WebAssembly.promising(instance.exports.trap)(1))) instanceof WebAssembly.RuntimeError, true);
    is(await WebAssembly.promising(instance.exports.one)(1), 3);
  },

  async "calls that overlap end in any order"(bytes, is) {
    const gates = new Map();
    const given = imports();
    given.env.wait = new WebAssembly.Suspending((value) => new Promise((resolve) => gates.set(value, () => resolve(value * 3))));
    const { instance } = await WebAssembly.instantiate(bytes, given);
    const one = WebAssembly.promising(instance.exports.one);
    const calls = [1, 2, 3, 4].map((each) => one(each));
    const order = [];
    calls.forEach((call, i) => call.then(() => order.push(i)));
    for (const each of [3, 1, 4, 2]) {
      gates.get(each)();
      await later();
    }
    is(await Promise.all(calls), [4, 7, 10, 13]);
    is(order, [2, 0, 3, 1]);
  },

  async "an export called directly cannot suspend"(bytes, is) {
    const log = [];
    const { instance } = await WebAssembly.instantiate(bytes, imports(log));
    is(thrown(() => instance.exports.one(1)).constructor.name, "SuspendError");
    is(await WebAssembly.promising(instance.exports.one)(1), 3);
  },

  async "nor with a JavaScript frame between"(bytes, is) {
    let instance;
    const refused = [];
    const between = (value) => {
      try {
        return instance.exports.one(value);
      } catch (error) {
        refused.push(error.constructor.name);
        return -1;
      }
    };
    ({ instance } = await WebAssembly.instantiate(bytes, imports([], between)));
    is(await WebAssembly.promising(instance.exports.through)(1), -1);
    is(refused, ["SuspendError"]);
    is(await WebAssembly.promising(instance.exports.one)(1), 3);
  },

  async "an import may make a promising call of its own and not wait for it"(bytes, is) {
    let instance;
    let inner;
    const plain = (value) => {
      inner = WebAssembly.promising(instance.exports.one)(value);
      return 7;
    };
    ({ instance } = await WebAssembly.instantiate(bytes, imports([], plain)));
    is(await WebAssembly.promising(instance.exports.twice)(5), 710);
    is(await inner, 9);
  },

  async "a waiting import may wait for a call of its own"(bytes, is) {
    let instance;
    const given = imports();
    given.env.wait64 = new WebAssembly.Suspending(async (value) => BigInt(await WebAssembly.promising(instance.exports.one)(Number(value))));
    ({ instance } = await WebAssembly.instantiate(bytes, given));
    is(await WebAssembly.promising(instance.exports.wide)(4n), 10n);
  },

  async "the same function out of a table does"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is(await WebAssembly.promising(instance.exports.table.get(0))(6), 13);
  },

  async "only functions are taken"(_, is) {
    for (const bad of [undefined, 1, {}]) {
      is(thrown(() => new WebAssembly.Suspending(bad)) instanceof TypeError, true);
      is(thrown(() => WebAssembly.promising(bad)) instanceof TypeError, true);
    }
    is(thrown(() => WebAssembly.promising(() => 1)) instanceof TypeError, true);
    is(thrown(() => WebAssembly.Suspending(() => 1)) instanceof TypeError, true);
  },

  async "arguments that cannot be converted reject"(bytes, is) {
    const { instance } = await WebAssembly.instantiate(bytes, imports());
    is((await rejection((async () => WebAssembly.promising(instance.exports.wide)("no number"))())) instanceof SyntaxError, true);
    is(await WebAssembly.promising(instance.exports.wide)(1n), 0n);
  },
};
