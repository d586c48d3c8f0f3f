// One contender in a process of its own, so that its memory is its own. Runs one photo a message.
import { readFileSync, writeFileSync } from 'node:fs';

const { open } = await import(new URL(`../contenders/${process.argv[2]}.mjs`, import.meta.url));
const contender = await open();

/** Lets the kernel forget the highest resident size so far; only Linux can. */
function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak is then that of the whole life of the process.
  }
}

function peakBytes() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

async function run({ file, measure, keep, options }) {
  const bytes = new Uint8Array(readFileSync(file));
  if (measure === 'heap') return { heapBytes: await contender.heapBytes(bytes, options) };
  if (measure === 'resized') return { image: await contender.resized(bytes) };
  forgetPeak();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { photo, thumbnail, timings } = await contender.run(bytes, options);
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const result = { ms: elapsed, cpuMs: (user + system) / 1000, peakBytes: peakBytes(), timings };
  const [photoBytes, thumbnailBytes] = await Promise.all([photo, thumbnail].map(bytesOf));
  Object.assign(result, { photoBytes: photoBytes.length, thumbnailBytes: thumbnailBytes.length });
  return keep ? { ...result, image: photoBytes } : result;
}

const bytesOf = async (image) => (image instanceof Blob ? new Uint8Array(await image.arrayBuffer()) : Uint8Array.from(image ?? []));

process.on('message', async (request) => {
  try {
    process.send({ ok: true, ...(await run(request)) });
  } catch (error) {
    process.send({ ok: false, error: String(error?.stack ?? error) });
  }
});
process.send({ ok: true, version: contender.version, upright: contender.upright !== false });
