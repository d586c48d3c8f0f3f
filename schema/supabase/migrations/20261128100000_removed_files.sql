-- Files on their way out of Storage, and the same paths used again. A row that names a queued file takes
-- it back. Once a file was handed out for removal, its path is refused to rows and to uploads until that
-- is done: a job removes by name, and would take the new file for the old one. What leaves with an
-- account or a project is everything in its folder, named by a row or not.
begin;

do $$
begin
  if to_regprocedure('private.take_back_files()') is not null then
    raise exception 'migration 20261128100000_removed_files is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- As before, and a file that was queued already begins anew: what a job does about its earlier
-- removal says nothing about this one.
create or replace function private.queue_storage_deletions() returns trigger
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
      'on conflict (bucket_id, object_name) do update set reason = excluded.reason, '
      'queued_at = excluded.queued_at, attempts = 0, next_attempt_at = excluded.next_attempt_at, last_error = null',
      path_column,
      case when tg_op = 'UPDATE' then format(
        'and not exists (select 1 from new_rows as kept where kept.%1$I = removed.%1$I)',
        path_column) else '' end)
      using tg_argv[0], case when tg_op = 'UPDATE' then 'replaced' else 'deleted' end;
  end loop;
  return null;
end
$$;

-- Takes the files that a statement's rows newly name out of the queue. One that was handed out may be
-- gone at any moment, so its path is refused, as the rule of the column would refuse it.
-- Arguments: the bucket, and the columns that hold paths.
create function private.take_back_files() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  path_column text;
  named text[];
begin
  foreach path_column in array string_to_array(tg_argv[1], ',') loop
    execute format(
      'select array_agg(distinct named.%1$I) from new_rows as named where named.%1$I is not null %2$s',
      path_column,
      case when tg_op = 'UPDATE' then format(
        'and not exists (select 1 from old_rows as before where before.%1$I = named.%1$I)',
        path_column) else '' end)
      into named;
    -- Locked first and looked at by later statements: a job may be claiming at this moment.
    perform from private.storage_deletions as queued
      where queued.bucket_id = tg_argv[0] and queued.object_name = any (named)
      order by queued.object_name for update;
    continue when not found;
    if exists (
      select 1 from private.storage_deletions as queued
      where queued.bucket_id = tg_argv[0] and queued.object_name = any (named) and queued.attempts > 0)
    then
      raise exception 'new row for relation "%" violates check constraint "valid_%"', tg_table_name, path_column
        using errcode = 'check_violation', constraint = 'valid_' || path_column, table = tg_table_name,
          schema = 'public', detail = 'The file of this path is being removed.';
    end if;
    delete from private.storage_deletions as queued
      where queued.bucket_id = tg_argv[0] and queued.object_name = any (named);
  end loop;
  return null;
end
$$;

create trigger take_back_files
  after insert on public.photos referencing new table as new_rows
  for each statement execute function private.take_back_files('photos', 'file_url,thumbnail_url');
create trigger take_back_changed_files
  after update on public.photos referencing old table as old_rows new table as new_rows
  for each statement execute function private.take_back_files('photos', 'file_url,thumbnail_url');
create trigger take_back_files
  after insert on public.media_items referencing new table as new_rows
  for each statement execute function private.take_back_files('media', 'file_url,thumbnail_url');
create trigger take_back_changed_files
  after update on public.media_items referencing old table as old_rows new table as new_rows
  for each statement execute function private.take_back_files('media', 'file_url,thumbnail_url');
create trigger take_back_files
  after insert on public.generated_videos referencing new table as new_rows
  for each statement execute function private.take_back_files('videos', 'file_url,thumbnail_url');
create trigger take_back_changed_files
  after update on public.generated_videos referencing old table as old_rows new table as new_rows
  for each statement execute function private.take_back_files('videos', 'file_url,thumbnail_url');
create trigger take_back_changed_files
  after update on public.users referencing old table as old_rows new table as new_rows
  for each statement execute function private.take_back_files('avatars', 'avatar_url');

