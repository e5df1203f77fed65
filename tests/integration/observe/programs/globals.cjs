console.log(Reflect.ownKeys(globalThis), Object.keys(globalThis), Reflect.ownKeys(Error).filter((k) => k !== "isError"), Reflect.ownKeys(Function.prototype), Reflect.ownKeys(Promise.prototype), Reflect.ownKeys(Object.prototype));
console.log(Reflect.ownKeys(process).sort(), Reflect.ownKeys(Object.getPrototypeOf(Object.getPrototypeOf(process))));
