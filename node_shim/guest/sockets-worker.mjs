import { workerData } from "node:worker_threads";

import { serveSockets } from "./sockets.mjs";

serveSockets(workerData);
