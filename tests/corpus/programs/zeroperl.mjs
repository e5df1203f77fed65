// engines: node@20 node@24 node@26
// waits: asyncify
// finds: removed-function
// Its outermost functions drive the unwinding from inside the module and are rightly not instrumented, which trace does not know.
// Perl, built with Asyncify; its bundled copy of the glue subclasses Instance.
import { ZeroPerl } from "@6over3/zeroperl-ts";
import { among, show, turn } from "./ticks.mjs";

const output = [];
const perl = await ZeroPerl.create({ stdout: (text) => output.push(text), stderr: (text) => output.push(text) });
perl.registerFunction("wait_for", async (n) => perl.createInt(await turn(n.toInt() + 10)));
const run = async (code) => {
  const result = await perl.eval(code);
  perl.flush();
  return `${result.success} ${output.splice(0).map((each) => (typeof each === "string" ? each : Buffer.from(each).toString())).join("")}`;
};
await among("print", () => run("print join(',', map { $_ * 2 } 1 .. 5)"));
await among("wait", () => run("print wait_for(1) + wait_for(2)"));
await among("sort", () => run("print join(',', sort { wait_for($a) <=> wait_for($b) } 3, 1, 2)"));
await among("die", () => run("eval { wait_for(1); die 'own' }; print $@ ? 'died' : 'lived'"));
show("variable", (await perl.eval("$main::x = 42"), perl.getVariable("x")?.toInt()));
