import { longestTimerMs, onAbort } from './clock.js';
import { Fault, isFault } from './fault.js';

/**
 * What the sender needs of a supabase-js v2 client: its session, and nothing else. A client that was made with the option
 * `accessToken` (third-party sign-in) has no session; its token is taken, and `sub` in it is the person.
 */
export interface SessionClient {
  readonly auth: {
    getSession(): Promise<{ data: { session: SessionLike | null }; error: unknown }>;
    refreshSession(): Promise<{ data: { session: SessionLike | null }; error: unknown }>;
  };
}

/** Of a session: its token, and the person's id. */
export interface SessionLike {
  readonly access_token: string;
  readonly user: { readonly id: string };
}

/** A session's token and whose it is. */
export interface Identity {
  readonly token: string;
  readonly userId: string;
}

/** The function that a client with third-party sign-in gets its tokens from; its `auth` throws on every access. */
export function tokenSourceOf(client: unknown): (() => Promise<string | null>) | undefined {
  const source = (client as { accessToken?: unknown } | null)?.accessToken;
  return typeof source === 'function' ? () => source.call(client) as Promise<string | null> : undefined;
}

/** The client's current session, refreshed at most once for each token that a server refused. */
export class Session {
  readonly #client: SessionClient;
  readonly #idleMs: number;
  readonly #tokenSource: (() => Promise<string | null>) | undefined;
  #refreshing: Promise<Identity> | undefined;
  #lastOwner: string | undefined;

  /** @param idleMs longest time that the client may take for an answer: its own requests have no limit */
  constructor(client: SessionClient, idleMs: number) {
    this.#client = client;
    this.#idleMs = idleMs;
    this.#tokenSource = tokenSourceOf(client);
  }

  /** @throws Fault `sign_in_required` without a session, `network` when the client could not reach the server */
  async current(signal?: AbortSignal): Promise<Identity> {
    const now = await this.#bounded(() => this.#read(), signal);
    this.#lastOwner = now.userId;
    return now;
  }

  /**
   * Who is signed in. Without a network an expired session cannot be renewed, and the client tells nothing: then it is who
   * was signed in last. Nothing is sent without a session of that person.
   */
  async owner(signal?: AbortSignal): Promise<string> {
    try {
      return (await this.current(signal)).userId;
    } catch (error) {
      if (isFault(error) && error.remedy === 'later' && this.#lastOwner) return this.#lastOwner;
      if (isFault(error) && error.code === 'sign_in_required') this.#lastOwner = undefined;
      throw error;
    }
  }

  /**
   * A fresh token in place of one that was refused. Requests that fail together share one refresh; when another request (or
   * the client itself) has refreshed meanwhile, its token is taken.
   */
  async renew(refused: string, signal?: AbortSignal): Promise<Identity> {
    const now = await this.current(signal);
    if (now.token !== refused) return now;
    if (this.#tokenSource) throw new Fault('sign_in_required', 'never', { detail: 'The token was refused, and accessToken gives no other' });
    const refreshing = (this.#refreshing ??= this.#refresh());
    return this.#bounded(() => refreshing, signal);
  }

  /** One refresh for all who ask meanwhile. One that never ends is nobody's any more after the longest wait for it. */
  #refresh(): Promise<Identity> {
    const refreshing: Promise<Identity> = this.#bounded(async () => {
      const { data, error } = await this.#client.auth.refreshSession();
      return identityOf(data.session, error);
    }).finally(() => {
      if (this.#refreshing === refreshing) this.#refreshing = undefined;
    });
    refreshing.catch(() => {}); // who asked for it may have been stopped
    return refreshing;
  }

  async #read(): Promise<Identity> {
    if (!this.#tokenSource) {
      const { data, error } = await this.#client.auth.getSession();
      return identityOf(data.session, error);
    }
    const token = await this.#tokenSource();
    const userId = token ? subjectOf(token) : undefined;
    if (!token || !userId) throw new Fault('sign_in_required', 'never', { detail: token ? 'The token names nobody' : 'No token' });
    return { token, userId };
  }

  /** The client's answer, unless the signal is aborted or it takes too long. What the client throws is trouble that passes. */
  #bounded(ask: () => Promise<Identity>, signal?: AbortSignal): Promise<Identity> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = () => {
        clearTimeout(timer);
        deaf?.();
      };
      const fail = (detail: string, cause?: unknown) => reject(new Fault('network', 'later', { detail: `Auth: ${detail}`, cause }));
      const timer = setTimeout(() => {
        end();
        fail(`no answer for ${this.#idleMs} ms`);
      }, Math.min(this.#idleMs, longestTimerMs));
      const deaf = signal && onAbort(signal, () => {
        end();
        reject(signal.reason);
      });
      Promise.resolve().then(ask).then(
        (identity) => {
          end();
          resolve(identity);
        },
        (error: unknown) => {
          end();
          if (isFault(error)) reject(error);
          else fail(error instanceof Error ? error.message : String(error), error);
        },
      );
    });
  }
}

/** `sub` of a JSON web token (RFC 7519); the server is who checks it. */
function subjectOf(token: string): string | undefined {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { sub } = JSON.parse(atob(payload)) as { sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

function identityOf(session: SessionLike | null, error: unknown): Identity {
  if (session?.access_token && session.user?.id) return { token: session.access_token, userId: session.user.id };
  const { name, status, message } = (error ?? {}) as { name?: string; status?: number; message?: string };
  const unreachable = name === 'AuthRetryableFetchError' || status === 429 || (status ?? 0) >= 500;
  if (unreachable) throw new Fault('network', 'later', { detail: `Auth: ${message ?? name}` });
  throw new Fault('sign_in_required', 'never', { detail: message ?? 'No session' });
}
