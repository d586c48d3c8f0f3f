// How far an output is from the best that can be made: a full decode, then Lanczos3 in double precision, not rounded.
// The decode is sharp's (libjpeg-turbo); the filter is our own, because sharp's has errors of its own that are to be seen.
import { readFileSync } from 'node:fs';
import { requireRival } from './paths.mjs';

/** Decodes fully, turned upright (or as stored), on white, to RGB: in sRGB, or in the colours as they are stored. */
async function decode(sharp, bytes, { upright = false, storedColours = false }) {
  const image = sharp(bytes, { ignoreIcc: storedColours });
  const rgb = (upright ? image.autoOrient() : image).flatten({ background: '#fff' }).toColourspace('srgb');
  const { data, info } = await rgb.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function lanczos3(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const angle = Math.PI * x;
  return (3 * Math.sin(angle) * Math.sin(angle / 3)) / (angle * angle);
}

/** For each target sample the first source sample and the weights; cut at the edges and raised to the whole. */
function windows(size, to) {
  const ratio = size / to;
  return Array.from({ length: to }, (_, target) => {
    const centre = (target + 0.5) * ratio;
    const first = Math.max(0, Math.floor(centre - 3 * ratio));
    const end = Math.min(size, Math.ceil(centre + 3 * ratio));
    const weights = Array.from({ length: end - first }, (_, n) => lanczos3((first + n + 0.5 - centre) / ratio));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Interleaved RGB to another size; values stay fractions, limited to what samples can be. */
function shrink({ data, width, height }, toWidth, toHeight) {
  if (width === toWidth && height === toHeight) return data;
  const across = windows(width, toWidth);
  const out = new Float32Array(toWidth * toHeight * 3);
  const row = new Float64Array(width * 3);
  windows(height, toHeight).forEach(({ first, weights }, y) => {
    row.fill(0);
    weights.forEach((weight, n) => {
      const start = (first + n) * width * 3;
      for (let i = 0; i < row.length; i++) row[i] += weight * data[start + i];
    });
    let to = y * toWidth * 3;
    for (const window of across) {
      let red = 0, green = 0, blue = 0, from = window.first * 3;
      for (const weight of window.weights) {
        red += weight * row[from++];
        green += weight * row[from++];
        blue += weight * row[from++];
      }
      for (const value of [red, green, blue]) out[to++] = Math.min(255, Math.max(0, value));
    }
  });
  return out;
}

/** Peak signal-to-noise ratio over all samples, in dB. */
function psnr(a, b) {
  if (a.length !== b.length) throw new Error(`${a.length} samples against ${b.length}`);
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] - b[n]) ** 2;
  return sum ? 10 * Math.log10((255 * 255 * a.length) / sum) : Infinity;
}

/**
 * Judges the outputs of one photo; the reference of each size is made once. `upright`: the output is turned;
 * `storedColours`: nobody converted a profile, so that only the scaling is compared.
 */
export function judgeOf(file) {
  const sharp = requireRival('sharp');
  sharp.concurrency(1);
  const source = readFileSync(file);
  const references = new Map();
  const reference = async (width, height, as) => {
    const key = `${width}x${height}${as.upright}${as.storedColours}`;
    if (!references.has(key)) references.set(key, shrink(await decode(sharp, source, as), width, height));
    return references.get(key);
  };
  return async (image, { upright = true, storedColours = false } = {}) => {
    const { data, width, height } = await decode(sharp, Buffer.from(image), { storedColours });
    return { width, height, db: psnr(data, await reference(width, height, { upright, storedColours })) };
  };
}
