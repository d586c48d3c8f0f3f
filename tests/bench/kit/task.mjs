// The one task that everybody is given: a photo and a thumbnail, upright, with all metadata removed.
export const photo_edge = 2048;
export const photo_quality = 82;
export const thumbnail_edge = 320;
export const thumbnail_quality = 75;

/** The size inside a square of `edge`, never enlarged. */
export function inside(width, height, edge) {
  const scale = Math.min(1, edge / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The task in the words of our own package. */
export const our_options = {
  maxEdge: photo_edge,
  quality: photo_quality,
  format: 'jpeg',
  thumbnail: { maxEdge: thumbnail_edge, format: 'jpeg', quality: thumbnail_quality },
  keepOriginal: 'never',
};
