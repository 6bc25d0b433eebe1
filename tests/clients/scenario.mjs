// Does with the TypeScript client what tests/clients/scenario.py expects, and prints what came of it.
import { Client, RelevoProblem, Unreachable } from "../../clients/typescript/dist/index.js";

const [url, flaky, odd] = process.argv.slice(2);
const pauses = [];
const sleep = async (milliseconds) => void pauses.push(milliseconds / 1000);
const options = { shop: "tea", token: "token-of-the-erp", source: "erp", sleep };
const order = (id, more = {}) => ({
  type: "order.placed",
  id: `order-${id}`,
  data: { customer: { email: "ana@example.com" }, order_id: id, ...more },
});
const refused = async (sending) => {
  try {
    await sending;
  } catch (error) {
    if (!(error instanceof RelevoProblem)) throw error;
    return [error.status, error.kind, error.errors.map((one) => one.where), error.ids];
  }
  throw new Error("it was accepted");
};
const thrown = async (sending) => {
  try {
    await sending;
  } catch (error) {
    return error instanceof Unreachable ? "Unreachable" : error instanceof RelevoProblem ? "RelevoProblem" : String(error);
  }
  throw new Error("it was accepted");
};
const atOdd = (number) => new Client({ ...options, url: `${odd}/${number}`, attempts: 2, sleep: async () => {} });

const relevo = new Client({ ...options, url });
const first = await relevo.send(order("1"));
const again = await relevo.send(order("1"));
const past = { ...order("2"), time: new Date("2019-11-29T10:00:00Z"), historical: true };
const batch = await relevo.sendBatch([past, { ...order("3"), type: "order.paid", test: true }]);
console.log(
  JSON.stringify({
    first: first.id,
    again: again.id,
    batch: batch.events.map((one) => [one.id, one.type, one.note ?? ""]),
    invalid: await refused(relevo.send(order("4", { numbr: "x" }))),
    used: await refused(relevo.send(order("1", { number: "#1" }))),
    token: await refused(new Client({ ...options, url, token: "another" }).send(order("5"))),
    retried: (await new Client({ ...options, url: flaky }).send(order("6"))).id,
    pauses,
    odd: await Promise.all([0, 1, 2, 3].map((number) => thrown(atOdd(number).send(order("7"))))),
  }),
);
