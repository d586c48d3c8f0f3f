-- The media library of an account.
begin;

do $$
begin
  if to_regclass('public.media_items') is not null then
    raise exception 'migration 20261122100500_media is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.media_items (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references public.users (id) on delete cascade,
  file_url text not null,
  thumbnail_url text,
  original_filename varchar(255) not null,
  file_type varchar(50) not null,
  file_size_bytes bigint not null,
  mime_type varchar(50) not null,
  width integer,
  height integer,
  metadata jsonb default '{}',
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_file_size check (file_size_bytes > 0),
  constraint valid_file_type check (file_type in ('image', 'video')),
  constraint valid_image_mime check (
    file_type <> 'image' or mime_type in ('image/jpeg', 'image/png', 'image/webp')),
  constraint valid_video_mime check (
    file_type <> 'video' or mime_type in ('video/mp4', 'video/webm', 'video/quicktime')),
  constraint valid_dimensions check (
    (width is null and height is null)
    or (width is not null and height is not null and width > 0 and height > 0)),
  constraint valid_file_url check (
    private.is_object_path(file_url, 1) and split_part(file_url, '/', 1) = user_id::text),
  constraint valid_thumbnail_url check (
    private.is_object_path(thumbnail_url, 1) and split_part(thumbnail_url, '/', 1) = user_id::text),
  constraint valid_filename check (not private.is_blank(original_filename)),
  constraint valid_metadata check (private.is_metadata(metadata))
);

comment on column public.media_items.file_url is 'Path `<user id>/<file>` in the bucket media.';

create index idx_media_user_id on public.media_items (user_id);
create index idx_media_created_at on public.media_items (created_at desc);
create index idx_media_type on public.media_items (file_type);

create trigger update_media_items_updated_at
  before update on public.media_items
  for each row execute function public.update_updated_at_column();

commit;
