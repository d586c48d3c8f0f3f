/**
 * Batches under random faults and kills, then a full comparison of what was asked, what Storage holds and what the tables
 * hold. `node soak.mjs` with N (or BATCHES) and SEED in the environment; the last line is the summary, the exit status the verdict.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../../web-demo/backend/node.mjs';
import { chance } from './kit/chance.mjs';
import { newPerson, truth } from './kit/people.mjs';
import { noFaults, randomFaults, startProxy } from './kit/proxy.mjs';
import { loadSender } from './kit/sender.mjs';

const workerFile = fileURLToPath(new URL('./kit/worker.mjs', import.meta.url));
const killRate = 0.15;
const faultRate = 0.12;
const longestBatchMs = 120_000;

/** One person's line of batches, in a process that is killed now and then. */
class Line {
  constructor(backend, proxy, person, folder, random) {
    Object.assign(this, { backend, proxy, person, folder, random, kills: 0, asked: [], slept: 0, worstSleptMs: 0 });
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
    return ready.resumed ?? [];
  }

  /** The next message of a kind; null when the process ends first. */
  message(at) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No ${at} within ${longestBatchMs} ms`)), longestBatchMs);
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
    const { random } = this;
    const earlier = this.asked.filter((batch) => batch.kept && !batch.appendTo && batch.total <= 14);
    const appendTo = earlier.length && random.next() < 0.2 ? random.pick(earlier) : null;
    const batch = {
      mark: `batch-${number}`,
      count: random.between(1, appendTo ? 4 : 6),
      bytes: random.pick([300, 3_000, 70_000]),
      thumbnail: random.next() < 0.8,
      ...(appendTo ? { appendTo: appendTo.projectId } : { projectId: this.uuid() }),
    };
    // Killed after so many signs of life, or not at all.
    const killAfter = random.next() < killRate ? random.between(1, 2 + batch.count * 4) : Infinity;
    const record = { ...batch, projectId: batch.projectId ?? batch.appendTo, kept: false, total: batch.count };
    this.asked.push(record);
    const before = this.slept;
    let signs = 0;
    let killed;
    const watch = (message) => {
      if (message.at === 'begun') record.ids = message.ids;
      if (message.at === 'kept') record.kept = true;
      if (message.at === 'kept' || message.at === 'step' || message.at === 'begun') signs += 1;
      if (signs >= killAfter && !killed) killed = this.kill();
    };
    this.listeners.add(watch);
    const done = this.message('done');
    this.child.send({ do: 'send', batch });
    let outcome = await done;
    this.listeners.delete(watch);
    if (outcome) record.kept = true;
    while (!outcome) {
      await killed;
      const resumed = await this.start();
      // A killed process may have finished its entry just before; the outbox then has nothing, and the truth decides.
      outcome = resumed.find((each) => each.photos?.[0]?.id === record.ids?.[0]) ?? { photos: null, lateKill: true };
      this.slept = 0;
    }
    this.worstSleptMs = Math.max(this.worstSleptMs, this.slept - Math.min(before, this.slept));
    record.outcome = outcome;
    if (killed && this.child.killed) {
      await killed; // it had said everything and was killed all the same
      if (this.child.exitCode !== null || this.child.signalCode !== null) await this.start();
    }
    if (appendTo && record.kept) appendTo.total += batch.count;
  }

  uuid() {
    const hex = Array.from({ length: 32 }, () => this.random.between(0, 15).toString(16));
    hex[12] = '7';
    hex[16] = '8';
    return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}

/** What was asked against what is there. A batch counts from the moment in which the outbox had it. */
export function compare(lines, { objects, photos, projects }) {
  const found = { lost: [], doubled: [], orphans: [], wrongOrders: [], given_up: 0, photos: 0 };
  const rowsById = new Map();
  for (const row of photos) {
    if (rowsById.has(row.id)) found.doubled.push(`row ${row.id}`);
    rowsById.set(row.id, row);
  }
  const wanted = new Map(); // project → ids in order
  const begun = new Set();
  for (const line of lines) {
    for (const record of line.asked) {
      const outcome = record.outcome?.photos;
      if (record.outcome?.error) found.lost.push(`batch ${record.mark}: ${record.outcome.error} ${record.outcome.detail ?? ''}`);
      const ids = record.ids ?? [];
      for (const [index, id] of ids.entries()) {
        begun.add(id);
        if (!record.kept && !rowsById.has(id)) continue; // killed before anything was promised
        const refused = outcome?.[index] && !outcome[index].ok;
        if (refused) {
          found.given_up += 1;
          found.lost.push(`photo ${id} of ${record.mark}: ${outcome[index].error} ${outcome[index].detail ?? ''}`);
          continue;
        }
        if (!rowsById.has(id)) {
          found.lost.push(`row ${id} of ${record.mark}`);
          continue;
        }
        found.photos += 1;
        wanted.set(record.projectId, [...(wanted.get(record.projectId) ?? []), id]);
      }
    }
  }
  const held = new Map();
  for (const row of photos) held.set(row.project_id, [...(held.get(row.project_id) ?? []), row]);
  for (const [project, ids] of wanted) {
    const rows = [...(held.get(project) ?? [])].sort((a, b) => a.upload_order - b.upload_order);
    if (rows.map((row) => row.id).join() !== ids.join()) found.wrongOrders.push(project);
    if (projects.find((each) => each.id === project)?.photo_count !== rows.length) found.wrongOrders.push(`count of ${project}`);
  }
  const named = new Map();
  for (const row of photos) {
    if (!begun.has(row.id)) found.doubled.push(`row ${row.id} that nobody asked for`);
    for (const [file, bytes] of [[row.file_url, Number(row.file_size_bytes)], [row.thumbnail_url, null]]) {
      if (!file) continue;
      const key = `photos/${file}`;
      if (named.has(key)) found.doubled.push(key);
      named.set(key, row.id);
      if (!objects.has(key)) found.lost.push(`object ${key}`);
      else if (bytes !== null && objects.get(key) !== bytes) found.lost.push(`bytes of ${key}: ${objects.get(key)} for ${bytes}`);
    }
  }
  for (const key of objects.keys()) if (!named.has(key)) found.orphans.push(key);
  return found;
}

/** @param {{ batches: number, seed: number, lines?: number, log?: (text: string) => void }} options */
export async function soak({ batches, seed, lines: lineCount = 3, log = () => {} }) {
  const random = chance(seed);
  const started = performance.now();
  await loadSender();
  const backend = await startBackend();
  const proxy = await startProxy(backend.url, noFaults);
  const home = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'photo-core-soak-'));
  const lines = [];
  try {
    for (let index = 0; index < lineCount; index++) {
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
    const found = compare(lines, await truth(backend));
    const faults = Object.values(proxy.counts).reduce((sum, count) => sum + count, 0);
    return {
      ...found,
      left: left.length,
      batches,
      faults,
      counts: proxy.counts,
      kills: lines.reduce((sum, line) => sum + line.kills, 0),
      requests: proxy.requests,
      worstWaitS: Math.round(Math.max(...lines.map((line) => line.worstSleptMs)) / 1000),
      seconds: Math.round((performance.now() - started) / 1000),
      ok: ![found.lost, found.doubled, found.orphans, found.wrongOrders].some((list) => list.length) && left.length === 0,
    };
  } finally {
    for (const line of lines) line.child?.kill('SIGKILL');
    await proxy.close();
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const batches = Number(process.env.N || process.env.BATCHES || 1000);
  const seed = Number(process.env.SEED || 1);
  const result = await soak({ batches, seed, log: (text) => console.log(text) });
  console.log(Object.entries(result.counts).map(([kind, count]) => `${kind} ${count}`).join(', '));
  for (const kind of ['lost', 'doubled', 'orphans', 'wrongOrders']) {
    for (const each of result[kind].slice(0, 20)) console.log(`${kind}: ${each}`);
  }
  console.log(summaryOf(seed, result));
  process.exitCode = result.ok ? 0 : 1;
}
