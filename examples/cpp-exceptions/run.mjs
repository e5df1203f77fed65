// node run.mjs: what `total` returns for one call, and for four at once.
import factory from "./build/orders.mjs";

async function total(orders, first, last) {
  try {
    return `${await orders._total(first, last)} cents`;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

console.log(`orders 1 to 4: ${await total(await factory(), 1, 4)}`);
const quiet = await factory({ print() {} });
const ranges = [1, 4, 7, 10].map((first) => total(quiet, first, first + 1));
console.log(`four calls at once: ${(await Promise.all(ranges)).join(", ")}`);
process.exit();
