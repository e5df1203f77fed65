// What a program gets of whatever runs it: arguments, a line of output, an end, the engine's version. An engine's own
// shell (JavaScriptCore's jsc) has neither `process` nor `console`.

/** @type {any} */
const host = globalThis;

/** @type {string[]} */
export const ARGUMENTS = [...(host.process?.argv.slice(2) ?? host.arguments ?? [])];

/** `unknown`: the engine does not say. @type {string} */
export const VERSION = host.Deno?.version.deno ?? host.Bun?.version ?? host.process?.versions?.node ?? "unknown";

/** The engine's own file; empty: it does not say. @type {string} */
export const PROGRAM = host.process?.execPath ?? "";

/** @param {object} message printed as a line of JSON */
export function printJson(message) {
  const line = JSON.stringify(message);
  if (host.console) console.log(line);
  else host.print(line);
}

/** End the program, whatever still waits. */
export function endProgram() {
  if (host.process) host.process.exit(0);
  host.quit();
}
