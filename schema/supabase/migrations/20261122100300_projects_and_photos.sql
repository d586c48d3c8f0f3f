-- Projects and their photos.
begin;

do $$
begin
  if to_regclass('public.video_projects') is not null then
    raise exception 'migration 20261122100300_projects_and_photos is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.video_projects (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references public.users (id) on delete cascade,
  title_i18n jsonb not null default '{}',
  description_i18n jsonb not null default '{}',
  style public.video_style not null default 'classic',
  duration_minutes integer not null default 1,
  status public.project_status not null default 'draft',
  photo_count integer not null default 0,
  ai_prompt text,
  metadata jsonb default '{}',
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_duration check (duration_minutes between 1 and 30),
  constraint valid_photo_count check (photo_count >= 0 and photo_count <= 20),
  constraint valid_title_i18n check (jsonb_typeof(title_i18n) = 'object'),
  constraint valid_title_i18n_format check (public.validate_i18n_json(title_i18n)),
  constraint valid_title_i18n_length check (private.i18n_within(title_i18n, 200)),
  constraint valid_description_i18n check (jsonb_typeof(description_i18n) = 'object'),
  constraint valid_description_i18n_format check (public.validate_i18n_json(description_i18n)),
  constraint valid_description_i18n_length check (private.i18n_within(description_i18n, 2000)),
  constraint valid_ai_prompt check (char_length(ai_prompt) <= 2000),
  constraint valid_metadata check (private.is_metadata(metadata))
);

comment on column public.video_projects.photo_count is 'Kept by triggers on photos.';
comment on column public.video_projects.status is 'Follows the newest generated video; photos change only while it is not processing.';

create index idx_projects_status on public.video_projects (status);
create index idx_projects_created_at on public.video_projects (created_at desc);
create index idx_projects_user_status_created
  on public.video_projects (user_id, status, created_at desc);

create trigger update_projects_updated_at
  before update on public.video_projects
  for each row execute function public.update_updated_at_column();

-- A project stays with its owner: its photos carry the owner, and their paths name the folder.
create function private.keep_project_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'a project stays with its owner' using errcode = 'insufficient_privilege';
end
$$;

create trigger keep_project_owner
  before update of user_id on public.video_projects
  for each row when (old.user_id is distinct from new.user_id)
  execute function private.keep_project_owner();

create table public.photos (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.video_projects (id) on delete cascade,
  -- The project's owner, set by trigger: it outlives the project within a cascade, and the
  -- policy and the path check need no look at another table.
  user_id uuid not null default auth.uid() references public.users (id) on delete cascade,
  file_url text not null,
  thumbnail_url text,
  original_filename varchar(255),
  file_size_bytes bigint not null,
  mime_type varchar(50) not null,
  width integer,
  height integer,
  upload_order integer not null default -1,
  metadata jsonb default '{}',
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_file_size check (file_size_bytes > 0 and file_size_bytes <= 10485760),
  constraint valid_mime_type check (mime_type in ('image/jpeg', 'image/png', 'image/webp')),
  constraint valid_dimensions check (
    (width is null and height is null)
    or (width is not null and height is not null and width > 0 and height > 0)),
  constraint valid_file_url check (
    private.is_object_path(file_url, 2)
    and left(file_url, 74) = user_id::text || '/' || project_id::text || '/'),
  constraint valid_thumbnail_url check (
    private.is_object_path(thumbnail_url, 2)
    and left(thumbnail_url, 74) = user_id::text || '/' || project_id::text || '/'),
  constraint valid_filename check (not private.is_blank(original_filename)),
  constraint valid_upload_order check (upload_order >= 0),
  constraint valid_metadata check (private.is_metadata(metadata)),
  -- Deferrable, so that one statement can put all photos into a new order.
  constraint idx_photos_project_order unique (project_id, upload_order) deferrable initially immediate
);

comment on column public.photos.file_url is 'Path `<user id>/<project id>/<file>` in the bucket photos.';
comment on column public.photos.upload_order is '0-based place in the project; left out, NULL or -1 on insert appends.';

create index idx_photos_user_id on public.photos (user_id);

create trigger update_photos_updated_at
  before update on public.photos
  for each row execute function public.update_updated_at_column();

revoke all on function private.keep_project_owner() from public, anon, authenticated, service_role;

commit;
