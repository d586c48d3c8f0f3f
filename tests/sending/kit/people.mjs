/** People with an account on a local backend, and the truth about what the backend holds of them. */
import { createClient } from '@supabase/supabase-js';

/** A supabase-js client of one person, who has signed up. @param {{ url: string, key: string, fetch?: typeof fetch }} where */
export async function newPerson(backend, { url = backend.url ?? 'http://localhost', fetch = backend.inProcess, plan = 'enterprise' } = {}) {
  const client = clientFor({ url, key: backend.keys.publishable, fetch });
  const email = `${crypto.randomUUID()}@example.org`;
  const password = 'correct horse 1';
  const { data, error } = await client.auth.signUp({ email, password });
  if (error) throw error;
  if (plan !== 'free') await backend.query('update public.users set subscription_plan = $1 where id = $2', [plan, data.user.id]);
  return { client, id: data.user.id, email, password, url, key: backend.keys.publishable };
}

export function clientFor({ url, key, fetch, session }) {
  return createClient(url, key, {
    realtime: { transport: class {} },
    auth: { autoRefreshToken: false, persistSession: false, ...(session ? { storage: session } : {}) },
    ...(fetch ? { global: { fetch } } : {}),
  });
}

/** Everything that the backend holds: objects by path, rows by id. */
export async function truth(backend) {
  const objects = await backend.query(`select bucket_id || '/' || name as path, (metadata ->> 'size')::bigint as bytes from storage.objects`);
  const photos = await backend.query('select id, project_id, file_url, thumbnail_url, file_size_bytes, upload_order, metadata from public.photos order by project_id, upload_order');
  const projects = await backend.query('select id, user_id, photo_count from public.video_projects');
  const media = await backend.query('select id, user_id, file_url, thumbnail_url, file_size_bytes, metadata from public.media_items');
  const users = await backend.query('select id, avatar_url, total_storage_bytes from public.users');
  return { objects: new Map(objects.rows.map((row) => [row.path, Number(row.bytes)])), photos: photos.rows, projects: projects.rows, media: media.rows, users: users.rows };
}
