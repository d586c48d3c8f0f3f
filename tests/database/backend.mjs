// The local backend of the demo (the project's migrations in PGlite behind @supabase/lite), with
// supabase-js clients for people and for the service, all in this process.

import { createClient } from '@supabase/supabase-js';
import { openBackend } from '../../web-demo/backend/node.mjs';

export async function openStory() {
  const backend = await openBackend();
  const client = (key) =>
    createClient('http://127.0.0.1:1', key, {
      global: { fetch: (input, init) => backend.fetch(input, init) },
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: class {} },
    });
  return {
    ...backend,
    anonymous: () => client(backend.keys.publishable),
    service: () => client(backend.keys.secret),
    /** A new person, signed up and in. */
    async person(name, data = {}) {
      const own = client(backend.keys.publishable);
      const { data: made, error } = await own.auth.signUp({
        email: `${name}@example.com`, password: 'correct horse', options: { data: { display_name: name, ...data } },
      });
      if (error) throw error;
      if (!made.session) throw new Error('signed up without a session');
      return Object.assign(own, { userId: made.user.id });
    },
  };
}

/** The row of a photo whose object is stored under its id. */
export function photoRow(person, projectId, differently = {}) {
  const id = crypto.randomUUID();
  return {
    id, project_id: projectId, file_url: `${person.userId}/${projectId}/${id}.jpg`,
    file_size_bytes: 1000, mime_type: 'image/jpeg', width: 4, height: 3, ...differently,
  };
}
