// The app of every bundler: one real photo, prepared under the strict policy, and a batch.
import { createPhotoCore, isPhotoError, thumbHashToPixels } from '@photomemory/photo-core';

async function run() {
  const response = await fetch(new URL('/photo.jpg', location.href));
  const file = new File([await response.blob()], 'photo.jpg', { type: 'image/jpeg' });
  const core = await createPhotoCore();
  const photo = await core.prepare(file);
  const batch = [];
  for await (const result of core.prepareAll([file, new File(['no photo'], 'notes.txt')], { maxEdge: 300 })) {
    batch.push(result.ok ? 'ok' : result.error.code);
  }
  const row = await core.photoPayload(photo, {
    projectId: '0b8f1a52-6f0c-4a56-9d0c-0a4b0c9a1c11',
    fileUrl: '4c0e4a9e-1f59-4a55-8d5a-5f2d7d3c9a10/0b8f1a52-6f0c-4a56-9d0c-0a4b0c9a1c11/a.jpg',
  });
  const placeholder = await thumbHashToPixels(photo.thumbhash);
  const bitmap = await createImageBitmap(photo.photo);
  core.close();
  return {
    width: bitmap.width,
    height: bitmap.height,
    type: photo.photo.type,
    thumbnail: photo.thumbnail.type,
    sha256: photo.sha256,
    mime: row.mime_type,
    placeholder: placeholder.pixels.length === placeholder.width * placeholder.height * 4,
    batch,
  };
}

export function start() {
  run()
    .catch((error) => ({ error: isPhotoError(error) ? JSON.stringify(error) : String(error) }))
    .then((result) => {
      document.documentElement.dataset.result = JSON.stringify(result);
    });
}
