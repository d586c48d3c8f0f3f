/** What was asked against what is there. */
import { createHash } from 'node:crypto';

/**
 * @param expected what each person must have (`Expected` of chores.mjs)
 * @param truth what tables and Storage hold (people.mjs)
 * @param read bytes of a stored object by its path, to be held against the hash in its row; null without
 */
export async function compare(expected, { objects, photos, projects, media, users }, read = null) {
  const found = { lost: [], doubled: [], orphans: [], wrongOrders: [], photos: 0 };
  const wanted = new Map(expected.flatMap((person) => [...person.projects]));
  const wantedMedia = new Set(expected.flatMap((person) => person.media));
  const seen = new Set();
  for (const row of [...photos, ...media]) {
    if (seen.has(row.id)) found.doubled.push(`row ${row.id}`);
    seen.add(row.id);
  }

  const held = new Map();
  for (const row of photos) held.set(row.project_id, [...(held.get(row.project_id) ?? []), row]);
  for (const [project, ids] of wanted) {
    const rows = [...(held.get(project) ?? [])].sort((a, b) => a.upload_order - b.upload_order).map((row) => row.id);
    found.photos += rows.length;
    for (const id of ids) if (!rows.includes(id)) found.lost.push(`row ${id} of project ${project}`);
    for (const id of rows) if (!ids.includes(id)) found.doubled.push(`row ${id} of project ${project} that nobody asked for`);
    const common = ids.filter((id) => rows.includes(id));
    if (rows.filter((id) => ids.includes(id)).join() !== common.join()) found.wrongOrders.push(`project ${project}`);
    const row = projects.find((each) => each.id === project);
    if (row && row.photo_count !== rows.length) found.wrongOrders.push(`count of project ${project}: ${row.photo_count} for ${rows.length}`);
    if (!row && ids.length) found.lost.push(`project ${project}`);
  }
  for (const project of projects) if (!wanted.has(project.id)) found.doubled.push(`project ${project.id} that nobody asked for`);
  for (const project of held.keys()) if (!wanted.has(project)) found.doubled.push(`rows of project ${project} that nobody asked for`);

  const mediaIds = new Set(media.map((row) => row.id));
  for (const id of wantedMedia) if (!mediaIds.has(id)) found.lost.push(`media row ${id}`);
  for (const id of mediaIds) if (!wantedMedia.has(id)) found.doubled.push(`media row ${id} that nobody asked for`);

  const named = new Set();
  const needs = async (bucket, file, bytes, sha256) => {
    const key = `${bucket}/${file}`;
    if (named.has(key)) found.doubled.push(key);
    named.add(key);
    if (!objects.has(key)) return found.lost.push(`object ${key}`);
    if (bytes !== null && objects.get(key) !== bytes) return found.lost.push(`bytes of ${key}: ${objects.get(key)} for ${bytes}`);
    if (!read || !sha256) return;
    const stored = await read(bucket, file);
    if (!stored || createHash('sha256').update(stored).digest('hex') !== sha256) found.lost.push(`content of ${key}`);
  };
  for (const [bucket, rows] of [['photos', photos], ['media', media]]) {
    for (const row of rows) {
      await needs(bucket, row.file_url, Number(row.file_size_bytes), row.metadata?.photo_sha256);
      if (row.thumbnail_url) await needs(bucket, row.thumbnail_url, null, null);
    }
  }
  for (const person of expected) {
    const path = users.find((row) => row.id === person.owner)?.avatar_url ?? null;
    if ((path?.replace(/\.\w+$/, '') ?? null) !== person.avatar) found.lost.push(`avatar of ${person.owner}: ${path} for ${person.avatar}`);
    if (path) await needs('avatars', path, null, null);
    const bytes = [...photos.filter((row) => projects.find((each) => each.id === row.project_id)?.user_id === person.owner), ...media.filter((row) => row.user_id === person.owner)]
      .reduce((sum, row) => sum + Number(row.file_size_bytes), 0);
    const total = Number(users.find((row) => row.id === person.owner)?.total_storage_bytes ?? 0);
    if (total !== bytes) found.doubled.push(`storage of ${person.owner}: counted ${total} for ${bytes}`);
  }
  for (const key of objects.keys()) if (!named.has(key)) found.orphans.push(key);
  return found;
}
