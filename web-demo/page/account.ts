/** Who is signed in. On the local backend a guest account is made on the first visit, so that sending works at once. */
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { byId } from './dom.js';
import { text } from './texts.js';

export interface BackendConfig {
  readonly url: string;
  readonly key: string;
  /** The backend is the local one: its accounts are for trying only. */
  readonly local: boolean;
}

export async function readConfig(): Promise<BackendConfig> {
  const response = await fetch('config.json');
  if (!response.ok) throw new Error(`config.json: HTTP ${response.status}`);
  const config = (await response.json()) as BackendConfig;
  return { ...config, url: new URL(config.url, location.href).href.replace(/\/$/, '') };
}

const guestKey = 'photo-core-guest';

export class Account {
  readonly client: SupabaseClient;
  #listeners = new Set<() => void>();
  email: string | null = null;
  #started: Promise<void> | null = null;

  constructor(readonly config: BackendConfig) {
    this.client = createClient(config.url, config.key);
    const dialog = byId<HTMLDialogElement>('sign-in');
    byId('account').addEventListener('click', () => dialog.showModal());
    byId('do-close').addEventListener('click', () => dialog.close());
    byId('do-sign-in').addEventListener('click', (event) => {
      event.preventDefault();
      void this.#try((email, password) => this.client.auth.signInWithPassword({ email, password }));
    });
    byId('do-sign-up').addEventListener('click', () => {
      void this.#try((email, password) => this.client.auth.signUp({ email, password }));
    });
    byId('do-sign-out').addEventListener('click', () => {
      void this.client.auth.signOut().then(() => this.refresh());
      dialog.close();
    });
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes up the session of an earlier visit, or makes the guest's; once, unless that did not succeed. */
  async start(): Promise<void> {
    this.#started ??= this.#start();
    await this.#started;
    if (!this.email) this.#started = null;
  }

  /** The session is not taken any more: the guest of the local backend comes in again by itself. @returns whether it did */
  async renew(): Promise<boolean> {
    if (!this.config.local) return false;
    await this.client.auth.signOut({ scope: 'local' });
    this.#started = null;
    await this.start();
    return this.email !== null;
  }

  async #start(): Promise<void> {
    await this.refresh();
    if (this.email || !this.config.local) return;
    const kept = localStorage.getItem(guestKey);
    const guest = kept ? (JSON.parse(kept) as { email: string; password: string })
      : { email: `guest-${crypto.randomUUID().slice(0, 8)}@example.com`, password: crypto.randomUUID() };
    localStorage.setItem(guestKey, JSON.stringify(guest));
    const signedIn = kept ? await this.client.auth.signInWithPassword(guest) : { error: true };
    if (signedIn.error) await this.client.auth.signUp(guest);   // new here, or the backend has forgotten
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const { data } = await this.client.auth.getSession();
    this.email = data.session?.user.email ?? null;
    this.show();
    for (const listener of this.#listeners) listener();
  }

  show(): void {
    const guest = this.email?.startsWith('guest-') && this.config.local;
    byId('person').textContent = guest ? text('guest') : (this.email ?? text('signedOut'));
  }

  async #try(work: (email: string, password: string) => Promise<{ error: { message: string } | null }>): Promise<void> {
    const form = byId<HTMLFormElement>('sign-in-form');
    if (!form.reportValidity()) return;
    const issue = byId('sign-in-issue');
    const { error } = await work(byId<HTMLInputElement>('email').value, byId<HTMLInputElement>('password').value);
    issue.hidden = !error;
    issue.textContent = error?.message ?? '';
    if (error) return;
    byId<HTMLDialogElement>('sign-in').close();
    await this.refresh();
  }
}
