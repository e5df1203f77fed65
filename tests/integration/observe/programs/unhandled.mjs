// needs: jspi
import { jspi } from "./guests.cjs";
process.on("unhandledRejection", (e, p) => console.log("unhandled", e.message, p instanceof Promise, Object.getPrototypeOf(p) === Promise.prototype));
process.on("rejectionHandled", () => console.log("handled later"));
const { exports } = jspi();
const trap = WebAssembly.promising(exports.trap);
const waittrap = WebAssembly.promising(exports.waittrap);
trap();
waittrap(1);
const late = trap();
setTimeout(() => late.catch((e) => console.log("late", e.message)), 200);
await trap().catch((e) => console.log("caught", e.message));
await waittrap(1).catch((e) => console.log("caught", e.message));
console.log((await Promise.allSettled([trap(), waittrap(1)])).map((each) => each.status));
setTimeout(() => console.log("end"), 400);
