// A runner for the tests: a program is the name of an export to call, or a way of going wrong.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [file] = process.argv.slice(2);
const wait = new WebAssembly.Suspending(async () => 1);
const { instance } = await WebAssembly.instantiate(readFileSync(file), { env: { wait } });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, program } = JSON.parse(line);
  let [ok, detail] = [true, ""];
  if (program === "die") process.exit(3);
  if (program === "loop") for (;;);
  if (program === "babble") console.log("this is no answer");
  try {
    await WebAssembly.promising(instance.exports[program])();
  } catch (error) {
    [ok, detail] = [false, String(error)];
  }
  console.log(JSON.stringify({ id, ok, detail }));
}
