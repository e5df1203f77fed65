// Imported for what it does: installs the polyfill where the engine has no JSPI.

import { install } from "./dist/polyfill.mjs";

install();
