// What the public types must say; checked by the compiler, never run.
import {
  accept,
  createPhotoCore,
  isPhotoError,
  messageFor,
  thumbHashToPixels,
  type BatchResult,
  type CoreOptions,
  type ErrorCode,
  type ErrorKind,
  type PhotoCore,
  type PhotoError,
  type PhotoPayload,
  type PhotoProbe,
  type PhotoRowFacts,
  type PhotoSource,
  type PhotoState,
  type PreparedPhoto,
  type PrepareCall,
  type PrepareOptions,
} from '@photomemory/photo-core';
import type { Outbox, SendBatch, Sender, SenderOptions, SendOptions } from '@photomemory/photo-core/supabase';
import { expectTypeOf } from 'expect-type';

expectTypeOf(createPhotoCore).returns.resolves.toEqualTypeOf<PhotoCore>();
expectTypeOf<PhotoCore['probe']>().returns.resolves.toEqualTypeOf<PhotoProbe>();
expectTypeOf<PhotoCore['prepare']>().returns.resolves.toEqualTypeOf<PreparedPhoto>();
expectTypeOf<PhotoCore['photoPayload']>().returns.resolves.toEqualTypeOf<PhotoPayload>();
expectTypeOf<PhotoCore['close']>().returns.toBeVoid();
expectTypeOf<PreparedPhoto['thumbnail']>().toEqualTypeOf<Blob | null>();
expectTypeOf<PreparedPhoto['mimeType']>().toEqualTypeOf<'image/jpeg' | 'image/png' | 'image/webp'>();
expectTypeOf<PhotoError['kind']>().toEqualTypeOf<ErrorKind>();
expectTypeOf<'too_many_pixels'>().toExtend<ErrorCode>();
expectTypeOf<'no_such_code'>().not.toExtend<ErrorCode>();
expectTypeOf(accept).toBeString();
expectTypeOf(messageFor).returns.resolves.toBeString();
expectTypeOf(thumbHashToPixels).returns.resolves.toHaveProperty('pixels');
expectTypeOf<{ quality: '82' }>().not.toExtend<PrepareOptions>();

declare const caught: unknown;
if (isPhotoError(caught)) expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>();

declare const core: PhotoCore;
declare const picked: File[];
for await (const result of core.prepareAll(picked)) {
  expectTypeOf(result).toEqualTypeOf<BatchResult<File>>();
  expectTypeOf(result.file).toEqualTypeOf<File>();
  if (result.ok) expectTypeOf(result.photo).toEqualTypeOf<PreparedPhoto>();
  else expectTypeOf(result.error).toEqualTypeOf<PhotoError>();
}

// The state machine: what a state carries is there only in that state.
declare const state: PhotoState;
switch (state.state) {
  case 'accepted':
    expectTypeOf(state.photo).toEqualTypeOf<PreparedPhoto>();
    break;
  case 'rejected':
  case 'cancelled':
    expectTypeOf(state.error).toEqualTypeOf<PhotoError>();
    break;
  default:
    expectTypeOf(state.state).toEqualTypeOf<'waiting' | 'working'>();
}

// @ts-expect-error an option that does not exist
void core.prepare(picked[0]!, { maxedge: 3 });
// @ts-expect-error existingCount is an option of a batch
void core.prepare(picked[0]!, { existingCount: 3 });
// @ts-expect-error a path is no source
void core.prepare('photo.jpg');

export {};

// What may be left out may be undefined too, also for who keeps the two apart; and bytes are bytes, whoever shares them.
expectTypeOf<{ maxEdge: number | undefined; signal: AbortSignal | undefined }>().toExtend<PrepareCall>();
expectTypeOf<{ workers: number | undefined; limits: { max_photo_bytes: number | undefined } }>().toExtend<CoreOptions>();
expectTypeOf<{ data: Blob; name: string | undefined }>().toExtend<PhotoSource>();
expectTypeOf<{ projectId: string; fileUrl: string; uploadOrder: number | undefined }>().toExtend<PhotoRowFacts>();
expectTypeOf<Uint8Array>().toExtend<PhotoSource>();
expectTypeOf<{ outbox: Outbox | undefined; uploads: number | undefined; retry: { attempts: number | undefined } | undefined }>().toExtend<
  Pick<SenderOptions, 'outbox' | 'uploads' | 'retry'>
>();
expectTypeOf<{ project: object & { [field: string]: unknown }; photos: PreparedPhoto[]; projectId: string | undefined }>().toExtend<SendBatch>();
expectTypeOf<{ signal: AbortSignal | undefined; removeEmptyProject: boolean | undefined }>().toExtend<SendOptions>();

// Whoever names the project, or makes it, need not ask whether there is one; a photo that failed says why.
declare const sender: Sender;
interface Draft {
  title_i18n: { en: string };
}
expectTypeOf<Draft>().toExtend<SendBatch['project']>();
expectTypeOf<Draft>().toExtend<Parameters<Sender['updateProject']>[1]>();
const job = sender.send({ project: {}, photos: [] });
expectTypeOf((await job.done).projectId).toEqualTypeOf<string>();
expectTypeOf(sender.append).returns.toHaveProperty('projectId').toEqualTypeOf<string>();
expectTypeOf<Awaited<ReturnType<Sender['resume']>>[number]['projectId']>().toEqualTypeOf<string | null>();
expectTypeOf([job]).toExtend<Awaited<ReturnType<Sender['resume']>>>();
for await (const event of job) {
  if (event.type === 'photo' && event.state === 'failed') expectTypeOf(event.error).toEqualTypeOf<PhotoError>();
}
