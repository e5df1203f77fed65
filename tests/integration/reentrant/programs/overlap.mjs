// node overlap.mjs MODULE SEED CALLS: many calls of overlap.c at once, of all its kinds or of $KINDS; $EARLY: see handOver. Prints what went wrong.
import { readFileSync } from "node:fs";

import { overlap } from "./overlapping-calls.mjs";

const [, , file, seed, calls] = process.argv;
const { KINDS: kinds, EARLY: early } = process.env;
const { grown, begun, ...found } = await overlap(readFileSync(file), { seed: Number(seed), calls: Number(calls), kinds, early });
console.log(JSON.stringify(found));
