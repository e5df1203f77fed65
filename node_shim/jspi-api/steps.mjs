// All steps, in the order of the specification.

import { CALLS } from "./steps-calls.mjs";
import { SHAPE } from "./steps-shape.mjs";
import { WAITS } from "./steps-waits.mjs";

export const GROUPS = { "Shape of the interface": SHAPE, "Calls through `promising`": CALLS, "Suspending functions": WAITS };
