// wasm-vips, one thread, with the settings that sharp gives its own libvips.
import { importRival, rivalVersion } from '../kit/paths.mjs';
import { photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

export async function open() {
  const { default: Vips } = await importRival('wasm-vips/lib/vips-node.mjs');
  const vips = await Vips({ dynamicLibraries: [] });
  vips.concurrency(1);
  vips.Cache.max(0);
  const make = (bytes, edge, Q) => {
    const image = vips.Image.thumbnailBuffer(bytes, edge, { height: edge, size: 'down' });
    try {
      return image.writeToBuffer('.jpg', { Q, keep: 'none', optimize_coding: true });
    } finally {
      image.delete();
    }
  };
  return {
    version: rivalVersion('wasm-vips'),
    async run(bytes) {
      return { photo: make(bytes, photo_edge, photo_quality), thumbnail: make(bytes, thumbnail_edge, thumbnail_quality) };
    },
  };
}
