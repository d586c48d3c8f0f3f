import { Fault, isFault, readFault, type Answer, type Service } from './fault.js';
import { withRetry, type Pause, type RetryContext } from './retry.js';
import type { Clock, Connectivity } from './clock.js';
import type { RetryPolicy } from './retry.js';
import type { Session } from './session.js';
import type { Transport } from './transport.js';

/** What all requests of one sender share. */
export interface Wiring {
  /** Address of the Supabase project without a slash at its end. */
  readonly url: string;
  /** Publishable (anon) key. */
  readonly key: string;
  readonly session: Session;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly policy: RetryPolicy;
  readonly idleMs: number;
}

/** For whom and until when a run of requests goes on. */
export interface Errand {
  /** The person whose data is sent: a request is made only while they are signed in. */
  readonly owner: string;
  readonly signal: AbortSignal;
  readonly onPause: (pause: Pause) => void;
}

export interface Ask {
  readonly method: string;
  /** Path and query below the service, such as `/photos?id=eq.…`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | string;
  /** Whether a successful answer is one that the service gives; any other comes from a stranger on the way. */
  readonly expects?: (answer: Answer) => boolean;
  readonly onSent?: (bytes: number) => void;
  /** Called when a try ended without telling whether the server acted. */
  readonly onLost?: () => void;
}

export type Row = Record<string, unknown>;

/** Ids in one address: 100 of them are 3.7 KB, and gateways end at 8 KB. */
const idsAtOnce = 100;

function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

const isJson = (answer: Answer): boolean => jsonOf(answer) !== undefined;
const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const rowsOf = (answer: Answer): Row[] | undefined => {
  const rows = jsonOf(answer);
  return Array.isArray(rows) && rows.every(isObject) ? rows : undefined;
};
const isRows = (answer: Answer): boolean => rowsOf(answer) !== undefined;
const isEmptyOrJson = (answer: Answer): boolean => answer.text.trim() === '' || isJson(answer);
const isObjectKey = (answer: Answer): boolean => {
  const { Key, Id } = (jsonOf(answer) ?? {}) as { Key?: unknown; Id?: unknown };
  return typeof Key === 'string' || typeof Id === 'string';
};

function* chunks<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += idsAtOnce) yield list.slice(at, at + idsAtOnce);
}

/** The schema that the migrations fill, whatever schemas the server offers first. */
const schemaHeaders = { 'accept-profile': 'public', 'content-profile': 'public' };

/** Requests to the REST and Storage services in the name of one person, each repeated by the retry table. */
export class Supabase {
  constructor(
    readonly wiring: Wiring,
    readonly errand: Errand,
  ) {}

  /** Headers of a request now; a session of anybody else is refused. */
  async headers(): Promise<Record<string, string>> {
    const { token, userId } = await this.wiring.session.current(this.errand.signal);
    if (userId !== this.errand.owner) {
      throw new Fault('sign_in_required', 'never', { detail: 'Another person is signed in' });
    }
    return { apikey: this.wiring.key, authorization: `Bearer ${token}`, 'x-client-info': 'photo-core' };
  }

  /** @param used headers of the last try, whose token is renewed when it is refused */
  retryContext(used: () => Readonly<Record<string, string>>): RetryContext {
    return {
      ...this.wiring,
      signal: this.errand.signal,
      onPause: this.errand.onPause,
      renewSession: () => this.wiring.session.renew((used()['authorization'] ?? '').slice('Bearer '.length), this.errand.signal),
    };
  }

  /** The answer of a request that succeeded. */
  ask(service: Service, ask: Ask): Promise<Answer> {
    const { url, transport, idleMs, clock } = this.wiring;
    let headers: Record<string, string> = {};
    return withRetry(this.retryContext(() => headers), async () => {
      headers = { ...(await this.headers()), ...(service === 'rest' ? schemaHeaders : {}), ...ask.headers };
      let answer: Answer;
      try {
        answer = await transport({
          method: ask.method,
          url: `${url}/${service}/v1${ask.path}`,
          headers,
          signal: this.errand.signal,
          idleMs,
          ...(ask.body === undefined ? {} : { body: ask.body }),
          ...(ask.onSent ? { onSent: ask.onSent } : {}),
        });
      } catch (error) {
        ask.onLost?.();
        throw error;
      }
      if (answer.status >= 200 && answer.status < 300) {
        if ((ask.expects ?? isEmptyOrJson)(answer)) return answer;
        ask.onLost?.();
        throw new Fault('network', 'later', { status: answer.status, detail: `HTTP ${answer.status} with an answer that the service does not give` });
      }
      const fault = readFault(service, answer, clock.now());
      if (fault.remedy === 'later') ask.onLost?.();
      throw fault;
    });
  }

