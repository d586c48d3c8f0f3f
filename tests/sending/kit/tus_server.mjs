/**
 * The resumable protocol at Supabase's path: a real tus server in front of a local backend. What is complete is stored in the
 * backend under the name in its metadata, by the sender's own rights. Everything else is passed through.
 */
import http from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const route = '/storage/v1/upload/resumable';

export async function startTusServer(backend) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'photo-core-tus-'));
  const seen = { created: 0, pieces: 0, heads: 0 };
  /** How often the next complete uploads do not become an object. */
  const fails = { finish: 0 };
  // As the hosted service refuses: the status that its JSON would name, and the message alone.
  const refuse = ({ statusCode, message }) => Object.assign(new Error('refused'), { status_code: Number(statusCode), body: message });
  const tus = new Server({
    path: route,
    datastore: new FileStore({ directory: folder }),
    respectForwardedHeaders: false,
    allowedHeaders: ['authorization', 'apikey', 'x-upsert', 'x-client-info'],
    async onUploadFinish(request, upload) {
      if (fails.finish > 0) {
        fails.finish -= 1;
        throw refuse({ statusCode: 544, message: 'The connection to the database timed out' });
      }
      const { bucketName, objectName, contentType } = upload.metadata;
      const answer = await backend.fetch(`http://127.0.0.1/storage/v1/object/${bucketName}/${objectName}`, {
        method: 'POST',
        headers: {
          apikey: request.headers.get('apikey'),
          authorization: request.headers.get('authorization'),
          'content-type': contentType,
        },
        body: await readFile(path.join(folder, upload.id)),
      });
      if (!answer.ok) throw refuse(await answer.json());
      return {};
    },
  });
  const server = http.createServer((incoming, outgoing) => {
    if (incoming.url.startsWith(route)) {
      if (incoming.method === 'POST') seen.created += 1;
      if (incoming.method === 'PATCH') seen.pieces += 1;
      if (incoming.method === 'HEAD') seen.heads += 1;
      return tus.handle(incoming, outgoing);
    }
    const { hostname, port } = new URL(backend.url);
    const onward = http.request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    fails,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
