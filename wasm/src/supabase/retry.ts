import { orAborted, type Clock, type Connectivity } from './clock.js';
import { Fault, isFault } from './fault.js';

/** How often and how long. */
export interface RetryPolicy {
  /** Tries of one request in a row before it is left to a later `resume`. Default 8. */
  readonly attempts: number;
  /** Mean of the first wait, in milliseconds; each next one is twice as long. Default 500. */
  readonly firstWaitMs: number;
  /** Longest wait that the sender chooses. Default 30 000. */
  readonly longestWaitMs: number;
  /** Longest wait that a server may ask for; beyond it the request is left to a later `resume`. Default 300 000. */
  readonly longestAskedWaitMs: number;
}

/** What a sender does without `retry`. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 8,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
  longestAskedWaitMs: 300_000,
};

/** A pause that a page may want to show. */
export interface Pause {
  readonly reason: 'offline' | 'network' | 'rate_limited' | 'server_error' | 'not_allowed';
  /** Length in milliseconds; null while offline: until the network is back. */
  readonly waitMs: number | null;
  /** 1 for the first repetition. */
  readonly attempt: number;
}

export interface RetryContext {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly signal: AbortSignal;
  readonly onPause: (pause: Pause) => void;
  /** Gets a fresh session after a request was refused for its token; throws when that is impossible. */
  readonly renewSession: () => Promise<unknown>;
  /** For a long transfer: whether the last try got further than any before. Then the count starts again. */
  readonly gotFurther?: () => boolean;
}

/** Half of the wait is fixed and half is chance, so that devices that failed together do not come back together. */
export function waitMs(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** (attempt - 1));
  return full * (0.5 + random);
}

/**
 * Repeats a request by the table of remedies until it succeeds or nothing helps.
 * @throws the last `Fault`, or the signal's reason
 */
export async function withRetry<T>(context: RetryContext, attempt: () => Promise<T>): Promise<T> {
  const { policy, clock, connectivity, signal, onPause } = context;
  let failures = 0;
  let renewed = false;
  let repeatedOnce = false;
  for (;;) {
    signal.throwIfAborted();
    if (!connectivity.online()) {
      onPause({ reason: 'offline', waitMs: null, attempt: failures });
      await orAborted(connectivity.whenOnline(signal), signal); // an injected one may be deaf to it, as a clock may
    }
    try {
      return await attempt();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isFault(thrown)) throw thrown;
      let fault: Fault = thrown;
      if (fault.remedy === 'sign_in') {
        if (renewed) throw new Fault('sign_in_required', 'never', fault.facts);
        renewed = true;
        try {
          await context.renewSession();
          continue;
        } catch (refused) {
          if (!isFault(refused) || refused.remedy !== 'later') throw refused;
          renewed = false;
          fault = refused;
        }
      }
      if (fault.remedy === 'never') throw fault;
      if (fault.remedy === 'once') {
        if (repeatedOnce) throw fault;
        repeatedOnce = true;
      } else if (fault.code === 'network' && !connectivity.online()) {
        continue; // the next round waits for the network, and this does not count
      }
      if (context.gotFurther?.()) failures = 0;
      failures += 1;
      const asked = fault.facts.retryAfterMs ?? 0;
      if (failures >= policy.attempts || asked > policy.longestAskedWaitMs) throw fault;
      const wait = Math.max(asked, waitMs(policy, failures + (fault.remedy === 'once' ? 2 : 0), clock.random()));
      onPause({ reason: pauseReason(fault), waitMs: wait, attempt: failures });
      await orAborted(clock.sleep(wait, signal), signal);
    }
  }
}

function pauseReason(fault: Fault): Pause['reason'] {
  const { code } = fault;
  return code === 'network' || code === 'rate_limited' || code === 'not_allowed' ? code : 'server_error';
}
