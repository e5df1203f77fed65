// Writes the programs that `stackswitch explore` runs, a line each: every internal function and method of PHP by
// reflection, with arguments whose use waits; then templates of PHP's own opcodes; then what needs a program of its own.
// With --generated, none of these last: they were written by people who knew the suite.
import { readdirSync, readFileSync } from "node:fs";

import { AS_COMMAND, newPhp } from "./php.mjs";
import { templates } from "./templates.mjs";

const STRATEGIES = 9;
const PRELUDE = "require '/library/surface.php';";
const put = (id, program) => process.stdout.write(`${JSON.stringify({ id, program })}\n`);
const write = (id, program) => put(id, `<?php ${program}`);
const writeBoth = (id, program) => {
  write(id, program);
  put(`${id}/command`, `${AS_COMMAND} ${program}`);
};

const php = await newPhp("http://127.0.0.1:1");
const { text } = await php.run({ code: `<?php ${PRELUDE} echo json_encode(surface());` });
const programs = new URL("./programs/", import.meta.url);
const generatedOnly = process.argv.includes("--generated");
for (const file of generatedOnly ? [] : readdirSync(programs).sort()) {
  // A file holds several programs, apart by lines of dashes with a name.
  const parts = readFileSync(new URL(file, programs), "utf8").replace(/^<\?php\n/, "").split(/^\/\/ --- (.*)\n/m);
  for (let at = 1; at < parts.length; at += 2) writeBoth(`${file.replace(".php", "")}/${parts[at]}`, `${PRELUDE} ${parts[at + 1]}`);
}
for (const [id, program] of templates()) write(id, `${PRELUDE} ${program}`);
for (let strategy = 0; strategy < STRATEGIES; strategy++) {
  for (const [of, name] of JSON.parse(text)) {
    write(`${of ? `${of}::` : ""}${name}/${strategy}`, `${PRELUDE} explore(${JSON.stringify(of)}, ${JSON.stringify(name)}, ${strategy});`);
  }
}
// PHP keeps Node alive; what is written is to be read first.
process.stdout.write("", () => process.exit(0));
