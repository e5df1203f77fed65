// Each way to begin a call of kinds.wat, several at once and out of order. It imports nothing: see pages.mjs.

/** @param {Uint8Array} bytes the module @returns what the calls returned */
export async function kinds(bytes) {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 0));
  let exports;
  const begun = [];
  const waits = [];
  const env = {
    wait: new WebAssembly.Suspending((value) => new Promise((resolve, reject) => waits.push({ value, resolve, reject }))),
    begin: (value) => begun.push(WebAssembly.promising(exports.work)(value + 100)),
  };
  exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports;

  /** Let one wait end: of a given value, or any, out of order. */
  async function release(value) {
    const wanted = waits.findIndex((each) => each.value === value);
    const [wait] = waits.splice(wanted < 0 ? (waits.length * 5 + 2) % waits.length : wanted, 1);
    if (wait.value > 900) wait.reject(new Error(`rejected ${wait.value}`));
    else wait.resolve(wait.value);
    await tick();
  }

  /** Let waits end until promises are settled; return the results. */
  async function settle(promises, value) {
    let left = promises.length;
    const results = promises.map((each) => each.catch((error) => error.message).finally(() => left--));
    await tick();
    while (left) await release(value);
    return Promise.all(results);
  }

  /** Begin two calls, let the first one end, and begin the others: they get stacks that were used. */
  async function all(call, values = [1, 2, 3, 4, 5, 6]) {
    const [first, second, ...others] = values;
    const calls = [call(first), call(second)];
    await settle([calls[0]], first);
    return settle([...calls, ...others.map((each) => call(each))]);
  }

  const promising = (name) => WebAssembly.promising(exports[name]);
  const found = { sp: [exports.__stack_pointer.value] };
  const note = () => found.sp.push(exports.__stack_pointer.value);

  for (const name of ["work", "by_table", "by_table_to_the_import", "nested"]) {
    found[name] = await all(promising(name));
    note();
  }
  found.begun = await settle(begun.splice(0));
  found.table = await all(WebAssembly.promising(exports.table.get(0)));
  note();
  found.unlisted = await all(WebAssembly.promising(exports.table.get(1)));
  found.outer = [1, 2, 3, 4, 5, 6].map((value) => exports.outer(value));
  found.begun_in_outer = await settle(begun.splice(0));
  found.same_function = exports.work === exports.table.get(0);
  found.refused = await new Promise((resolve) => resolve(exports.refused(1))).catch((error) => error.name);
  found.rejected = await all(promising("work"), [901, 1, 902, 2]);
  found.traps = [];
  for (let turn = 0; turn < 3; turn++)
    found.traps.push(...(await all((value) => promising(value === 2 ? "trap" : "work")(value), [1, 2, 3])));
  found.after = await all(promising("work"));
  return found;
}
