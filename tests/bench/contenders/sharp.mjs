// sharp with its native library, one thread; a JPEG's thumbnail by a second call on the source, shrunk while it loads.
import { requireRival, rivalVersion } from '../kit/paths.mjs';
import { photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

export async function open() {
  const sharp = requireRival('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  const scaled = (bytes, edge, options) =>
    sharp(bytes, options).autoOrient().resize(edge, edge, { fit: 'inside', withoutEnlargement: true });
  const onWhite = (bytes, edge) => scaled(bytes, edge).flatten({ background: '#fff' });   // changes nothing without alpha
  // A format that does not shrink while it loads is decoded once: the thumbnail is made from the photo's pixels.
  const fromPixels = async (bytes) => {
    const { data, info } = await onWhite(bytes, photo_edge).raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const raw = { raw: { width, height, channels } };
    const photo = await sharp(data, raw).jpeg({ quality: photo_quality }).toBuffer();
    const thumbnail = await scaled(data, thumbnail_edge, raw).jpeg({ quality: thumbnail_quality }).toBuffer();
    return { photo, thumbnail };
  };
  return {
    version: rivalVersion('sharp'),
    async run(bytes) {
      if (bytes[0] !== 0xff) return fromPixels(bytes);
      const photo = await onWhite(bytes, photo_edge).jpeg({ quality: photo_quality }).toBuffer();
      const thumbnail = await onWhite(bytes, thumbnail_edge).jpeg({ quality: thumbnail_quality }).toBuffer();
      return { photo, thumbnail };
    },
    resized: async (bytes) => new Uint8Array(await scaled(bytes, photo_edge, { ignoreIcc: true }).png({ compressionLevel: 1 }).toBuffer()),
  };
}
