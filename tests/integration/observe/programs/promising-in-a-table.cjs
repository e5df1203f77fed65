// needs: jspi
// different: a promising function is a Proxy, which a table and an import take for another kind of function
const { jspi, show } = require("./guests.cjs");
const { exports: guest } = jspi();
const run = WebAssembly.promising(guest.run);
guest.table.set(0, run);
show("in a table", guest.table.get(0) === run);
