-- The queue of files whose rows are gone. SQL may not delete storage rows (the files themselves
-- would stay), so a job of the service role empties the queue through the Storage API.
begin;

do $$
begin
  if to_regclass('private.storage_deletions') is not null then
    raise exception 'migration 20261122100900_storage_deletions is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table private.storage_deletions (
  bucket_id text not null,
  object_name text not null,
  reason text not null,
  queued_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,

  primary key (bucket_id, object_name),
  constraint valid_reason check (reason in ('deleted', 'replaced'))
);

create index idx_storage_deletions_next_attempt on private.storage_deletions (next_attempt_at);
alter table private.storage_deletions enable row level security;

create policy "Service account full access" on private.storage_deletions
  for all to service_role using (true) with check (true);

-- Queues the files that a statement's rows named and its result does not name any more.
-- Arguments: the bucket, and the columns that hold paths. A file that is queued already is written
-- again, which locks it: the job that claims meanwhile still sees the row, and would unqueue the file.
create function private.queue_storage_deletions() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  path_column text;
begin
  foreach path_column in array string_to_array(tg_argv[1], ',') loop
    execute format(
      'insert into private.storage_deletions (bucket_id, object_name, reason) '
      'select distinct $1, removed.%1$I, $2 from old_rows as removed '
      'where removed.%1$I is not null and removed.%1$I !~ ''^[a-z]+:'' %2$s '
      'order by 2 '
      'on conflict (bucket_id, object_name) do update set reason = excluded.reason',
      path_column,
      case when tg_op = 'UPDATE' then format(
        'and not exists (select 1 from new_rows as kept where kept.%1$I = removed.%1$I)',
        path_column) else '' end)
      using tg_argv[0], case when tg_op = 'UPDATE' then 'replaced' else 'deleted' end;
  end loop;
  return null;
end
$$;

create trigger queue_removed_files
  after delete on public.photos referencing old table as old_rows
  for each statement execute function private.queue_storage_deletions('photos', 'file_url,thumbnail_url');
create trigger queue_replaced_files
  after update on public.photos referencing old table as old_rows new table as new_rows
  for each statement execute function private.queue_storage_deletions('photos', 'file_url,thumbnail_url');
create trigger queue_removed_files
  after delete on public.media_items referencing old table as old_rows
  for each statement execute function private.queue_storage_deletions('media', 'file_url,thumbnail_url');
create trigger queue_replaced_files
  after update on public.media_items referencing old table as old_rows new table as new_rows
  for each statement execute function private.queue_storage_deletions('media', 'file_url,thumbnail_url');
create trigger queue_removed_files
  after delete on public.generated_videos referencing old table as old_rows
  for each statement execute function private.queue_storage_deletions('videos', 'file_url,thumbnail_url');
create trigger queue_replaced_files
  after update on public.generated_videos referencing old table as old_rows new table as new_rows
  for each statement execute function private.queue_storage_deletions('videos', 'file_url,thumbnail_url');
create trigger queue_removed_files
  after delete on public.users referencing old table as old_rows
  for each statement execute function private.queue_storage_deletions('avatars', 'avatar_url');
create trigger queue_replaced_files
  after update on public.users referencing old table as old_rows new table as new_rows
  for each statement execute function private.queue_storage_deletions('avatars', 'avatar_url');

-- Whether a row names the file (again). The ids in the path lead to the row by an index.
create function private.is_file_in_use(bucket text, name text) returns boolean
language sql stable set search_path = ''
as $$
  select case bucket
    when 'photos' then exists (
      select 1 from public.photos as photo
      where photo.project_id = case when private.is_object_path(name, 2) then split_part(name, '/', 2)::uuid end
        and name in (photo.file_url, photo.thumbnail_url))
    when 'media' then exists (
      select 1 from public.media_items as item
      where item.user_id = case when private.is_object_path(name, 1) then split_part(name, '/', 1)::uuid end
        and name in (item.file_url, item.thumbnail_url))
    when 'videos' then exists (
      select 1 from public.generated_videos as video where name in (video.file_url, video.thumbnail_url))
    when 'avatars' then exists (
      select 1 from public.users as profile
      where profile.id = case when private.is_object_path(name, 1) then split_part(name, '/', 1)::uuid end
        and profile.avatar_url = name)
    else false
  end
$$;

-- Hands out up to batch_size files to remove and holds them for five minutes, twice as long after
-- each failure, up to a day. A file that a row names again leaves the queue instead.
create function public.claim_storage_deletions(batch_size integer default 100)
returns table (bucket_id text, object_name text, attempts integer)
language plpgsql set search_path = ''
as $$
declare
  buckets text[];
  names text[];
begin
  -- Locked first and looked at by a later statement, which sees what was committed until the lock.
  with due as (
    select queued.bucket_id, queued.object_name
    from private.storage_deletions as queued
    where queued.next_attempt_at <= now()
    order by queued.next_attempt_at
    limit least(greatest(batch_size, 1), 1000)
    for update skip locked
  )
  select array_agg(due.bucket_id), array_agg(due.object_name) into buckets, names from due;

  delete from private.storage_deletions as queued
    using unnest(buckets, names) as due (bucket, name)
    where queued.bucket_id = due.bucket and queued.object_name = due.name
      and private.is_file_in_use(due.bucket, due.name);

  return query
    update private.storage_deletions as queued
      set attempts = queued.attempts + 1,
          next_attempt_at = now() + least(interval '5 minutes' * power(2, least(queued.attempts, 10)), interval '1 day')
      from unnest(buckets, names) as due (bucket, name)
      where queued.bucket_id = due.bucket and queued.object_name = due.name
      returning queued.bucket_id, queued.object_name, queued.attempts;
end
$$;

-- Takes removed files out of the queue, or notes why they could not be removed.
create function public.settle_storage_deletions(bucket text, names text[], failure text default null)
returns integer
language plpgsql set search_path = ''
as $$
declare
  settled integer;
begin
  if failure is null then
    delete from private.storage_deletions as queued
      where queued.bucket_id = bucket and queued.object_name = any (names);
  else
    update private.storage_deletions as queued set last_error = left(failure, 500)
      where queued.bucket_id = bucket and queued.object_name = any (names);
  end if;
  get diagnostics settled = row_count;
  return settled;
end
$$;

revoke all on table private.storage_deletions from public, anon, authenticated, service_role;
grant select, insert, update, delete on table private.storage_deletions to service_role;
revoke all on function private.queue_storage_deletions(), private.is_file_in_use(text, text),
  public.claim_storage_deletions(integer), public.settle_storage_deletions(text, text[], text)
  from public, anon, authenticated, service_role;
grant execute on function private.is_file_in_use(text, text),
  public.claim_storage_deletions(integer), public.settle_storage_deletions(text, text[], text)
  to service_role;

commit;
