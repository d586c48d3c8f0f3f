// How far an output is from the best that can be made: a full decode, then Lanczos3 in the same light, by sharp.
import { readFileSync } from 'node:fs';
import { requireRival } from './paths.mjs';

const raw = { resolveWithObject: true };

/** Decodes fully, turned upright (or as stored), to RGB. */
async function decode(sharp, bytes, upright) {
  const image = sharp(bytes);
  const { data, info } = await (upright ? image.autoOrient() : image).removeAlpha().toColourspace('srgb').raw().toBuffer(raw);
  return { data, width: info.width, height: info.height };
}

/** Peak signal-to-noise ratio over all samples, in dB. */
function psnr(a, b) {
  if (a.length !== b.length) throw new Error(`${a.length} samples against ${b.length}`);
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] - b[n]) ** 2;
  return sum ? 10 * Math.log10((255 * 255 * a.length) / sum) : Infinity;
}

/** Judges the outputs of one photo; the reference of each size is made once. */
export function judgeOf(file) {
  const sharp = requireRival('sharp');
  sharp.concurrency(1);
  const source = readFileSync(file);
  const references = new Map();
  const reference = async (width, height, upright) => {
    const key = `${width}x${height}${upright}`;
    if (!references.has(key)) {
      const { data, ...size } = await decode(sharp, source, upright);
      const whole = sharp(data, { raw: { ...size, channels: 3 } });
      if (size.width !== width || size.height !== height) whole.resize(width, height, { kernel: 'lanczos3', fit: 'fill' });
      references.set(key, await whole.raw().toBuffer());
    }
    return references.get(key);
  };
  return async (image, upright = true) => {
    const { data, width, height } = await decode(sharp, Buffer.from(image), false);
    return { width, height, db: psnr(data, await reference(width, height, upright)) };
  };
}
