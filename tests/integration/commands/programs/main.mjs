const { STACKSWITCH_BACKEND, STACKSWITCH_BUILD } = process.env;
const own = STACKSWITCH_BACKEND === "asyncify" && STACKSWITCH_BUILD === "own";
const { run, steps } = await import(own ? "./own.mjs" : "./jspi.mjs");
console.log(`run(${process.argv[2]}) = ${await run(Number(process.argv[2]))} after ${steps()} steps`);
