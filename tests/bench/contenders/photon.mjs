// photon, Lanczos3. It does not turn photos upright.
import { requireRival, rivalVersion } from '../kit/paths.mjs';
import { inside, photo_edge, photo_quality, thumbnail_edge, thumbnail_quality } from '../kit/task.mjs';

export async function open() {
  const photon = requireRival('@silvia-odwyer/photon-node');
  const scaled = (image, edge) => {
    const { width, height } = inside(image.get_width(), image.get_height(), edge);
    return photon.resize(image, width, height, photon.SamplingFilter.Lanczos3);
  };
  return {
    version: rivalVersion('@silvia-odwyer/photon-node'),
    upright: false,
    async run(bytes) {
      const source = photon.PhotonImage.new_from_byteslice(bytes);
      const image = scaled(source, photo_edge);
      source.free();
      const small = scaled(image, thumbnail_edge);
      const photo = image.get_bytes_jpeg(photo_quality);
      const thumbnail = small.get_bytes_jpeg(thumbnail_quality);
      image.free();
      small.free();
      return { photo, thumbnail };
    },
  };
}
