// wasm-vips, one thread, with the settings that sharp gives its own libvips, and as there decoded once.
import { importRival, rivalVersion } from '../kit/paths.mjs';
import { photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

export async function open() {
  const { default: Vips } = await importRival('wasm-vips/lib/vips-node.mjs');
  const vips = await Vips({ dynamicLibraries: [] });
  vips.concurrency(1);
  vips.Cache.max(0);
  const write = (image, Q) => image.writeToBuffer('.jpg', { Q, keep: 'none', optimize_coding: true, background: [255, 255, 255] });
  const shrunk = (bytes, edge) => vips.Image.thumbnailBuffer(bytes, edge, { height: edge, size: 'down' });
  /** Uses an image, and frees it. */
  const using = (image, use) => {
    try {
      return use(image);
    } finally {
      image.delete();
    }
  };
  const fromPixels = (image) => ({
    photo: write(image, photo_quality),
    thumbnail: using(image.thumbnailImage(thumbnail_edge, { height: thumbnail_edge, size: 'down' }), (small) => write(small, thumbnail_quality)),
  });
  return {
    version: rivalVersion('wasm-vips'),
    async run(bytes) {
      return using(shrunk(bytes, photo_edge), (image) => using(image.copyMemory(), fromPixels));
    },
  };
}
