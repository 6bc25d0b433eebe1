/** Sends a shop's events to Relevo. No dependencies: `fetch` is all it needs. */

import type { EventData } from "./events.js";

export type * from "./events.js";

export type EventType = keyof EventData & string;

/**
 * Something that happened. `id` is what your system calls it (`order-1001`): the same id again is the same event, so
 * whoever is unsure sends it again. Without a `time` it happened when it arrives. `historical` marks a backfill, `test`
 * a rehearsal.
 */
export interface RelevoEvent<T extends EventType = EventType> {
  type: T;
  data: EventData[T];
  id: string;
  time?: Date;
  historical?: boolean;
  test?: boolean;
}

/** An event of any type, whose data is that type's. */
export type AnyEvent = { [T in EventType]: RelevoEvent<T> }[EventType];

/** An event that is stored; `note` says where it differs from what was sent. */
export interface Accepted {
  id: string;
  type: string;
  key: string;
  time: string;
  note?: string;
}

/** What became of a request. `unrecognised` only has something if the client is not strict. */
export interface Receipt {
  events: Accepted[];
  unrecognised: string[];
  waiting: Accepted[];
}

export interface WrongPlace {
  where: string;
  problem: string;
}

/** The base of everything that a client throws. */
export class RelevoError extends Error {}

/** No answer came, however often it was tried: the events may be there or not. Send them again with the same ids. */
export class Unreachable extends RelevoError {}

/** The request was refused (RFC 9457), and nothing of it was stored. */
export class RelevoProblem extends RelevoError {
  readonly type: string;
  /** The end of `type`: `invalid-payload`, `id-used`, `not-authentic` … */
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: WrongPlace[];
  readonly ids: string[];

  constructor(
    readonly status: number,
    body: string,
  ) {
    const document = problemDocument(body);
    super(`${status} ${document.title}: ${document.detail}`);
    this.type = document.type;
    this.kind = document.type.slice(document.type.lastIndexOf(":") + 1);
    this.title = document.title;
    this.detail = document.detail;
    this.errors = document.errors;
    this.ids = document.ids;
  }
}

export interface Options {
  url: string;
  shop: string;
  token: string;
  /** Which of your systems sends: an id is unique within it. */
  source: string;
  /** `false`: unknown fields are left out with a note, unknown types are kept as unrecognised. */
  strict?: boolean;
  /** How often it is tried in all. */
  attempts?: number;
  /** Milliseconds of the first pause, doubled each time, where the answer asks for none. */
  firstPause?: number;
  longestPause?: number;
  /** Milliseconds for one attempt. */
  timeout?: number;
  fetch?: typeof fetch;
  sleep?: (milliseconds: number) => Promise<void>;
}

/** Sends events of one shop. Its methods throw `RelevoProblem` or `Unreachable`. */
export class Client {
  private readonly options: Required<Options>;

  constructor(options: Options) {
    this.options = {
      strict: true,
      attempts: 6,
      firstPause: 500,
      longestPause: 30_000,
      timeout: 15_000,
      fetch: (...given) => fetch(...given),
      sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
      ...options,
    };
  }

  /** Sends one event. `undefined` if it was not recognised, which only a client that is not strict meets. */
  async send<T extends EventType>(event: RelevoEvent<T>): Promise<Accepted | undefined> {
    return (await this.post([event])).events[0];
  }

  /** Sends up to 1,000 events: all of them are stored, or none is. */
  async sendBatch(events: readonly AnyEvent[]): Promise<Receipt> {
    return this.post(events);
  }

  private async post(events: readonly RelevoEvent<never>[] | readonly object[]): Promise<Receipt> {
    const body = JSON.stringify(events.map((event) => this.written(event as RelevoEvent)));
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= this.options.attempts;
      let answer: Response | undefined;
      let problem: RelevoProblem | undefined;
      try {
        answer = await this.attempt(body);
        const text = await answer.text(); // inside: the connection may be cut while the body comes
        if (answer.ok) return receipt(answer.status, text);
        problem = new RelevoProblem(answer.status, text);
      } catch (error) {
        if (last) throw new Unreachable(`no answer after ${attempt} attempts: ${String(error)}`);
      }
      if (problem && (last || !(problem.status === 429 || problem.status >= 500))) throw problem;
      await this.options.sleep(this.pause(attempt, answer?.headers.get("retry-after") ?? ""));
    }
  }

  private attempt(body: string): Promise<Response> {
    const { url, shop, token, strict, timeout } = this.options;
    const query = strict ? "" : "?strict=false";
    return this.options.fetch(`${url.replace(/\/+$/, "")}/events/${encodeURIComponent(shop)}${query}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/cloudevents-batch+json" },
      body,
      signal: AbortSignal.timeout(timeout),
    });
  }

  private pause(attempt: number, asked: string): number {
    if (/^\s*\d+\s*$/.test(asked)) return Number(asked) * 1000;
    return Math.min(this.options.longestPause, this.options.firstPause * 2 ** (attempt - 1));
  }

  private written(event: RelevoEvent): object {
    return {
      specversion: "1.0",
      id: event.id,
      source: this.options.source,
      type: event.type,
      data: event.data,
      ...(event.time ? { time: event.time.toISOString() } : {}),
      ...(event.historical ? { historical: true } : {}),
      ...(event.test ? { test: true } : {}),
    };
  }
}

/** What a success says. Throws if it says something else, as a page of a proxy does. */
function receipt(status: number, body: string): Receipt {
  try {
    const found: unknown = JSON.parse(body);
    if (isObject(found) && Array.isArray(found["events"])) return found as unknown as Receipt;
  } catch {
    // told below
  }
  throw new Error(`${status} without a receipt: ${body.slice(0, 200)}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface ProblemDocument {
  type: string;
  title: string;
  detail: string;
  errors: WrongPlace[];
  ids: string[];
}

/** The problem document; of an answer that is none, as from a proxy, its beginning. */
function problemDocument(body: string): ProblemDocument {
  const empty = { type: "about:blank", title: "no problem document", detail: body.slice(0, 200), errors: [], ids: [] };
  try {
    const found: unknown = JSON.parse(body);
    if (!isObject(found)) return empty;
    const texts = (["type", "title", "detail"] as const).filter((name) => typeof found[name] === "string");
    const lists = (["errors", "ids"] as const).filter((name) => Array.isArray(found[name]));
    const said = Object.fromEntries([...texts, ...lists].map((name) => [name, found[name]]));
    return { ...empty, detail: "", ...said } as ProblemDocument;
  } catch {
    return empty;
  }
}