  async select(path: string): Promise<Row[]> {
    return rowsOf(await this.ask('rest', { method: 'GET', path, expects: isRows })) ?? [];
  }

  /** Rows of a table that have one of the ids, as far as this person sees them. */
  async byIds(table: string, ids: readonly string[], columns: string): Promise<Row[]> {
    const rows: Row[] = [];
    for (const some of chunks(ids)) rows.push(...(await this.select(`/${table}?id=in.(${some.join(',')})&select=${columns}`)));
    return rows;
  }

  /** One statement for all rows. @param onLost see `Ask` */
  async insert(table: string, rows: readonly Row[], onLost?: () => void): Promise<void> {
    await this.ask('rest', {
      method: 'POST',
      path: `/${table}`,
      headers: { 'content-type': 'application/json', prefer: 'return=minimal' },
      body: JSON.stringify(rows),
      expects: (answer) => answer.status === 201 && isEmptyOrJson(answer),
      ...(onLost ? { onLost } : {}),
    });
  }

  /** @param filter such as `id=eq.…` @returns the rows that were changed, with these columns */
  async update(table: string, filter: string, changes: Row, columns: string): Promise<Row[]> {
    const answer = await this.ask('rest', {
      method: 'PATCH',
      path: `/${table}?${filter}&select=${columns}`,
      headers: { 'content-type': 'application/json', prefer: 'return=representation' },
      body: JSON.stringify(changes),
      expects: isRows,
    });
    return rowsOf(answer) ?? [];
  }

  async delete(table: string, filter: string): Promise<void> {
    await this.ask('rest', {
      method: 'DELETE',
      path: `/${table}?${filter}`,
      headers: { prefer: 'return=minimal' },
      expects: (answer) => answer.status === 204 || isJson(answer),
    });
  }

  async deleteByIds(table: string, ids: readonly string[]): Promise<void> {
    for (const some of chunks(ids)) await this.delete(table, `id=in.(${some.join(',')})`);
  }

  async call(name: string, parameters: Row): Promise<unknown> {
    const answer = await this.ask('rest', {
      method: 'POST',
      path: `/rpc/${name}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(parameters),
    });
    return answer.text ? JSON.parse(answer.text) : null;
  }

  /** Size of a stored object, NaN when the server does not tell; null when there is none that this person sees. */
  async objectFacts(bucket: string, path: string): Promise<{ bytes: number } | null> {
    try {
      const answer = await this.ask('storage', { method: 'GET', path: `/object/info/${bucket}/${path}` });
      const { size } = (jsonOf(answer) ?? {}) as { size?: unknown };
      if (size !== undefined) return { bytes: Number(size) };
    } catch (error) {
      if (!isFault(error) || error.remedy !== 'never') throw error;
    }
    // Servers of before 2024 tell the facts in headers alone, and do not know the question above.
    try {
      const answer = await this.ask('storage', { method: 'HEAD', path: `/object/authenticated/${bucket}/${path}` });
      const length = answer.header('content-length');
      return { bytes: length === null ? NaN : Number(length) };
    } catch (error) {
      if (isFault(error) && error.remedy !== 'later' && error.code !== 'sign_in_required') return null;
      throw error;
    }
  }

  /** Whether Storage says itself that there is no such object: an answer that can be read in another way is a no. */
  async isGone(bucket: string, path: string): Promise<boolean> {
    try {
      await this.ask('storage', { method: 'GET', path: `/object/info/${bucket}/${path}` });
      return false;
    } catch (error) {
      if (!isFault(error) || error.remedy === 'later' || error.code === 'sign_in_required') throw error;
      return error.facts.serviceCode === 'NoSuchKey';
    }
  }

  async upload(file: { bucket: string; path: string; type: string }, bytes: Blob, onSent: (bytes: number) => void, onLost: () => void): Promise<void> {
    await this.ask('storage', {
      method: 'POST',
      path: `/object/${file.bucket}/${file.path}`,
      headers: { 'content-type': file.type, 'cache-control': 'max-age=3600', 'x-upsert': 'false' },
      body: bytes,
      expects: isObjectKey,
      onSent,
      onLost,
    });
  }

  /** Removes objects; those that are not there are no error. */
  async removeObjects(bucket: string, paths: readonly string[]): Promise<void> {
    for (const prefixes of chunks(paths)) {
      await this.ask('storage', {
        method: 'DELETE',
        path: `/object/${bucket}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prefixes }),
        expects: isJson,
      });
    }
  }
}
