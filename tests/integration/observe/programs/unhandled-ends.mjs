// needs: jspi
import { jspi } from "./guests.cjs";
process.on("exit", (status) => console.log("exit", status));
setTimeout(() => console.log("never"), 1000);
WebAssembly.promising(jspi().exports.waittrap)(1);
