// Uses the TypeScript client of the control API as a script does; prints what it got as JSON.
import {
  connect,
  done,
  each,
  carryOutPlan,
  listDeployments,
  listShops,
  proposePlan,
  RelevoProblem,
  showAccount,
  showShop,
} from "../../clients/control-typescript/dist/index.js";

const [url, token, workflow] = process.argv.slice(2);
const client = connect(url, token);

const collected = async (items) => {
  const found = [];
  for await (const one of items) found.push(one);
  return found;
};
const refusal = async (asked) => {
  try {
    await done(asked);
    return null;
  } catch (error) {
    if (!(error instanceof RelevoProblem)) throw error;
    return { status: error.status, type: error.problem.type, message: error.message };
  }
};

const account = await done(showAccount({ client }));
const body = { bundle: { workflows: [{ "workflow.yaml": workflow }] }, note: "by the client" };
const plan = await done(proposePlan({ client, body, headers: { "Idempotency-Key": "1" } }));
await done(carryOutPlan({ client, path: { digest: plan.digest } }));
const shops = await collected(each((cursor) => listShops({ client, query: { limit: 2, cursor } })));
const past = await collected(each((cursor) => listDeployments({ client, path: { workflow: "cart" }, query: { cursor } })));
let unsafe = "";
try {
  connect("http://relevo.example.com", token);
} catch (error) {
  unsafe = error.message;
}
console.log(
  JSON.stringify({
    name: account.name,
    author: plan.author,
    shops: shops.map((one) => one.shop),
    notes: past.map((one) => one.note),
    unknown: await refusal(showShop({ client, path: { shop: "nowhere" } })),
    stranger: await refusal(showAccount({ client: connect(url, `${token}x`) })),
    unsafe,
  }),
);
