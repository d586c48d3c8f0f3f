import { Fault } from './fault.js';

/** What the sender needs of a supabase-js v2 client: its session, and nothing else. */
export interface SessionClient {
  readonly auth: {
    getSession(): Promise<{ data: { session: SessionLike | null }; error: unknown }>;
    refreshSession(): Promise<{ data: { session: SessionLike | null }; error: unknown }>;
  };
}

export interface SessionLike {
  readonly access_token: string;
  readonly user: { readonly id: string };
}

/** A session's token and whose it is. */
export interface Identity {
  readonly token: string;
  readonly userId: string;
}

/** The client's current session, refreshed at most once for each token that a server refused. */
export class Session {
  #refreshing: Promise<Identity> | undefined;

  constructor(private readonly client: SessionClient) {}

  /** @throws Fault `sign_in_required` without a session, `network` when the client could not reach the server */
  async current(): Promise<Identity> {
    const { data, error } = await this.client.auth.getSession();
    return identityOf(data.session, error);
  }

  /**
   * A fresh token in place of one that was refused. Requests that fail together share one refresh; when another request (or
   * the client itself) has refreshed meanwhile, its token is taken.
   */
  async renew(refused: string): Promise<Identity> {
    const now = await this.current();
    if (now.token !== refused) return now;
    this.#refreshing ??= this.client.auth
      .refreshSession()
      .then(({ data, error }) => identityOf(data.session, error))
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }
}

function identityOf(session: SessionLike | null, error: unknown): Identity {
  if (session?.access_token && session.user?.id) return { token: session.access_token, userId: session.user.id };
  const { name, status, message } = (error ?? {}) as { name?: string; status?: number; message?: string };
  const unreachable = name === 'AuthRetryableFetchError' || status === 429 || (status ?? 0) >= 500;
  if (unreachable) throw new Fault('network', 'later', { detail: `Auth: ${message ?? name}` });
  throw new Fault('sign_in_required', 'never', { detail: message ?? 'No session' });
}
