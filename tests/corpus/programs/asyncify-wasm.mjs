// engines: node@20 node@24 node@26
// waits: asyncify
// The glue that npm's asyncify-wasm puts between: it subclasses Instance and has a getter `exports` of its own.
import * as Asyncify from "asyncify-wasm";
import { among, job, show, turn } from "./ticks.mjs";

// (module (import "env" "wait" (func $wait (param i32) (result i32))) (memory (export "memory") 1)
//   (func $inner (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1)))
//   (func (export "main") (param i32) (result i32) (i32.mul (call $inner (local.get 0)) (i32.const 2))))
// after `wasm-opt --asyncify --pass-arg=asyncify-imports@env.wait`
const MODULE = "AGFzbQEAAAABEQRgAX8Bf2ABfwBgAABgAAF/AgwBA2VudgR3YWl0AAADCAcAAAECAQIDBQMBAAEGCwJ/AUEAC38BQQALB4QBBwZtZW1vcnkCAARtYWluAAIVYXN5bmNpZnlfc3RhcnRfdW53aW5kAAMUYXN5bmNpZnlfc3RvcF91bndpbmQABBVhc3luY2lmeV9zdGFydF9yZXdpbmQABRRhc3luY2lmeV9zdG9wX3Jld2luZAAGEmFzeW5jaWZ5X2dldF9zdGF0ZQAHCo4EB9IBAQh/IwBBAkYEQCMBIwEoAgBBeGo2AgAjASgCACEHIAcoAgAhASAHKAIEIQILAn8jAEECRgRAIwEjASgCAEF8ajYCACMBKAIAKAIAIQULIwBBAEYEQCAAIQELIwBBAEYgBUEARnIEQCABEAAhBiMAQQFGBEBBAAwCBSAGIQILCyMAQQBGBEAgAkEBaiEDIAMPCwEACyEEIwEoAgAgBDYCACMBIwEoAgBBBGo2AgAjASgCACEIIAggATYCACAIIAI2AgQjASMBKAIAQQhqNgIAQQAL0gEBCH8jAEECRgRAIwEjASgCAEF4ajYCACMBKAIAIQcgBygCACEBIAcoAgQhAgsCfyMAQQJGBEAjASMBKAIAQXxqNgIAIwEoAgAoAgAhBQsjAEEARgRAIAAhAQsjAEEARiAFQQBGcgRAIAEQASEGIwBBAUYEQEEADAIFIAYhAgsLIwBBAEYEQCACQQJsIQMgAw8LAQALIQQjASgCACAENgIAIwEjASgCAEEEajYCACMBKAIAIQggCCABNgIAIAggAjYCBCMBIwEoAgBBCGo2AgBBAAsZAEEBJAAgACQBIwEoAgAjASgCBEsEQAALCxUAQQAkACMBKAIAIwEoAgRLBEAACwsZAEECJAAgACQBIwEoAgAjASgCBEsEQAALCxUAQQAkACMBKAIAIwEoAgRLBEAACwsEACMACw==";
const bytes = Buffer.from(MODULE, "base64");

for (const [name, wait] of Object.entries({ job, turn, plain: (n) => n })) {
  const { instance, module } = await Asyncify.instantiate(bytes, { env: { wait: (n) => wait(n + 10) } });
  await among(name, async () => instance.exports.main(1));
  show(instance.exports === instance.exports, Object.keys(instance), Object.keys(instance.exports), module instanceof WebAssembly.Module);
}
