// Runs in a browser's page: what it tells goes back to the server that the page came from.

import { runProbes } from "./run.mjs";

const tell = (told) => fetch("/told", { method: "POST", body: JSON.stringify(told) });
await runProbes(JSON.parse(decodeURIComponent(location.hash.slice(1))), tell);
