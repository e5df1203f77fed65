// Runs in a browser's page: the glue natively, or, with JSPI hidden, over the polyfill; calls that overlap, each with a
// C stack of its own; and Emscripten's glue under the field reporter. What comes of it goes back to the server that the page came from.

const send = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
const way = location.hash.slice(1);
const shown = (value) => JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : Object.is(each, -0) ? "-0" : each));

function is(actual, expected) {
  if (shown(actual) !== shown(expected)) throw new Error(`${shown(actual)} is not ${shown(expected)}`);
}

async function report(name, run) {
  let error = null;
  try {
    await run();
  } catch (thrown) {
    error = `${thrown?.stack ?? thrown}`;
  }
  await send({ name, error });
}

async function glue() {
  const bytes = await bytesOf("/test/builds/glue.wasm");
  const { GLUE } = await import("./glue.mjs");
  for (const [name, run] of Object.entries(GLUE)) await report(name, () => run(bytes, is));
}

async function steps(api) {
  const { runAll } = await import("../jspi-api/run.mjs");
  await send({ name: "steps", error: null, groups: await runAll(api, {}) });
}

const ways = {
  "steps-native": () => steps("native"),
  "steps-polyfill": () => steps("polyfill"),
  async native() {
    await report("the engine has JSPI", () => is([typeof WebAssembly.Suspending, typeof WebAssembly.promising], ["function", "function"]));
    await glue();
  },
  async polyfill() {
    for (const name of ["Suspending", "promising", "SuspendError"]) delete WebAssembly[name];
    const { install } = await import("../polyfill.mjs");
    await report("the polyfill installs itself where JSPI is not there", () => is(typeof install(), "function"));
    await glue();
  },
  async concurrent() {
    const { JspiSwitching } = await import("../jspi/switching.mjs");
    for (const [name, path, calls] of [
      ["calls that overlap keep their data", "/app/reentrant.wasm", { separate: ["rounds"] }],
      ["and lose it on one stack", "/c-stack/cstack-exported.wasm", {}],
    ]) {
      await report(name, async () => {
        const switching = new JspiSwitching();
        const wait = switching.suspending((call) => new Promise((resolve) => setTimeout(resolve, (call * 7) % 5, 0)));
        const { exports } = switching.instantiate(switching.compile(await bytesOf(path)), { env: { wait } }, calls);
        const rounds = switching.promising(exports.rounds);
        const call = () => new Promise((resolve, reject) => rounds([5], resolve, reject));
        const lost = await Promise.all(Array.from({ length: 50 }, call));
        is(lost.some((each) => each !== 0), calls.separate === undefined);
      });
    }
  },
  /** A build that reports, streamed by Emscripten's own glue from a URL with all that a URL may hold. */
  async report() {
    const { install } = await import("../report.mjs");
    const lines = [];
    install({ report: (line) => lines.push(line) });
    const { instantiateStreaming } = WebAssembly;
    let streamed = 0;
    WebAssembly.instantiateStreaming = (...args) => (streamed++, instantiateStreaming(...args));
    const ended = new Promise((resolve) => {
      addEventListener("unhandledrejection", (event) => (event.preventDefault(), resolve(event.reason)));
      addEventListener("error", (event) => (event.preventDefault(), resolve(event.error)));
      globalThis.Module = { locateFile: (name) => `/app/${name}?of=@scope/app@1.0(2)`, print: resolve, printErr() {}, onAbort: resolve };
    });
    document.head.append(Object.assign(document.createElement("script"), { src: "/app/guest.js" }));
    const end = await ended;
    await send({ name: "told", error: null, lines, streamed, end: `${end?.name ?? ""} ${end?.message ?? end}` });
  },
};
await ways[way]().catch((error) => send({ name: way, error: `${error?.stack ?? error}` }));
await send({ done: true });
