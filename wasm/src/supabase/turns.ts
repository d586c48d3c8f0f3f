import { orAborted, type Clock } from './clock.js';
import { remoteError } from './fault.js';
import type { SendJob } from './job.js';
import { byAge, type Outbox, type OutboxEntry } from './outbox.js';

/** How often another tab's work is looked at, in milliseconds. */
const lookMs = 1_000;

/** What a place in a line is by. */
interface Place {
  readonly id: string;
  readonly createdAt: number;
  readonly projectRow: unknown;
}

/** By age; but whoever makes the project comes first: clocks are set back between two visits. */
const byTurn = (a: Place, b: Place): number => Number(!a.projectRow) - Number(!b.projectRow) || byAge(a, b);

/** What an entry stands in line for: its project, or the one picture of the person. */
export const lineOf = ({ kind, projectId }: Pick<OutboxEntry, 'kind' | 'projectId'>): string | null => projectId ?? (kind === 'avatar' ? kind : null);

/**
 * One entry after the other for one project, in the order in which they were asked for: photos that were appended come after
 * those that were there to append to, and not before their project. Pictures of the person likewise: the last one stays.
 */
export class Turns {
  readonly #lines = new Map<string, (Place & { readonly job: SendJob })[]>();

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Takes a place in the line of what the job is for, until it is done. */
  add(job: SendJob, { createdAt, projectRow, ...entry }: Pick<OutboxEntry, 'kind' | 'projectId' | 'createdAt'> & { projectRow: unknown }): SendJob {
    const name = lineOf(entry);
    if (name === null) return job;
    const line = this.#lines.get(name) ?? [];
    this.#lines.set(name, line);
    const place = { job, id: job.id, createdAt, projectRow };
    line.push(place);
    const leave = () => {
      line.splice(line.indexOf(place), 1);
      if (line.length === 0 && this.#lines.get(name) === line) this.#lines.delete(name);
    };
    job.done.then(leave, leave);
    return job;
  }

  /**
   * Resolves when it is this entry's turn.
   * @throws what stopped the entry before it, while that is in the outbox: this one stays there too, and `resume` takes both
   */
  async wait(entry: OutboxEntry, signal: AbortSignal): Promise<void> {
    const { owner } = entry;
    const name = lineOf(entry);
    if (name === null) return;
    const errors = new Map<string, unknown>();
    // In the order of places alone, as below: two that waited for each other would wait for ever.
    const isEarlier = (other: Place) => other.id !== entry.id && byTurn(other, entry) < 0;
    const line = (this.#lines.get(name) ?? []).filter(isEarlier);
    for (const { job: earlier } of line) {
      await orAborted(earlier.done, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (earlier.kept) errors.set(earlier.id, error);
      });
    }
    const before = (await this.outbox.list(owner)).filter(
      (other) => lineOf(other) === name && other.target === entry.target && isEarlier(other),
    );
    for (const { id } of before) await (await this.#whenFree(owner, id, signal))();
    for (const { id } of before) {
      const left = await this.outbox.get(owner, id);
      if (!left || left.givenUp) continue;
      const error = errors.get(id);
      // Whoever cancelled an entry has chosen that others may overtake it, if there is a project without it.
      const cancelled = error === undefined || (error as { code?: string }).code === 'cancelled';
      if (!cancelled) throw error;
      // Of the person's pictures the last one stays: one that was cancelled before it does not come back in its place.
      if (left.kind === 'avatar') await this.#giveUp(owner, id, signal);
      if (left.projectRow && !left.projectMade) {
        throw remoteError('not_found', { detail: 'The entry that makes the project is in the outbox, and nobody sends it' });
      }
    }
  }

  /** What is left of it is cleaned up when it is resumed. */
  async #giveUp(owner: string, id: string, signal: AbortSignal): Promise<void> {
    const release = await this.#whenFree(owner, id, signal);
    try {
      const entry = await this.outbox.get(owner, id);
      if (entry) await this.outbox.update({ ...entry, givenUp: true });
    } finally {
      await release();
    }
  }

  /** Takes an entry once no other tab or process works on it. @returns what lets go of it */
  async #whenFree(owner: string, id: string, signal: AbortSignal): Promise<() => Promise<void>> {
    for (;;) {
      const release = await this.outbox.lock(owner, id);
      if (release) return release;
      await this.clock.sleep(lookMs, signal);
    }
  }
}
