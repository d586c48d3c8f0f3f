import { limits as contract, type LimitName } from './limits.gen.js';
import { checkMembers } from './options.js';

/** Every limit, by its name in the contract (`schema/contract/limits.json`), with its unit in the name. */
export type Limits = { readonly [name in LimitName]: number };

/** The limits that a caller may set, each from 1. */
export interface LimitOptions {
  /** Default and highest: the database's 20. */
  readonly max_photos_per_project?: number | undefined;
  /** Default and highest: the database's 10 485 760. */
  readonly max_photo_bytes?: number | undefined;
  /** Default 52 428 800; at most 268 435 456. */
  readonly max_source_bytes?: number | undefined;
  /** Default 120 000 000; at most 1 000 000 000. */
  readonly max_source_pixels?: number | undefined;
  /** Planned WebAssembly memory of one photo, in bytes. Default 402 653 184; at most 503 316 480, as the binary grows to 512 MiB. */
  readonly max_heap_bytes?: number | undefined;
}

/** The highest that each may be set to. */
export const highestLimits: Required<LimitOptions> = {
  max_photos_per_project: contract.max_photos_per_project,
  max_photo_bytes: contract.max_photo_bytes,
  max_source_bytes: 256 << 20,
  max_source_pixels: 1e9,
  max_heap_bytes: 480 << 20,
};

/** The contract's limits with the caller's in their place. @throws PhotoError `invalid_option` */
export function limitsWith(options: unknown, highest: Required<LimitOptions>): Limits {
  const rules = Object.fromEntries(
    Object.entries(highest).map(([name, most]) => [name, [1, most, contract[name as LimitName]] as const]),
  );
  return Object.freeze({ ...contract, ...(checkMembers('limits', options, rules) as Partial<Limits>) });
}
