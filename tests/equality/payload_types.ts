// Compiled, never run: every payload is a row that supabase-js takes, and the lists are the database's enums.
import type { Database } from '../../schema/database.types.js';
import type { values } from '../../wasm/src/limits.gen.js';
import type { MediaItemPayload, PhotoPayload, ProfilePayload, ProjectPayload } from '../../wasm/src/payload_types.gen.js';

type Tables = Database['public']['Tables'];
type Enums = Database['public']['Enums'];

// Assignable, without a column that the table lacks, and without one that it requires.
type IsRow<Payload, Row> = [Payload] extends [Row] ? ([Exclude<keyof Payload, keyof Row>] extends [never] ? true : never) : never;
type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checked: {
  project: IsRow<ProjectPayload, Tables['video_projects']['Insert']>;
  // The owner is set by a trigger; the generated type cannot know.
  photo: IsRow<PhotoPayload, Omit<Tables['photos']['Insert'], 'user_id' | 'upload_order'> & { upload_order?: number | null }>;
  mediaItem: IsRow<MediaItemPayload, Tables['media_items']['Insert']>;
  profile: IsRow<ProfilePayload, Tables['users']['Update']>;
  styles: IsSame<(typeof values.video_styles)[number], Enums['video_style']>;
  statuses: IsSame<(typeof values.project_statuses)[number], Enums['project_status']>;
} = { project: true, photo: true, mediaItem: true, profile: true, styles: true, statuses: true };
