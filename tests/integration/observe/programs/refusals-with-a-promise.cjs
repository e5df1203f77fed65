// different: the stack of a TypeError that a promise is rejected with, for a bad argument, shows the observer's frames
const { compiled } = require("./guests.cjs");
WebAssembly.instantiate(compiled("jspi"), 1).catch((e) => console.log(e.stack));
