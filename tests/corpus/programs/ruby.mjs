// engines: node@20 node@24 node@26
// waits: inside
// Ruby runs Asyncify within the module, for its fibers and its scanning of stacks: the module unwinds and rewinds itself before
// any export returns, and no import waits. There is nothing for a trace to tell of; this program counts apart.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { DefaultRubyVM } from "@ruby/wasm-wasi/dist/node";
import { among, show } from "./ticks.mjs";

const file = createRequire(import.meta.url).resolve("@ruby/3.4-wasm-wasi/dist/ruby.wasm");
const { vm } = await DefaultRubyVM(await WebAssembly.compile(await readFile(file)), { env: {} });
await among("eval", async () => vm.eval("[3, 1, 2].sort.join(',')").toString());
await among("fibers", async () => vm.eval("f = Fiber.new { 3.times { |n| Fiber.yield n }; :end }; 4.times.map { f.resume }.inspect").toString());
await among("raise", async () => { try { vm.eval("raise 'own'"); } catch (error) { return error.message.split("\n")[0]; } });
await among("await", async () => (await vm.evalAsync("require 'js'; JS.global[:Promise].resolve(5).await.to_i + 1")).toString());
show("garbage", vm.eval("GC.start; 20_000.times.map { |n| n.to_s }.length").toString());
