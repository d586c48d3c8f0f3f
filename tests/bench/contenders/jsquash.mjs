// jSquash: mozjpeg's decoder, a Lanczos3 resize, mozjpeg's encoder as the package sets it up. The thumbnail from the photo.
import { readFileSync } from 'node:fs';
import { importRival, rivalFile, rivalVersion } from '../kit/paths.mjs';
import { inside, photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

globalThis.ImageData ??= class {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};

const compiled = (name) => WebAssembly.compile(readFileSync(rivalFile(name)));

export async function open() {
  const { default: decode, init: initDecode } = await importRival('@jsquash/jpeg/decode.js');
  const { default: encode, init: initEncode } = await importRival('@jsquash/jpeg/encode.js');
  const { default: resize, initResize } = await importRival('@jsquash/resize/index.js');
  await initDecode(await compiled('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'));
  await initEncode(await compiled('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  await initResize(await compiled('@jsquash/resize/lib/resize/pkg/squoosh_resize_bg.wasm'));
  const scaled = (image, edge) => {
    const size = inside(image.width, image.height, edge);
    if (size.width === image.width && size.height === image.height) return image;
    return resize(image, { ...size, method: 'lanczos3', premultiply: false, linearRGB: false });
  };
  return {
    version: rivalVersion('@jsquash/jpeg'),
    async run(bytes) {
      const image = await scaled(await decode(bytes.buffer, { preserveOrientation: true }), photo_edge);
      const photo = await encode(image, { quality: photo_quality });
      const thumbnail = await encode(await scaled(image, thumbnail_edge), { quality: thumbnail_quality });
      return { photo: new Uint8Array(photo), thumbnail: new Uint8Array(thumbnail) };
    },
  };
}
