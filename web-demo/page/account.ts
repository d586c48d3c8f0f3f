/** Who is signed in. On the local backend a guest account is made on the first visit, so that sending works at once. */
import { createClient, type AuthError, type AuthResponse, type SupabaseClient } from '@supabase/supabase-js';
import { messageFor } from '@photomemory/photo-core';
import { byId } from './dom.js';
import { dropValue, keepValue, keptValue } from './kept.js';
import { NoAnswer } from './said.js';
import { language, text } from './texts.js';

export interface BackendConfig {
  readonly url: string;
  readonly key: string;
  /** The backend is the local one: its accounts are for trying only. */
  readonly local: boolean;
}

export async function readConfig(): Promise<BackendConfig> {
  // A server that is in trouble, and a network that first shows a page of its own, have not answered either.
  const config = await fetch('config.json').then(async (response) => {
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return (await response.json()) as BackendConfig;
  }).catch((cause: unknown) => {
    throw new NoAnswer('config.json', { cause });
  });
  return { ...config, url: new URL(config.url, location.href).href.replace(/\/$/, '') };
}

const guestKey = 'photo-core-guest';
const sessionKey = 'photo-core-session';

const isUnreachable = (error: { name: string } | null): boolean => error?.name === 'AuthRetryableFetchError';

/** What the person can do about it, in the page's language; anything else in the backend's words. */
async function saidOf(error: AuthError): Promise<string> {
  if (isUnreachable(error)) return text('noAnswer');
  if (error.code === 'invalid_credentials') return text('wrongLogin');
  if (error.code === 'user_already_exists' || error.code === 'email_exists') return text('emailTaken');
  if (error.code === 'weak_password') return text('weakPassword');
  if (error.code === 'email_not_confirmed') return text('confirmEmail');
  if (error.status === 429) return messageFor('rate_limited', language());
  return error.message;
}

export class Account {
  readonly client: SupabaseClient;
  #listeners = new Set<() => void>();
  email: string | null = null;
  /** Nobody is signed in because nobody answered. */
  unreachable = false;
  /** Somebody signed in or out by hand: no guest comes in their place while the page is open. */
  #byHand = false;
  #started: Promise<void> | null = null;
  /** Whether somebody is signed in: until it has been found out the page does not say "nobody". */
  #known = false;

  constructor(readonly config: BackendConfig) {
    const storage = { getItem: keptValue, setItem: keepValue, removeItem: dropValue };
    this.client = createClient(config.url, config.key, { auth: { storage, storageKey: sessionKey } });
    const dialog = byId<HTMLDialogElement>('sign-in');
    byId('account').addEventListener('click', () => dialog.showModal());
    dialog.addEventListener('close', () => {
      byId<HTMLInputElement>('password').value = '';
      byId('sign-in-issue').hidden = true;
    });
    byId('do-close').addEventListener('click', () => dialog.close());
    byId('do-sign-in').addEventListener('click', (event) => {
      event.preventDefault();
      void this.#try((email, password) => this.client.auth.signInWithPassword({ email, password }));
    });
    byId('do-sign-up').addEventListener('click', () => {
      void this.#try((email, password) => this.client.auth.signUp({ email, password }));
    });
    byId('do-sign-out').addEventListener('click', () => {
      void this.client.auth.signOut().then(async ({ error }) => {
        // Where nobody answers, the session ends on this device all the same: who hands it on relies on that.
        if (error) dropValue(sessionKey);
        this.#byHand = true;
        dialog.close();
        return this.refresh();
      });
    });
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes up the session of an earlier visit, or makes the guest's; once, unless that did not succeed or was forgotten since. */
  async start(): Promise<void> {
    await this.lookAgain();
    this.#started ??= this.#start();
    await this.#started;
    this.#known = true;
    this.show();
    if (!this.email) this.#started = null;
  }

  /** The site's data may have been cleared, or another tab have signed out: who was known is not kept any more. */
  async lookAgain(): Promise<void> {
    if (this.email === null || keptValue(sessionKey) !== null) return;
    if (this.isGuest) this.#started = null;
    await this.refresh();
  }

  get isGuest(): boolean {
    return this.config.local && this.email !== null && this.email.startsWith('guest-');
  }

  /** The session is not taken any more: the guest of the local backend comes in again by itself. @returns whether it did */
  async renew(): Promise<boolean> {
    if (!this.isGuest) {
      await this.refresh();   // the client may have dropped it
      return false;
    }
    await this.client.auth.signOut({ scope: 'local' });
    this.#started = null;
    await this.start();
    return this.email !== null;
  }

  async #start(): Promise<void> {
    this.unreachable = false;
    await this.refresh();
    if (this.email || !this.config.local || this.#byHand || this.unreachable) return;
    const kept = keptValue(guestKey);
    const guest = kept ? (JSON.parse(kept) as { email: string; password: string })
      : { email: `guest-${crypto.randomUUID().slice(0, 8)}@example.com`, password: crypto.randomUUID() };
    keepValue(guestKey, JSON.stringify(guest));
    const signedIn = kept ? await this.client.auth.signInWithPassword(guest) : null;
    if (signedIn && !signedIn.error) return this.refresh();
    const { error } = await this.client.auth.signUp(guest);   // new here, or the backend has forgotten
    this.unreachable = isUnreachable(error);
    // Made in the meantime, by another tab or by this page before it was loaded again.
    if (error && !this.unreachable) await this.client.auth.signInWithPassword(guest);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const { data, error } = await this.client.auth.getSession();
    if (error) this.unreachable = isUnreachable(error);
    this.email = data.session?.user.email ?? null;
    if (this.email && !this.isGuest) this.#byHand = true;
    this.show();
    for (const listener of this.#listeners) listener();
  }

  show(): void {
    byId('do-sign-out').hidden = this.email === null;
    const nobody = this.#known ? text('signedOut') : '';
    byId('person').textContent = byId('person').title = this.isGuest ? text('guest') : (this.email ?? nobody);
  }

  #sayIssue(words: string): void {
    byId('sign-in-issue').textContent = words;
    byId('sign-in-issue').hidden = words === '';
  }

  async #try(work: (email: string, password: string) => Promise<{ data: AuthResponse['data']; error: AuthError | null }>): Promise<void> {
    const form = byId<HTMLFormElement>('sign-in-form');
    if (!form.reportValidity()) return;
    const { data, error } = await work(byId<HTMLInputElement>('email').value, byId<HTMLInputElement>('password').value);
    // A project may take nobody in before the e-mail is confirmed.
    this.#sayIssue(error ? await saidOf(error) : data.session ? '' : text('confirmEmail'));
    if (!data.session) return;
    this.#byHand = true;
    await this.refresh();
    byId<HTMLDialogElement>('sign-in').close();
  }
}
