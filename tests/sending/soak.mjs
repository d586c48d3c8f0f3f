/**
 * Chores under random faults and kills, then a full comparison of what was asked, what Storage holds and what the tables
 * hold. `node soak.mjs` with N and SEED in the environment; the last line is the summary, the exit status the verdict.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../../web-demo/backend/node.mjs';
import { chance } from './kit/chance.mjs';
import { Expected, nextChore, settle, statesOf } from './kit/chores.mjs';
import { compare } from './kit/compare.mjs';
import { newPerson, truth } from './kit/people.mjs';
import { noFaults, randomFaults, startProxy } from './kit/proxy.mjs';
import { loadSender } from './kit/sender.mjs';
import { startTusServer } from './kit/tus_server.mjs';

const workerFile = fileURLToPath(new URL('./kit/worker.mjs', import.meta.url));
const killRate = 0.15;
const faultRate = 0.12;
const longestChoreMs = 300_000;

/** One person's line of chores, in a process that is killed now and then. */
class Line {
  constructor(backend, proxy, person, folder, random) {
    Object.assign(this, { backend, proxy, person, folder, random, kills: 0, kinds: {}, failures: [], slept: 0, worstSleptMs: 0 });
    this.expected = new Expected(person.id);
  }

  async start() {
    const { person, proxy, folder, random } = this;
    const child = fork(workerFile, [proxy.url, person.key, person.email, person.password, folder, String(random.between(0, 1e9))], {
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'], // supabase-js prints every failed refresh
    });
    this.child = child;
    this.listeners = new Set();
    this.gone = new Promise((resolve) => child.once('exit', resolve));
    child.on('error', () => {}); // a message to a process that has just died
    child.on('message', (message) => {
      for (const listener of this.listeners) listener(message);
    });
    const ready = await this.message('ready');
    return ready?.resumed ?? [];
  }

