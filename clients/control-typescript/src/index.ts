// The control API: a function for each operation, by its operationId, written from the OpenAPI document.
import { createClient, createConfig } from "./generated/client/index.js";
import type { Client } from "./generated/client/index.js";
import type { ProblemDocument } from "./generated/index.js";

export * from "./generated/index.js";
export type { Client } from "./generated/client/index.js";

/** A refusal: the problem document (RFC 9457) says why, and what to do. */
export class RelevoProblem extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<ProblemDocument>,
  ) {
    super(`${status} ${problem.title ?? "no problem document"}: ${problem.detail ?? ""}`);
    this.name = "RelevoProblem";
  }
}

/** A control API and the token that opens it; give it to each function as `client`. */
export function connect(url: string, token: string): Client {
  const baseUrl = url.replace(/\/+$/, "");
  if (!/^https:|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(baseUrl)) {
    throw new Error(`${url} must begin with https://, as a token goes there`);
  }
  return createClient(createConfig({ baseUrl, auth: () => token }));
}

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response?: Response | undefined;
}

/** What an operation answered. Throws a `RelevoProblem` for a refusal, and what `fetch` throws. */
export async function done<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (response === undefined) throw error;
  if (!response.ok || data === undefined) {
    throw new RelevoProblem(response.status, typeof error === "object" && error !== null ? error : {});
  }
  return data;
}

/** Every item of a list, page by page: `each((cursor) => listRuns({ client, path: { shop }, query: { cursor } }))`. */
export async function* each<T>(
  page: (cursor: string | undefined) => Promise<Answer<{ items: Array<T>; next?: string }>>,
): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const found = await done(page(cursor));
    yield* found.items;
    cursor = found.next;
  } while (cursor);
}
