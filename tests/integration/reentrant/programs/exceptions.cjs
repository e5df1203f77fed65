// node exceptions.cjs GLUE: gives an older emcc's program JSPI, as newer glue does; prints what each export returned.
delete globalThis.fetch;
const instantiate = WebAssembly.instantiate;
let guest;
WebAssembly.instantiate = async (bytes, imports) => {
  imports.env.pause_for = new WebAssembly.Suspending(imports.env.pause_for);
  const { instance, module } = await instantiate(bytes, imports);
  guest = { ...instance.exports };
  return { instance, module };
};
const program = require(process.argv[2]);
// The glue ends the program at a promise that nobody took, which is what a refused wait leaves.
process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => {});
const settled = (name, value) =>
  WebAssembly.promising(guest[name])(value).catch((error) => `${error.name ?? typeof error}: ${error.message ?? ""}`);

program.onRuntimeInitialized = async () => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  const begin = guest.stackSave();
  const found = {};
  for (const [name, value] of [
    ["virtual_call", 4], ["virtual_call", -4], ["wide_numbers", 2], ["wide_numbers", 3], ["in_catch", 6],
    ["thrown_again", 5], ["foreign", 0], ["foreign", 3], ["rejected", 901], ["rejected", 1], ["through_javascript", 4],
    ["through_javascript", 9], ["jump", 0], ["jump", 7],
  ])
    found[`${name}(${value})`] = await settled(name, value);
  found.destroyed = guest.count_destroyed();
  const overlap = (name, values) => Promise.all(values.map((value) => settled(name, value)));
  found.overlapping = await Promise.all([
    overlap("virtual_call", [1, -2, 3, -4, 5]),
    overlap("rejected", [902, 3, 903]),
    overlap("wide_numbers", [1, 3, 2]),
  ]);
  found.moved = begin - guest.stackSave();
  // Catch blocks that overlap: the glue would mix up their exceptions.
  found.catching = await Promise.all([overlap("in_catch", [9, 2, 5, 13]), overlap("thrown_again", [3, 1, 2])]);
  found["ends(3)"] = await settled("ends", 3);
  console.log(JSON.stringify(found));
  process.exitCode = 0; // the glue has set it
};
