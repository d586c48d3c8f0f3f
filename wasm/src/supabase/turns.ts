import { orAborted, type Clock } from './clock.js';
import { remoteError } from './fault.js';
import type { SendJob } from './job.js';
import { byAge, type Outbox, type OutboxEntry } from './outbox.js';

/** How often another tab's work is looked at, in milliseconds. */
const lookMs = 1_000;

/**
 * One entry after the other for one project, in the order in which they were asked for: photos that were appended come after
 * those that were there to append to, and not before their project.
 */
export class Turns {
  readonly #lines = new Map<string, { readonly job: SendJob; readonly createdAt: number }[]>();

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Takes a place in the line of the job's project, until it is done. */
  add(job: SendJob, createdAt: number): SendJob {
    const { projectId } = job;
    if (projectId === null) return job;
    const line = this.#lines.get(projectId) ?? [];
    this.#lines.set(projectId, line);
    const place = { job, createdAt };
    line.push(place);
    const leave = () => {
      line.splice(line.indexOf(place), 1);
      if (line.length === 0 && this.#lines.get(projectId) === line) this.#lines.delete(projectId);
    };
    job.done.then(leave, leave);
    return job;
  }

  /**
   * Resolves when it is this entry's turn.
   * @throws what stopped the entry before it, while that is in the outbox: this one stays there too, and `resume` takes both
   */
  async wait(entry: OutboxEntry, signal: AbortSignal): Promise<void> {
    const { projectId, owner } = entry;
    if (projectId === null) return;
    const errors = new Map<string, unknown>();
    // By age alone, as below: two that waited for each other would wait for ever.
    const isEarlier = (other: { createdAt: number; id: string }) => other.id !== entry.id && byAge(other, entry) < 0;
    const line = (this.#lines.get(projectId) ?? []).filter(({ job, createdAt }) => isEarlier({ createdAt, id: job.id }));
    for (const { job: earlier } of line) {
      await orAborted(earlier.done, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (earlier.kept) errors.set(earlier.id, error);
      });
    }
    const before = (await this.outbox.list(owner)).filter(
      (other) => other.projectId === projectId && other.target === entry.target && isEarlier(other),
    );
    for (const { id } of before) await this.#whileOthersWork(owner, id, signal);
    for (const { id } of before) {
      const left = await this.outbox.get(owner, id);
      if (!left || left.givenUp) continue;
      const error = errors.get(id);
      // Whoever cancelled an entry has chosen that others may overtake it, if there is a project without it.
      const cancelled = error === undefined || (error as { code?: string }).code === 'cancelled';
      if (!cancelled) throw error;
      if (left.projectRow && !left.projectMade) {
        throw remoteError('not_found', { detail: 'The entry that makes the project is in the outbox, and nobody sends it' });
      }
    }
  }

  /** Waits while another tab or process works on an entry. */
  async #whileOthersWork(owner: string, id: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const release = await this.outbox.lock(owner, id);
      if (release) return release();
      await this.clock.sleep(lookMs, signal);
    }
  }
}
