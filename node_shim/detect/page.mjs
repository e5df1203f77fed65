// Runs in a browser's page: what it reports goes back to the server that the page came from.

import { runProbes } from "./run.mjs";

/** @param {object} message */
const report = (message) => fetch("/report", { method: "POST", body: JSON.stringify(message) });
await runProbes(JSON.parse(decodeURIComponent(location.hash.slice(1))), report);
