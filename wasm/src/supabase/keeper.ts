import { invalidOption } from '../caller_error.js';
import { remoteError } from './fault.js';
import type { Outbox, OutboxEntry } from './outbox.js';

/**
 * Writes the steps of one entry into the outbox. Steps that end while a write is under way share the next one, so that
 * many uploads at once do not wait for many flushes in a row.
 */
export class Keeper {
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(
    private readonly outbox: Outbox,
    readonly entry: OutboxEntry,
  ) {}

  /** Resolves when the entry as it is now is on disk. */
  save(): Promise<void> {
    if (!this.#writing) return (this.#writing = this.#write());
    return (this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return (this.#writing = this.#write());
      }));
  }

  async #write(): Promise<void> {
    try {
      await this.outbox.update(this.entry);
    } catch (error) {
      throw outboxError(error);
    } finally {
      if (!this.#next) this.#writing = undefined;
    }
  }
}

/** What a full or broken outbox means for the caller. */
export function outboxError(error: unknown): unknown {
  const { name, code, message } = (error ?? {}) as { name?: string; code?: unknown; message?: string };
  const full = name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT';
  if (full) return remoteError('storage_full', { detail: `Outbox: ${message || name}`, cause: error });
  // A folder that is read-only, another's, or no folder.
  if (/^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR|ELOOP|ENAMETOOLONG)$/.test(String(code))) {
    return invalidOption('outbox', 'a folder that can be written to', code);
  }
  // A sandboxed frame, or a browser that is told to keep nothing.
  if (name === 'SecurityError') return remoteError('unsupported_environment', { detail: 'IndexedDB', cause: error });
  // A newer version of the page has made the database its own, or another tab keeps it from opening.
  if (name === 'VersionError' || name === 'TimeoutError') return remoteError('outbox_unavailable', { detail: `Outbox: ${message || name}`, cause: error });
  return error;
}
