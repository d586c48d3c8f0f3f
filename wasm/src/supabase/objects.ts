import { limits } from '../limits.gen.js';
import { onAbort, orAborted } from './clock.js';
import { isFault } from './fault.js';
import type { OutboxFile } from './outbox.js';
import type { Supabase } from './service.js';

/** Whether the server speaks the resumable protocol: asked once a sender, when the first large file comes. */
export class ResumableProbe {
  #answer: Promise<boolean> | undefined;

  async offered(supabase: Supabase): Promise<boolean> {
    const { signal } = supabase.errand;
    for (;;) {
      const isMine = !this.#answer;
      const asking = (this.#answer ??= this.#ask(supabase));
      try {
        return await orAborted(asking, signal);
      } catch (error) {
        // The job in whose name it was asked may have been stopped: that stops no other.
        if (isMine || signal.aborted || isFault(error)) throw error;
      }
    }
  }

  #ask(supabase: Supabase): Promise<boolean> {
    return supabase.ask('storage', { method: 'OPTIONS', path: '/upload/resumable' }).then(
      () => true,
      (error: unknown) => {
        if (isFault(error) && error.remedy === 'never' && error.code !== 'sign_in_required') return false;
        this.#answer = undefined;
        if (isFault(error) && error.remedy === 'once') return false;
        throw error;
      },
    );
  }

  /** The server said yes to the question and no to the deed: some gateways answer every OPTIONS. */
  refused(): void {
    this.#answer = Promise.resolve(false);
  }
}

/** So many objects are on their way at a time, whatever the number of jobs. */
export class UploadSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(readonly count: number) {
    this.#free = count;
  }

  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else {
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const deaf = onAbort(signal, () => {
          this.#waiting.delete(take);
          reject(signal.reason);
        });
        const take = () => {
          deaf();
          resolve();
        };
        this.#waiting.add(take);
      });
    }
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next) {
        this.#waiting.delete(next);
        next();
      } else this.#free += 1;
    }
  }
}

export interface StoreCalls {
  /** Bytes of the file that have left. */
  readonly onSent: (bytes: number) => void;
  /** A try ended without telling whether the server acted. */
  readonly onLost: () => void;
  /** The resume URL has changed: to be kept before the next piece. */
  readonly onResumeUrl: (url: string | undefined) => Promise<void>;
}

/**
 * Brings one object to its path. An object that is already there with the same size is a success; one of another size (an
 * interrupted write of a server that is not as strict) is removed and sent again, once.
 */
export async function storeObject(supabase: Supabase, probe: ResumableProbe, file: OutboxFile, bytes: Blob, calls: StoreCalls): Promise<void> {
  for (let round = 0; ; round++) {
    try {
      await sendBytes(supabase, probe, file, bytes, calls);
      return;
    } catch (error) {
      if (!isFault(error) || error.code !== 'already_exists') throw error;
      const facts = await supabase.objectFacts(file.bucket, file.path);
      if (facts?.bytes === file.bytes) return;
      if (round > 0) throw error;
      if (facts) await supabase.removeObjects(file.bucket, [file.path]);
    }
  }
}

async function sendBytes(supabase: Supabase, probe: ResumableProbe, file: OutboxFile, bytes: Blob, calls: StoreCalls): Promise<void> {
  if (file.bytes > limits.resumable_upload_bytes && (await probe.offered(supabase))) {
    const { sendResumable } = await import('./tus.js');
    try {
      await sendResumable(supabase, file, bytes, calls);
      return;
    } catch (error) {
      const unknown = isFault(error) && [404, 405, 501].includes(error.facts.status ?? 0) && !file.resumeUrl;
      if (!unknown) throw error;
      probe.refused();
    }
  }
  await supabase.upload(file, bytes, calls.onSent, calls.onLost);
}
