// JavaScript in QuickJS, whose modules and functions come from a host that is asynchronous.
import { newQuickJSAsyncWASMModuleFromVariant } from "quickjs-emscripten-core";
import { among, job, show, turn } from "./ticks.mjs";

export async function runQuickJS(variant) {
  const quickjs = await newQuickJSAsyncWASMModuleFromVariant(variant);
  const runtime = quickjs.newRuntime();
  runtime.setModuleLoader((name) => turn(`export const name = "${name}"; export const loaded = wait(${name.length});`));
  const context = runtime.newContext();
  for (const [name, wait] of Object.entries({ wait: turn, soon: job })) {
    const made = context.newAsyncifiedFunction(name, async (value) => context.newNumber(await wait(context.getNumber(value) + 100)));
    made.consume((handle) => context.setProp(context.global, name, handle));
  }
  const evaluate = async (code, options) => {
    const result = await context.evalCodeAsync(code, "main.js", options);
    if (result.error) return `threw ${JSON.stringify(result.error.consume(context.dump))}`;
    return result.value.consume(context.dump);
  };
  await among("call", () => evaluate("wait(1) + wait(2)"));
  await among("soon", () => evaluate("[soon(1), soon(2)].join()"));
  await among("callback", () => evaluate("[3, 1, 2].sort((a, b) => wait(a) - wait(b)).join()"));
  await among("catch", () => evaluate("try { wait(1); throw new Error('own') } catch (e) { e.message + wait(4) }"));
  await among("throw", () => evaluate("wait(1); null.x"));
  await among("import", () => evaluate("import { name, loaded } from 'first'; globalThis.seen = name + loaded;", { type: "module" }));
  show("seen", await evaluate("seen"));
}
