// The observer for those who preload it with --import. `stackswitch trace` takes observe.cjs with --require instead:
// --import makes Node before 26 start CommonJS programs through the ESM loader, which changes the order of their
// first ticks and the stack of an uncaught error.

import "./observe.cjs";
