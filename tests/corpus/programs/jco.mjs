// engines: node@24 node@26
// waits: jspi
// A component, made into a core module and JavaScript by jco for JSPI, as the program begins.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { among, job, show, turn } from "./ticks.mjs";

// (component
//   (import "wait" (func $wait (param "n" u32) (result u32)))
//   (core func $wait-core (canon lower (func $wait)))
//   (core module $m
//     (import "host" "wait" (func $w (param i32) (result i32)))
//     (func $leaf (param i32) (result i32) (i32.add (call $w (local.get 0)) (i32.const 1)))
//     (func (export "run") (param i32) (result i32) (i32.mul (call $leaf (local.get 0)) (i32.const 2))))
//   (core instance $i (instantiate $m (with "host" (instance (export "wait" (func $wait-core))))))
//   (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
const COMPONENT = "AGFzbQ0AAQAHCAFAAQFueQB5CgkBAAR3YWl0AQAIBQEBAAAAAVsAYXNtAQAAAAEGAWABfwF/Ag0BBGhvc3QEd2FpdAAAAwMCAAAHBwEDcnVuAAIKFQIJACAAEABBAWoLCQAgABABQQJsCwAVBG5hbWUAAgFtAQoCAAF3AQRsZWFmAhQCAQEEd2FpdAAAAAABBGhvc3QSAAcIAUABAW55AHkGCQEAAAEBA3J1bggGAQAAAQABCwkBAANydW4BAQAAOQ5jb21wb25lbnQtbmFtZQEOAAABAAl3YWl0LWNvcmUBBgARAQABbQEGABIBAQFpAQgBAQAEd2FpdA==";

const { files } = await transpileBytes(Buffer.from(COMPONENT, "base64"), {
  name: "guest",
  instantiation: "async",
  asyncMode: "jspi",
  asyncImports: ["wait"],
  asyncExports: ["run"],
  optimize: false,
  minify: false,
});
const made = Object.fromEntries(Array.isArray(files) ? files : Object.entries(files));
const folder = mkdtempSync(join(import.meta.dirname, "jco-"));
try {
  writeFileSync(join(folder, "guest.mjs"), made["guest.js"]);
  const { instantiate } = await import(pathToFileURL(join(folder, "guest.mjs")));
  for (const [name, wait] of Object.entries({ turn, job })) {
    const guest = await instantiate((core) => WebAssembly.compile(made[core]), { wait: { default: async (n) => wait(n + 10) } });
    await among(name, () => guest.run(1));
    show(name, await guest.run(2));
  }
} finally {
  rmSync(folder, { recursive: true });
}
