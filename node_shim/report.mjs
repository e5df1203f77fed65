// For builds that report what their list lacks (`stackswitch instrument --report`): docs/lists.md. No import here is of one engine.

export { readSection } from "./report/build.mjs";
export { install, MissingFunctionError } from "./report/hook.mjs";
