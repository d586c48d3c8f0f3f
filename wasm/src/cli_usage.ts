/** What the command line takes. */
import { limits } from './limits.gen.js';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { PayloadTable } from './raw.js';
import type { BatchOptions } from './types.js';

export const help = `photo-core: photos made ready for upload, as the npm package does it in a browser.

  photo-core prepare [OPTIONS] FILE...
      --out DIR               write photo and thumbnail there: STEM.EXT and STEM.thumb.EXT; nothing is overwritten
      --max-edge N            longest edge of the photo in pixels (2000)
      --format FORMAT         auto, jpeg, webp or png (auto)
      --quality N             1 to 100 (82)
      --thumbnail N           longest edge of the thumbnail in pixels (400)
      --keep-original CHOICE  auto, never or always (auto)
      --existing N            photos that the project already has (0)
      --max-photos N          photos that one call may accept (20)

  photo-core probe FILE...
      what the header tells; nothing is decoded

  photo-core check project|photo|media-item|profile FILE.json|-
      the payload rules, without the database; - answers one line for every line of standard input

  photo-core --help | --version

One JSON object a line on standard output, in input order.
Exit code 0: all accepted, 1: some rejected, 2: wrong usage.
`;

/** More is no number of photos. */
const most_photos = 1e9;

/** A call that means nothing; the sentence says why. */
export class UsageError extends Error {}

export type Command =
  | { readonly name: 'help' | 'version' }
  | {
      readonly name: 'prepare';
      readonly files: readonly string[];
      readonly out: string | undefined;
      readonly maxPhotos: number;
      readonly options: BatchOptions;
    }
  | { readonly name: 'probe'; readonly files: readonly string[] }
  | { readonly name: 'check'; readonly table: PayloadTable; readonly files: readonly string[] };

const tables: readonly string[] = ['project', 'photo', 'media-item', 'profile'] satisfies PayloadTable[];

const text = { type: 'string' } as const;
const prepareFlags = {
  out: text,
  'max-edge': text,
  format: text,
  quality: text,
  thumbnail: text,
  'keep-original': text,
  existing: text,
  'max-photos': text,
};

function parse<const O extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: O) {
  try {
    const help = { type: 'boolean', short: 'h' } as const;
    return parseArgs({ args, options: { ...options, help }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.?(?:\s*\n|\. |$)/)[0] + '.');
  }
}

function count(flag: string, value: string | undefined, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value) || Number(value) < least || Number(value) > most) {
    throw new UsageError(`Expected an integer from ${least} to ${most} for --${flag} but received ${JSON.stringify(value)}.`);
  }
  return Number(value);
}

function choice<T extends string>(flag: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value !== undefined && !choices.includes(value as T)) {
    throw new UsageError(`Expected ${choices.join(', ')} for --${flag} but received ${JSON.stringify(value)}.`);
  }
  return value as T | undefined;
}

function some(files: string[], what: string): string[] {
  if (!files.length) throw new UsageError(`Expected at least one ${what} but received none.`);
  return files;
}

/** @throws UsageError */
export function parseCommand(args: string[]): Command {
  const [name, ...rest] = args;
  switch (name) {
    case 'prepare': {
      const { values, positionals } = parse(rest, prepareFlags);
      if (values.help) return { name: 'help' };
      const edge = count('thumbnail', values.thumbnail, limits.min_edge_px, limits.max_edge_px);
      const given = {
        maxEdge: count('max-edge', values['max-edge'], limits.min_edge_px, limits.max_edge_px),
        format: choice('format', values.format, ['auto', 'jpeg', 'webp', 'png']),
        quality: count('quality', values.quality, limits.min_quality, limits.max_quality),
        thumbnail: edge === undefined ? undefined : { maxEdge: edge },
        keepOriginal: choice('keep-original', values['keep-original'], ['auto', 'never', 'always']),
        existingCount: count('existing', values.existing, 0, most_photos),
      };
      const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as BatchOptions;
      const maxPhotos = count('max-photos', values['max-photos'], 1, most_photos) ?? 20;
      return { name, files: some(positionals, 'FILE'), out: values.out, maxPhotos, options };
    }
    case 'probe': {
      const { values, positionals } = parse(rest, {});
      return values.help ? { name: 'help' } : { name, files: some(positionals, 'FILE') };
    }
    case 'check': {
      const { values, positionals } = parse(rest, {});
      if (values.help) return { name: 'help' };
      const [table, ...files] = positionals;
      if (!tables.includes(table ?? '')) {
        throw new UsageError(`Expected ${tables.join(', ')} after check but received ${table ? JSON.stringify(table) : 'nothing'}.`);
      }
      return { name, table: table as PayloadTable, files: some(files, 'FILE.json or -') };
    }
    case 'help':
    case '--help':
    case '-h':
      return { name: 'help' };
    case '--version':
      return { name: 'version' };
    default:
      throw new UsageError(
        `Expected prepare, probe or check but received ${name === undefined ? 'nothing' : JSON.stringify(name)}.`,
      );
  }
}
