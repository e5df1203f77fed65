// PHP as WordPress Playground ships it; which of its builds, the caller has seen to. Its programs wait for messages to the host.
import module from "node:module";
import { among, job, show, turn } from "./ticks.mjs";

/** File locks come from a native addon, which has no file for Node 26: there, all locks are granted. */
function grantLocks() {
  if (Number(process.versions.node.split(".")[0]) < 26) return;
  const names = ["fcntlSync", "flockSync", "lockFileExSync", "unlockFileExSync"];
  const source = `export const constants = {}; ${names.map((name) => `export const ${name} = () => 0;`).join(" ")}`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  module.registerHooks({
    resolve: (name, context, next) => (name === "fs-ext-extra-prebuilt" ? { url, shortCircuit: true } : next(name, context)),
  });
}

export async function runPHP() {
  grantLocks();
  const [{ loadNodeRuntime }, { PHP }] = await Promise.all([import("@php-wasm/node"), import("@php-wasm/universal")]);
  const php = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1 } }));
  php.onMessage(async (message) => `<${await (message.startsWith("job") ? job : turn)(message)}>`);
  const run = async (code) => {
    const { text, exitCode } = await php.run({ code: `<?php ${code}` });
    return `${exitCode} ${text}`;
  };
  const guest = (name, call) => among(name, call, { immediates: false });
  await guest("turn", () => run("echo post_message_to_js('turn');"));
  await guest("job", () => run("echo post_message_to_js('job'), post_message_to_js('job again');"));
  await guest("sleep", () => run("usleep(10); echo PHP_VERSION_ID > 80300;"));
  await guest("function", () => run("function f($n) { return $n ? post_message_to_js('in') . f($n - 1) : 'end'; } echo f(3);"));
  await guest("exception", () => run("try { post_message_to_js('try'); throw new Exception('own'); } catch (Exception $e) { echo $e->getMessage(); }"));
  show("last", await run("exit(3);").catch((error) => error.message.split("\n")[0]));
  process.exit();
}