  /** The next message of a kind; null when the process ends first. */
  message(at) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No ${at} within ${longestChoreMs} ms`)), longestChoreMs);
      const end = (value) => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        resolve(value);
      };
      const listener = (message) => {
        if (message.slept !== undefined) this.slept = message.slept;
        if (message.at === at) end(message);
      };
      this.listeners.add(listener);
      void this.gone.then(() => end(null));
    });
  }

  async kill() {
    this.kills += 1;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  async run(number) {
    const { random, expected, backend } = this;
    const chore = nextChore(random, expected, number);
    this.kinds[chore.kind] = (this.kinds[chore.kind] ?? 0) + 1;
    // Killed after so many signs of life, or not at all.
    const most = ['remove', 'removeMedia', 'reorder'].includes(chore.kind) ? 1 : 2 + chore.count * 4;
    const killAfter = random.next() < killRate ? random.between(1, most) : Infinity;
    const before = this.slept;
    let ids = [];
    let kept = false;
    let signs = 0;
    let killed;
    const watch = (message) => {
      if (message.at === 'begun') ids = message.ids;
      if (message.at === 'kept') kept = true;
      if (['begun', 'kept', 'step'].includes(message.at)) signs += 1;
      if (signs >= killAfter && !killed) killed = this.kill();
    };
    this.listeners.add(watch);
    const done = this.message('done');
    this.child.send(chore);
    let outcome = await done;
    this.listeners.delete(watch);
    const wasDone = outcome !== null;
    if (!wasDone) {
      if (!killed) this.failures.push(`${chore.kind} ${chore.mark}: the process ended by itself`);
      await killed;
      const resumed = await this.start();
      // A killed process may have finished its entry just before; the outbox then has nothing, and the truth decides.
      outcome = resumed.find((each) => each.photos?.[0] && each.photos[0].id === ids[0]) ?? { photos: null };
      this.slept = 0;
    } else if (killed) {
      await killed; // it had said everything and was killed all the same
      await this.start();
      this.slept = 0;
    }
    this.worstSleptMs = Math.max(this.worstSleptMs, this.slept - Math.min(before, this.slept));
    if (outcome.error) this.failures.push(`${chore.kind} ${chore.mark}: ${outcome.error} ${outcome.detail ?? ''}`);
    const states = statesOf(chore, expected, ids);
    let promised = wasDone || kept;
    if (chore.kind === 'discard') {
      promised = wasDone && outcome.photos !== null;
      if (promised) states.after = [...states.before, ...outcome.photos.filter((photo) => photo.ok).map((photo) => photo.id)];
    } else {
      for (const photo of outcome.photos ?? []) if (!photo.ok) this.failures.push(`photo ${photo.id} of ${chore.mark}: ${photo.error} ${photo.detail ?? ''}`);
    }
    await settle(backend, expected, states, promised);
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}

/** A number from any text: two seeds that differ are two runs. */
export function seedOf(text) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number;
  return createHash('sha256').update(String(text)).digest().readUInt32BE(0);
}

/** @param {{ batches: number, seed: number | string, lines?: number, log?: (text: string) => void, database?: { database?: Blob } }} options database: of kit/installed.mjs, for short runs */
export async function soak({ batches, seed, lines: lineCount = 3, log = () => {}, database = {} }) {
  const random = chance(seedOf(seed));
  const started = performance.now();
  await loadSender();
  const backend = await startBackend(database);
  const tus = await startTusServer(backend);
  const proxy = await startProxy(tus.url, noFaults);
  const home = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'photo-core-soak-'));
  const lines = [];
  try {
    for (let index = 0; index < Math.min(lineCount, batches); index++) {
      const person = await newPerson(backend, { url: backend.url });
      const line = new Line(backend, proxy, person, path.join(home, String(index)), random.fork(index));
      await line.start();
      lines.push(line);
    }
    proxy.plan = randomFaults(random.fork(1000), faultRate);
    let next = 0;
    await Promise.all(
      lines.map(async (line) => {
        while (next < batches) {
          const number = next++;
          await line.run(number);
          if ((number + 1) % 100 === 0) log(`${number + 1} batches, ${proxy.requests} requests, ${Math.round((performance.now() - started) / 1000)} s`);
        }
      }),
    );
    proxy.plan = noFaults;
    // Every outbox is asked once more, on a good network, and must be empty then.
    for (const line of lines) {
      await line.stop();
      await line.start();
      await line.stop();
    }
    const left = (await Promise.all(lines.map((line) => readdir(line.folder, { recursive: true })))).flat().filter((name) => name.endsWith('entry.json'));
    const read = async (bucket, name) => (await backend.files.getObject(bucket, name)).body;
    const found = await compare(lines.map((line) => line.expected), await truth(backend), read);
    found.lost.push(...lines.flatMap((line) => line.failures));
    const kinds = {};
    for (const line of lines) for (const [kind, count] of Object.entries(line.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
    return {
      ...found,
      left: left.length,
      batches,
      kinds,
      faults: Object.values(proxy.counts).reduce((sum, count) => sum + count, 0),
      counts: proxy.counts,
      byRequest: proxy.byRequest,
      kills: lines.reduce((sum, line) => sum + line.kills, 0),
      requests: proxy.requests,
      worstWaitS: Math.round(Math.max(...lines.map((line) => line.worstSleptMs)) / 1000),
      seconds: Math.round((performance.now() - started) / 1000),
      ok: ![found.lost, found.doubled, found.orphans, found.wrongOrders].some((list) => list.length) && left.length === 0,
    };
  } finally {
    for (const line of lines) line.child?.kill('SIGKILL');
    await proxy.close();
    await tus.close();
    await backend.close();
    await rm(home, { recursive: true, force: true });
  }
}

export function summaryOf(seed, result) {
  const { batches, photos, requests, faults, kills, seconds, worstWaitS, left, lost, doubled, orphans, wrongOrders } = result;
  return (
    `soak ${result.ok ? 'ok' : 'FAILED'}: seed ${seed}, ${batches} batches, ${photos} photos, ${requests} requests, ${faults} faults, ${kills} kills, ` +
    `${seconds} s, longest wait ${worstWaitS} s of virtual time: ` +
    `${lost.length} lost, ${doubled.length} doubled, ${orphans.length} orphans, ${wrongOrders.length} wrong orders, ${left} left in outboxes`
  );
}

const listOf = (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`).join(', ');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const batches = Number(process.env.N || 1000);
  const seed = process.env.SEED || '1';
  try {
    if (!Number.isInteger(batches) || batches < 1) throw new Error(`N is ${process.env.N}, expected a whole number from 1`);
    const result = await soak({ batches, seed, log: (text) => console.log(text) });
    console.log(`batches: ${listOf(result.kinds)}`);
    console.log(`faults: ${listOf(result.counts)}`);
    for (const [kind, { requests, faults }] of Object.entries(result.byRequest).sort()) console.log(`  ${kind}: ${requests} requests; ${listOf(faults) || 'no fault'}`);
    for (const kind of ['lost', 'doubled', 'orphans', 'wrongOrders']) {
      for (const each of result[kind].slice(0, 20)) console.log(`${kind}: ${each}`);
    }
    console.log(summaryOf(seed, result));
    process.exitCode = result.ok ? 0 : 1;
  } catch (error) {
    console.error(error);
    console.log(`soak FAILED: seed ${seed}, ${batches} batches: ${error.message.split('\n')[0]}`);
    process.exitCode = 1;
  }
}