-- Queues everything that is stored in the folders of the rows that a statement deleted: an upload whose
-- row never came would stay for ever. Arguments: the buckets, and the columns that make the folder.
create function private.queue_stored_files() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  folder text;
begin
  for folder in execute format('select concat_ws(''/'', %s) from old_rows order by 1', tg_argv[1]) loop
    -- '0' is the character after '/'. Storage has an index in this collation.
    insert into private.storage_deletions (bucket_id, object_name, reason)
      select distinct stored.bucket_id, stored.name, 'deleted' from storage.objects as stored
      where stored.bucket_id = any (string_to_array(tg_argv[0], ','))
        and stored.name collate "C" > folder || '/' and stored.name collate "C" < folder || '0'
      order by 1, 2
      on conflict (bucket_id, object_name) do update set reason = excluded.reason,
        queued_at = excluded.queued_at, attempts = 0, next_attempt_at = excluded.next_attempt_at, last_error = null;
  end loop;
  return null;
end
$$;

create trigger queue_stored_files
  after delete on public.users referencing old table as old_rows
  for each statement execute function private.queue_stored_files('photos,media,videos,avatars', 'id');
create trigger queue_stored_files
  after delete on public.video_projects referencing old table as old_rows
  for each statement execute function private.queue_stored_files('photos', 'user_id, id');

-- As before; a video is found by an index, whatever folder its path names.
create or replace function private.is_file_in_use(bucket text, name text) returns boolean
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
      select 1 from public.generated_videos as video where video.file_url = name or video.thumbnail_url = name)
    when 'avatars' then exists (
      select 1 from public.users as profile
      where profile.id = case when private.is_object_path(name, 1) then split_part(name, '/', 1)::uuid end
        and profile.avatar_url = name)
    else false
  end
$$;

-- Hashes, because an address may be longer than a b-tree holds.
create index idx_generated_videos_file_url on public.generated_videos using hash (file_url);
create index idx_generated_videos_thumbnail_url on public.generated_videos using hash (thumbnail_url);

-- As before; and a file that was stored after its path was queued is another one, and leaves the queue.
create or replace function public.claim_storage_deletions(batch_size integer default 100)
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
      and (private.is_file_in_use(due.bucket, due.name)
        or exists (
          select 1 from storage.objects as stored
          where stored.bucket_id = due.bucket and stored.name = due.name
            and greatest(stored.created_at, stored.updated_at) > queued.queued_at));

  return query
    update private.storage_deletions as queued
      set attempts = queued.attempts + 1,
          next_attempt_at = now() + least(interval '5 minutes' * power(2, least(queued.attempts, 10)), interval '1 day')
      from unnest(buckets, names) as due (bucket, name)
      where queued.bucket_id = due.bucket and queued.object_name = due.name
      returning queued.bucket_id, queued.object_name, queued.attempts;
end
$$;

-- As before, for what was handed out and not queued anew since.
create or replace function public.settle_storage_deletions(bucket text, names text[], failure text default null)
returns integer
language plpgsql set search_path = ''
as $$
declare
  settled integer;
begin
  -- In the order in which they are queued, so that the two never wait for each other.
  perform from private.storage_deletions as queued
    where queued.bucket_id = bucket and queued.object_name = any (names)
    order by queued.object_name for update;
  if failure is null then
    delete from private.storage_deletions as queued
      where queued.bucket_id = bucket and queued.object_name = any (names) and queued.attempts > 0;
  else
    update private.storage_deletions as queued set last_error = left(failure, 500)
      where queued.bucket_id = bucket and queued.object_name = any (names) and queued.attempts > 0;
  end if;
  get diagnostics settled = row_count;
  return settled;
end
$$;

-- Whether the file of a path was handed out for removal. With the owner's rights: policies ask it, for clients.
create function private.is_being_removed(bucket text, name text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select 1 from private.storage_deletions as queued
    where queued.bucket_id = is_being_removed.bucket and queued.object_name = is_being_removed.name
      and queued.attempts > 0)
$$;

alter policy "Users can upload own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1)
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid()))))
    and not private.is_being_removed(bucket_id, objects.name));

alter policy "Users can replace own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1)
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid()))))
    and not private.is_being_removed(bucket_id, objects.name));

revoke all on function private.take_back_files(), private.queue_stored_files(),
  private.is_being_removed(text, text)
  from public, anon, authenticated, service_role;
grant execute on function private.is_being_removed(text, text) to authenticated, service_role;

commit;
