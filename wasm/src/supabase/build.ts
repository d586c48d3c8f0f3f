import type { PreparedPhoto } from '../types.js';
import { errorOf, recordOf, remoteError } from './fault.js';
import { objectPaths } from './ids.js';
import type { PayloadSource } from './options.js';
import type { OutboxEntry, OutboxFile, OutboxItem } from './outbox.js';
import type { Row } from './service.js';

/** What an entry is made of, before it has an id and an owner's mark. */
export interface Built {
  readonly kind: OutboxEntry['kind'];
  readonly table: OutboxEntry['table'];
  readonly projectId: string | null;
  readonly projectRow: Row | null;
  readonly items: OutboxItem[];
  readonly files: Map<string, Blob>;
  readonly removes?: OutboxEntry['removes'];
}

function filesOf(photo: PreparedPhoto, bucket: string, folder: string, id: string, withThumbnail: boolean) {
  const thumbnail = withThumbnail ? photo.thumbnail : null;
  const paths = objectPaths(folder, id, photo.mimeType, thumbnail?.type ?? null);
  const files: OutboxFile[] = [{ role: 'photo', bucket, path: paths.file, type: photo.mimeType, bytes: photo.photo.size, stored: false }];
  const blobs = new Map([[paths.file, photo.photo]]);
  if (thumbnail && paths.thumbnail) {
    files.push({ role: 'thumbnail', bucket, path: paths.thumbnail, type: thumbnail.type, bytes: thumbnail.size, stored: false });
    blobs.set(paths.thumbnail, thumbnail);
  }
  return { files, blobs, paths };
}

/** Sizes alone, for a progress that can be shown before the entry is built. */
export function draftEntry(photos: readonly PreparedPhoto[], ids: readonly string[]): OutboxEntry {
  const items = photos.map((photo, index): OutboxItem => {
    const { files } = filesOf(photo, '', '', ids[index] ?? '', true);
    return { id: ids[index] ?? '', index, name: '', row: {}, files, state: 'waiting' };
  });
  return { items } as unknown as OutboxEntry;
}

/** All rows of one insert have the same columns: PostgREST would fill a missing one with NULL, past its default. */
function sameColumns(rows: readonly Row[], defaults: Row): Row[] {
  const columns = new Set(rows.flatMap((row) => Object.keys(row)));
  return rows.map((row) => Object.fromEntries([...columns].map((name) => [name, row[name] ?? defaults[name] ?? null])));
}

/** Builds each item; one whose row is refused here has its error and sends nothing. */
async function buildItems(
  photos: readonly PreparedPhoto[],
  ids: readonly string[],
  bucket: string,
  folder: string,
  rowOf: (photo: PreparedPhoto, id: string, paths: { file: string; thumbnail: string | null }) => Promise<Row>,
): Promise<{ items: OutboxItem[]; files: Map<string, Blob> }> {
  const files = new Map<string, Blob>();
  const items: OutboxItem[] = [];
  for (const [index, photo] of photos.entries()) {
    const id = ids[index] ?? '';
    const made = filesOf(photo, bucket, folder, id, true);
    const item = { id, index, name: photo.source?.name ?? '' };
    try {
      items.push({ ...item, row: await rowOf(photo, id, made.paths), files: made.files, state: 'waiting' });
      for (const [path, blob] of made.blobs) files.set(path, blob);
    } catch (error) {
      items.push({ ...item, row: {}, files: [], state: 'cleaned', error: recordOf(errorOf(error)) });
    }
  }
  const accepted = items.filter((item) => item.state === 'waiting');
  const rows = sameColumns(accepted.map((item) => item.row), { metadata: {} });
  return {
    files,
    items: items.map((item) => (item.state === 'waiting' ? { ...item, row: rows[accepted.indexOf(item)] ?? item.row } : item)),
  };
}

/** Photos of a project; with a draft, of a new one. Order is the order of the rows in the statement: the database appends. */
export async function buildPhotos(
  core: PayloadSource,
  { owner, projectId, draft, photos, ids }: {
    owner: string; projectId: string; draft: Row | null; photos: readonly PreparedPhoto[]; ids: readonly string[];
  },
): Promise<Built> {
  const projectRow = draft && { ...(await core.projectPayload(draft)), id: projectId, user_id: owner };
  const built = await buildItems(photos, ids, 'photos', `${owner}/${projectId}`, async (photo, id, paths) => ({
    ...(await core.photoPayload(photo, { projectId, fileUrl: paths.file, thumbnailUrl: paths.thumbnail, id })),
    id,
    project_id: projectId,
  }));
  return { kind: 'photos', table: 'photos', projectId, projectRow, ...built };
}

export async function buildMedia(
  core: PayloadSource,
  { owner, photos, ids }: { owner: string; photos: readonly PreparedPhoto[]; ids: readonly string[] },
): Promise<Built> {
  const built = await buildItems(photos, ids, 'media', owner, async (photo, id, paths) => ({
    ...(await core.mediaItemPayload(photo, { userId: owner, fileUrl: paths.file, thumbnailUrl: paths.thumbnail, id })),
    id,
    user_id: owner,
  }));
  return { kind: 'media', table: 'media_items', projectId: null, projectRow: null, ...built };
}

/** The avatar is one object of at most 2 MiB: the thumbnail when the photo is larger. */
export function buildAvatar({ owner, photo, id }: { owner: string; photo: PreparedPhoto; id: string }): Built {
  const largest = 2 * 1024 * 1024;
  const small = photo.photo.size > largest ? photo.thumbnail : null;
  if (photo.photo.size > largest && (!small || small.size > largest)) {
    throw remoteError('output_too_large', { limit: largest, actual: photo.photo.size });
  }
  const chosen = small ? { ...photo, photo: small, mimeType: small.type as PreparedPhoto['mimeType'] } : photo;
  const { files, blobs, paths } = filesOf(chosen, 'avatars', owner, id, false);
  const name = photo.source?.name ?? '';
  return {
    kind: 'avatar',
    table: 'users',
    projectId: null,
    projectRow: null,
    items: [{ id, index: 0, name, row: { avatar_url: paths.file }, files, state: 'waiting' }],
    files: blobs,
  };
}
