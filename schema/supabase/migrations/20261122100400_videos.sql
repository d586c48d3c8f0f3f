-- Generated videos. Clients ask for one and may cancel it; everything else is the service's.
begin;

do $$
begin
  if to_regclass('public.generated_videos') is not null then
    raise exception 'migration 20261122100400_videos is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.generated_videos (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.video_projects (id) on delete cascade,
  file_url text,
  thumbnail_url text,
  duration_seconds integer,
  file_size_bytes bigint,
  status public.generation_status not null default 'queued',
  ai_prompt text not null,
  generation_service varchar(50) not null default 'default',
  external_generation_id varchar(255),
  error_message text,
  progress_percentage integer default 0,
  estimated_completion_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_progress check (progress_percentage >= 0 and progress_percentage <= 100),
  constraint valid_duration check (duration_seconds is null or duration_seconds > 0),
  constraint valid_file_size check (file_size_bytes is null or file_size_bytes > 0),
  constraint valid_ai_prompt check (
    char_length(ai_prompt) <= 2000 and not private.is_blank(ai_prompt)),
  constraint valid_generation_service check (not private.is_blank(generation_service)),
  constraint status_consistency check (
    status <> 'completed'
    or (file_url is not null and file_url <> '' and completed_at is not null
      and progress_percentage is not null and progress_percentage = 100)),
  constraint valid_timeline check (
    (started_at is null or started_at >= created_at)
    and (completed_at is null or completed_at >= created_at)
    and (started_at is null or completed_at is null or completed_at >= started_at))
);

comment on column public.generated_videos.file_url is 'Path `<user id>/…` in the bucket videos.';

create index idx_generated_videos_project_id on public.generated_videos (project_id);
create index idx_generated_videos_status on public.generated_videos (status);
create index idx_generated_videos_external_id on public.generated_videos (external_generation_id);
create index idx_processing_videos on public.generated_videos (created_at)
  where status in ('queued', 'processing');

create trigger update_generated_videos_updated_at
  before update on public.generated_videos
  for each row execute function public.update_updated_at_column();

-- The database's clock fills the times that a worker leaves out, so that no worker's own clock
-- has to be ahead of it.
create function private.stamp_video() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.status = 'processing' and new.started_at is null then
    new.started_at := clock_timestamp();
  elsif new.status = 'completed' and new.completed_at is null then
    new.completed_at := clock_timestamp();
  end if;
  return new;
end
$$;

create trigger stamp_generated_videos
  before update of status on public.generated_videos
  for each row when (old.status is distinct from new.status)
  execute function private.stamp_video();

revoke all on function private.stamp_video() from public, anon, authenticated, service_role;

commit;
