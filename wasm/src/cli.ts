/** The command line: the package itself, in Node. One JSON object a line on standard output, in input order. */
import { constants, readFileSync, unlinkSync } from 'node:fs';
import { open, readFile, stat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { invalidOption } from './caller_error.js';
import { openCore, type PhotoCore } from './core.js';
import { isPhotoError, PhotoError } from './error.js';
import { highestLimits } from './limits.js';
import { makeFolder } from './make_folder.js';
import { snakeCase } from './rows.js';
import type { PayloadTable } from './raw.js';
import type { PreparedPhoto } from './types.js';
import { help, parseCommand, UsageError, type Command } from './cli_usage.js';

const exit = { accepted: 0, rejected: 1, usage: 2 } as const;

/** Writes one line and waits while the reader is slow. */
async function printText(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) {
    await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

const print = (value: object): Promise<void> => printText(JSON.stringify(value));

const errorLine = ({ code, message, limit, actual }: PhotoError): object => ({ code, message, limit, actual });

/** A file that is read when its turn comes. */
async function source(file: string): Promise<{ name: string; size: number; data: () => Promise<Uint8Array<ArrayBuffer>> }> {
  const unreadable = (error: unknown): PhotoError =>
    invalidOption(file, 'a readable file', (error as NodeJS.ErrnoException).code ?? String(error));
  let size = 1;
  let failure: PhotoError | undefined;
  try {
    const facts = await stat(file);
    if (facts.isFile()) ({ size } = facts);
    else if (facts.isDirectory()) failure = unreadable({ code: 'a folder' });
  } catch (error) {
    failure = unreadable(error);
  }
  return {
    name: path.basename(file),
    size,
    async data() {
      if (failure) throw failure;
      return readFile(file).then(
        (bytes) => new Uint8Array(bytes),
        (error: unknown) => {
          throw unreadable(error);
        },
      );
    },
  };
}

const extensions = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' } as const;

/** Files that are not whole yet: whatever ends the process takes them with it. */
const unfinished = new Set<string>();

function removeUnfinished(): void {
  for (const file of unfinished) {
    try {
      unlinkSync(file);
    } catch {
      // Gone already, or another's to care for.
    }
  }
}

process.on('exit', removeUnfinished);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    removeUnfinished();
    process.kill(process.pid, signal);
  });
}

/** A new file; null when the name is taken. */
async function create(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
}

/** Bytes of a file's name, as nearly every file system bounds it. */
const max_name_bytes = 255;

/** As many of the characters as fit. */
function shortened(stem: string, bytes: number): string {
  let text = '';
  for (const character of stem) {
    if (Buffer.byteLength(text + character) > bytes) break;
    text += character;
  }
  return text;
}

/** Writes photo and thumbnail under the first free number of the stem, both under the same one. */
async function store(folder: string, file: string, made: PreparedPhoto): Promise<string[]> {
  const stem = path.parse(file).name;
  const images = [
    { blob: made.photo, suffix: '' },
    ...made.thumbnails.map(({ blob }, index) => ({ blob, suffix: index ? `.thumb${index + 1}` : '.thumb' })),
  ];
  for (let number = 1; ; number++) {
    const endings = images.map(({ blob, suffix }) => {
      const extension = extensions[blob.type as keyof typeof extensions];
      return `${number > 1 ? `-${number}` : ''}${suffix}.${extension}`;
    });
    // A name that is right for the source can be too long with the ending of its thumbnail.
    const room = max_name_bytes - Math.max(...endings.map((ending) => ending.length));
    const names = endings.map((ending) => path.join(folder, shortened(stem, room) + ending));
    const files: { name: string; handle: FileHandle }[] = [];
    let whole = false;
    try {
      for (const name of names) {
        const handle = await create(name);
        if (!handle) break;
        unfinished.add(name);
        files.push({ name, handle });
      }
      if (files.length === names.length) {
        for (const [index, { handle }] of files.entries()) {
          await handle.writeFile(new Uint8Array(await images[index]!.blob.arrayBuffer()));
        }
        whole = true;
        return names;
      }
    } finally {
      for (const { name, handle } of files) {
        await handle.close();
        if (!whole) await unlink(name);
        unfinished.delete(name);
      }
    }
  }
}

/** A folder that cannot be written to ends as an error of its photo. */
function storeFailure(error: unknown): PhotoError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new PhotoError('storage_full', `The output cannot be written: ${message}`)
    : new PhotoError('invalid_option', `Expected a folder to write to for --out but received ${code || message}.`, { option: '--out' });
}

async function digest(blob: Blob): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Buffer.from(hash).toString('hex');
}

