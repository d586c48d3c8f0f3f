// sharp with its native library, one thread; the thumbnail by a second call on the source, shrunk while it loads.
import { requireRival, rivalVersion } from '../kit/paths.mjs';
import { photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

export async function open() {
  const sharp = requireRival('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  const scaled = (bytes, edge, options) =>
    sharp(bytes, options).autoOrient().resize(edge, edge, { fit: 'inside', withoutEnlargement: true });
  return {
    version: rivalVersion('sharp'),
    async run(bytes) {
      const photo = await scaled(bytes, photo_edge).jpeg({ quality: photo_quality }).toBuffer();
      const thumbnail = await scaled(bytes, thumbnail_edge).jpeg({ quality: thumbnail_quality }).toBuffer();
      return { photo, thumbnail };
    },
    resized: async (bytes) => new Uint8Array(await scaled(bytes, photo_edge, { ignoreIcc: true }).png({ compressionLevel: 1 }).toBuffer()),
  };
}
