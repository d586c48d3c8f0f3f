-- The deletion of an account of 40,000 photos did most of its work twice or three times: each of its files was queued by the
-- account's folder, by its project's folder and by its row, and each row held a project that was gone already.
begin;

do $$
begin
  if position('once' in obj_description('private.queue_stored_files()'::regprocedure)) > 0 then
    raise exception 'migration 20261129100000_large_accounts is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- As before, but that a file which this transaction has queued is left as it is: nobody else sees it yet. (What a savepoint
-- queued has another xmin, and is written again.)
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
      'and not exists (select 1 from private.storage_deletions as queued where queued.bucket_id = $1 '
      'and queued.object_name = removed.%1$I and queued.attempts = 0 '
      'and queued.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid) '
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

-- As before, but that the folders of projects are left out where their account is gone: its own folder has them.
create or replace function private.queue_stored_files() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  folder text;
begin
  for folder in execute format(
    'select concat_ws(''/'', %s) from old_rows as removed %s order by 1', tg_argv[1],
    case when tg_table_name = 'video_projects'
      then 'where exists (select 1 from public.users as owner where owner.id = removed.user_id)' else '' end)
  loop
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

comment on function private.queue_stored_files() is 'Each folder once: an account''s has those of its projects.';

-- As before, but that a photo which goes with its account holds no project: that goes too, and neither its status nor its count
-- matters any more.
create or replace function private.hold_project() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  claimed uuid;
  named uuid[];
  held record;
begin
  if tg_op = 'INSERT' then
    named := array[new.project_id];
    claimed := new.user_id;
    new.user_id := null;
  elsif tg_op = 'DELETE' then
    if not exists (select 1 from public.users as owner where owner.id = old.user_id) then
      return old;
    end if;
    named := array[old.project_id];
  else
    named := array[old.project_id, new.project_id];
    if new.project_id <> old.project_id then
      new.user_id := null;
    end if;
  end if;

  for held in
    select project.id, project.user_id, project.status from public.video_projects as project
    where project.id = any (named) and (claimed is null or project.user_id = claimed)
    order by project.id
    for no key update
  loop
    if held.status = 'processing' then
      raise exception 'the project is being processed: its photos do not change now'
        using errcode = 'PT409';
    end if;
    if tg_op <> 'DELETE' and held.id = new.project_id then
      new.user_id := held.user_id;
    end if;
  end loop;

  if tg_op = 'DELETE' then
    return old;
  end if;
  if new.user_id is null then
    if claimed is not null then
      return new;
    end if;
    raise exception 'insert or update on table "photos" violates foreign key constraint "photos_project_id_fkey"'
      using errcode = 'foreign_key_violation', constraint = 'photos_project_id_fkey',
        table = 'photos', schema = 'public';
  end if;
  if tg_op = 'INSERT' and (new.upload_order is null or new.upload_order = -1) then
    select coalesce(max(photo.upload_order) + 1, 0) into new.upload_order
      from public.photos as photo where photo.project_id = new.project_id;
  end if;
  return new;
end
$$;

-- As before, but that it ends where none of the projects is there any more.
create or replace function public.update_project_photo_count() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  touched uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct project_id) into touched from new_rows;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct project_id) into touched from old_rows;
  else
    select array_agg(moved.project_id) into touched
      from (
        select change.project_id
        from (select project_id, 1 as step from new_rows
              union all select project_id, -1 from old_rows) as change
        group by change.project_id
        having sum(change.step) <> 0) as moved;
  end if;
  if touched is null then
    return null;
  end if;
  -- The lock first, in a statement of its own: the count must be read after it is granted.
  perform from public.video_projects as project
    where project.id = any (touched) order by project.id for no key update;
  if not found then
    return null;
  end if;
  update public.video_projects as project
    set photo_count = counted.photos
    from (
      select named.id, count(photo.id) as photos
      from unnest(touched) as named (id) left join public.photos as photo on photo.project_id = named.id
      group by named.id) as counted
    where project.id = counted.id and project.photo_count <> counted.photos;
  return null;
end
$$;

commit;
