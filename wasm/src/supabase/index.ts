/**
 * Sending to Supabase: from prepared photos to objects and rows, through bad networks, dead tabs and expired sessions.
 *
 * ```ts
 * const sender = createSender({ client, url, key, core });
 * for (const job of await sender.resume()) job.on(draw);       // what an earlier visit left
 * const job = sender.send({ project: draft, photos });
 * for await (const event of job) draw(event);
 * const { photos } = await job.done;
 * ```
 */
export { createSender, type Sender } from './sender.js';
export type { PayloadSource, PendingEntry, SendBatch, SenderOptions, SendOptions } from './options.js';
export type { SendJob, SendEvent, SendOutcome, SendProgress, SendResult, ItemProgress, ItemState } from './job.js';
export { createMemoryOutbox, type Outbox, type OutboxEntry, type OutboxFile, type OutboxItem } from './outbox.js';
export { createIndexedDbOutbox } from './outbox_indexeddb.js';
export { createFolderOutbox } from './outbox_folder.js';
export { defaultRetryPolicy, type Pause, type RetryPolicy } from './retry.js';
export { systemClock, systemConnectivity, type Clock, type Connectivity } from './clock.js';
export { uuidV7, type IdSource } from './ids.js';
export type { SessionClient, SessionLike } from './session.js';
export { PhotoError, isPhotoError } from '../error.js';
