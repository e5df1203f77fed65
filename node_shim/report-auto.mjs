// `node --import …/report-auto.mjs program.mjs`: installs the hook; what is missing goes to the file that
// STACKSWITCH_REPORT names, as lines of a trace, or to the console. STACKSWITCH_REPORT_GO_ON=1: do not end the call.

import { appendFileSync } from "node:fs";
import { install } from "./report.mjs";

const { STACKSWITCH_REPORT: file, STACKSWITCH_REPORT_GO_ON: goOn } = process.env;
install({
  goOn: goOn === "1",
  ...(file ? { report: (line) => appendFileSync(file, `${JSON.stringify(line)}\n`) } : {}),
});
