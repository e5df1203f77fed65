// Imported for what it does: installs the polyfill where the engine has no JSPI, and instruments modules as they are loaded.

import { install } from "./dist/polyfill.mjs";

install({ instrument: true });
