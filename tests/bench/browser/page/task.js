// The canvas pipeline, as pages write it today; used by the canvas worker and, for its parts, by the page.
export const photoEdge = 2048;
export const thumbnailEdge = 320;
export const photoQuality = 0.82;
export const thumbnailQuality = 0.75;

export function inside({ width, height }, edge) {
  const scale = Math.min(1, edge / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function drawn(picture, edge) {
  const canvas = new OffscreenCanvas(...inside(picture, edge));
  const context = canvas.getContext('2d', { alpha: false });
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A photo and, from its canvas, the thumbnail. */
export async function withCanvas(file) {
  const picture = await createImageBitmap(file);
  const canvas = drawn(picture, photoEdge);
  picture.close();
  const photo = await canvas.convertToBlob({ type: 'image/jpeg', quality: photoQuality });
  const thumbnail = await drawn(canvas, thumbnailEdge).convertToBlob({ type: 'image/jpeg', quality: thumbnailQuality });
  return { photo, thumbnail };
}
