// Imported for what it does: modules that are instantiated with imports that suspend are made re-entrant. The environment variable
// STACKSWITCH_REENTRANT has options as JSON: those of `installReentrant`.

import { installReentrant } from "./dist/reentrant/hook.mjs";

installReentrant(JSON.parse(process.env.STACKSWITCH_REENTRANT || "{}"));