async function photoLine(files: readonly string[], file: string, photo: PreparedPhoto, paths: string[] | null): Promise<object> {
  const thumbnail = photo.thumbnails[0];
  const { bytes, ...facts } = photo.source;
  const image = (blob: Blob, width: number, height: number, sha256: string, at: number): object => ({
    mime_type: blob.type,
    width,
    height,
    file_size_bytes: blob.size,
    sha256,
    path: paths?.[at],
  });
  return {
    file,
    ok: true,
    photo: image(photo.photo, photo.width, photo.height, photo.photoSha256, 0),
    thumbnail: thumbnail && image(thumbnail.blob, thumbnail.width, thumbnail.height, await digest(thumbnail.blob), 1),
    source: { ...snakeCase(facts), file_size_bytes: bytes },
    capture: snakeCase(photo.capture),
    sha256: photo.sha256,
    dhash: photo.dhash,
    thumbhash: photo.thumbhash,
    passed_through: photo.passedThrough,
    warnings: photo.warnings,
    duplicate_of: photo.duplicateOf && { ...snakeCase(photo.duplicateOf), file: files[photo.duplicateOf.index] },
    timings: photo.timings,
  };
}

async function prepare(core: PhotoCore, command: Command & { name: 'prepare' }): Promise<number> {
  const { out, files, options } = command;
  if (out !== undefined) {
    await makeFolder(out).catch((error: Error) => {
      throw new UsageError(`--out: the folder cannot be made: ${error.message}`);
    });
  }
  let result: number = exit.accepted;
  for await (const one of core.prepareAll(await Promise.all(files.map(source)), { ...options, transfer: true })) {
    const file = files[one.index]!;
    let line: object | undefined;
    let error = one.ok ? undefined : one.error;
    if (one.ok) {
      try {
        line = await photoLine(files, file, one.photo, out === undefined ? null : await store(out, file, one.photo));
      } catch (cause) {
        error = storeFailure(cause);
      }
    }
    if (error) result = exit.rejected;
    await print(line ?? { file, ok: false, error: errorLine(error!) });
  }
  return result;
}

async function probe(core: PhotoCore, files: readonly string[]): Promise<number> {
  let result: number = exit.accepted;
  for (const file of files) {
    try {
      const { bytes, capture, heapBytes, ...facts } = await core.probe(await source(file));
      await print({
        file,
        ok: true,
        ...snakeCase(facts),
        file_size_bytes: bytes,
        heap_bytes: heapBytes,
        capture: snakeCase(capture),
      });
    } catch (error) {
      if (!isPhotoError(error)) throw error;
      result = exit.rejected;
      await print({ file, ok: false, error: errorLine(error) });
    }
  }
  return result;
}

/** JSON text from bytes; what is not UTF-8 keeps a mark that no JSON parser takes. */
function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '\u{fffd}';
  }
}

/** Lines as bytes, ended by a line feed or the end; what is no UTF-8 then concerns its own line alone. */
async function* lines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; from = end + 1, end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, end)]);
      parts = [];
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length) yield Buffer.concat(parts);
}

async function* documents(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) {
    if (file !== '-') {
      let bytes: Uint8Array;
      try {
        bytes = await readFile(file);
      } catch (error) {
        throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
      }
      yield text(bytes);
      continue;
    }
    for await (const line of lines(process.stdin)) yield text(line);
  }
}

async function check(core: PhotoCore, table: PayloadTable, files: readonly string[]): Promise<number> {
  let result: number = exit.accepted;
  for await (const json of documents(files)) {
    let line: string;
    try {
      // As the core wrote it: through JavaScript a number of many digits would become another.
      line = await core.checkPayloadText(table, json);
    } catch (error) {
      if (!isPhotoError(error)) throw error;
      line = JSON.stringify({ ok: false, issues: [{ path: '', code: error.code, message: error.message }] });
    }
    if (!line.startsWith('{"ok":true')) result = exit.rejected;
    await printText(line);
  }
  return result;
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', String(import.meta.url)), 'utf8')) as { version: string }).version;

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  if (command.name === 'help' || command.name === 'version') {
    process.stdout.write(command.name === 'help' ? help : `${version()}\n`);
    return exit.accepted;
  }
  // One call counts as one project, but the person at the command line may mean several.
  const core =
    command.name === 'prepare'
      ? await openCore(
          { limits: { max_photos_per_project: command.maxPhotos } },
          { ...highestLimits, max_photos_per_project: Number.MAX_SAFE_INTEGER },
        )
      : await openCore({ workers: 0 });
  try {
    switch (command.name) {
      case 'prepare':
        return await prepare(core, command);
      case 'probe':
        return await probe(core, command.files);
      case 'check':
        return await check(core, command.table, command.files);
    }
  } finally {
    core.close();
  }
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exit.accepted);
  process.stderr.write(`photo-core: the output cannot be written: ${error.message}\n`);
  process.exit(exit.rejected);
});

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError || (isPhotoError(error) && error.code === 'invalid_option');
  process.stderr.write(`photo-core: ${error instanceof Error ? error.message : String(error)}\n`);
  // What an old Node lacks says little to whoever typed a command.
  if (isPhotoError(error) && error.code === 'unsupported_environment') {
    process.stderr.write(`Node 20.16 or newer is needed; this is ${process.versions.node}.\n`);
  }
  if (usage) process.stderr.write(`photo-core --help tells how it is called.\n`);
  process.exitCode = usage ? exit.usage : exit.rejected;
}
