-- Counters, storage accounting, usage records, quotas. All by triggers with the owner's rights:
-- clients write none of these columns and tables.
--
-- Locks are taken in one order: the account's advisory lock (clients only), the project, the user.
begin;

do $$
begin
  if to_regprocedure('private.quota_state(uuid, public.resource_type)') is not null then
    raise exception 'migration 20261122100800_counters_and_quotas is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- What the account has used of a resource and what its plan allows (NULL: no limit). Projects and
-- videos count per calendar month in UTC; a video that is asked for but not ready counts too.
create function private.quota_state(
  account uuid, resource public.resource_type, out used numeric, out quota numeric)
language sql stable set search_path = ''
as $$
  select
    case resource
      when 'storage_bytes' then profile.total_storage_bytes::numeric
      else (
        select coalesce(sum(usage.amount), 0) from public.usage_records as usage
        where usage.user_id = account and usage.resource_type = resource
          and usage.unit = 'count' and usage.billing_month = private.billing_month())
    end
    + case resource
      when 'video_generation' then (
        select count(*) from public.generated_videos as video
          join public.video_projects as project on project.id = video.project_id
        where project.user_id = account and video.status in ('queued', 'processing'))
      else 0
    end,
    case resource
      when 'storage_bytes' then plan.max_storage_bytes
      when 'project_creation' then plan.projects_per_month
      else plan.videos_per_month
    end
  from public.users as profile
    left join public.plan_limits as plan on plan.plan_id = profile.subscription_plan
  where profile.id = account
$$;

-- Refuses with PT402 when the account uses more than its plan allows. The caller holds the user's row.
create function private.require_quota(account uuid, resource public.resource_type, requested numeric)
returns void
language plpgsql set search_path = ''
as $$
declare
  state record;
begin
  select * into state from private.quota_state(account, resource);
  if state.quota is not null and state.used + requested > state.quota then
    raise exception 'quota exceeded: %', resource
      using errcode = 'PT402',
        detail = json_build_object('resource', resource, 'used', state.used, 'quota', state.quota,
          'requested', requested)::text,
        hint = 'Delete something, wait for the next month, or choose a larger plan.';
  end if;
end
$$;

-- Whose project a new photo must belong to: a client's own; for everybody else NULL, which is any.
-- It runs with the caller's rights, since only there the caller's role is seen.
create function private.claim_photo() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.user_id := case when current_user in ('anon', 'authenticated') then private.caller_id() end;
  return new;
end
$$;

-- Sorts behind the guard of the columns and before hold_project.
create trigger guard_project_claim
  before insert on public.photos
  for each row execute function private.claim_photo();

-- Before a photo changes: holds its project, refuses with PT409 while that is being processed,
-- sets the owner and the place. A client's photo in a project that is not its own gets no owner, so
-- that the policy, the guard and NOT NULL each refuse it, in the same way as for a missing project.
create function private.hold_project() returns trigger
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
    -- An account that is deleted takes its photos along, before or after their project.
    if held.status = 'processing'
      and (tg_op <> 'DELETE' or exists (select 1 from public.users as owner where owner.id = held.user_id)) then
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
  if new.user_id is null and claimed is null then
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

create trigger hold_project
  before insert or update or delete on public.photos
  for each row execute function private.hold_project();

-- Counts the photos of the projects that a statement touched and writes each project once.
create function public.update_project_photo_count() returns trigger
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

-- Adds what a statement stored, or takes off what it removed, once per owner. The owner stands in
-- the row itself: within a cascade the project is gone already.
create function public.track_storage_usage() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  owners uuid[];
  changes numeric[];
begin
  if tg_op = 'INSERT' then
    select array_agg(stored.user_id order by stored.user_id), array_agg(stored.bytes order by stored.user_id)
      into owners, changes
      from (select user_id, sum(file_size_bytes) as bytes from new_rows group by user_id) as stored;
  elsif tg_op = 'DELETE' then
    select array_agg(removed.user_id order by removed.user_id), array_agg(-removed.bytes order by removed.user_id)
      into owners, changes
      from (select user_id, sum(file_size_bytes) as bytes from old_rows group by user_id) as removed;
  else
    select array_agg(changed.user_id order by changed.user_id), array_agg(changed.bytes order by changed.user_id)
      into owners, changes
      from (
        select both_rows.user_id, sum(both_rows.bytes) as bytes
        from (select user_id, file_size_bytes as bytes from new_rows
              union all select user_id, -file_size_bytes from old_rows) as both_rows
        group by both_rows.user_id
        having sum(both_rows.bytes) <> 0) as changed;
  end if;

  for place in 1 .. coalesce(cardinality(owners), 0) loop
    perform from public.users where id = owners[place] for no key update;
    if changes[place] > 0 then
      perform private.require_quota(owners[place], 'storage_bytes', changes[place]);
      insert into public.usage_records (user_id, resource_type, amount, unit)
        values (owners[place], 'storage_bytes', changes[place], 'bytes');
    end if;
    update public.users
      set total_storage_bytes = greatest(total_storage_bytes + changes[place], 0)
      where id = owners[place];
  end loop;
  return null;
end
$$;

-- A trigger with transition tables has one event. Triggers of one event fire in the order of their
-- names: on DELETE and UPDATE the count, which locks the project, comes before the storage.
create trigger trigger_update_photo_count
  after insert on public.photos referencing new table as new_rows
  for each statement execute function public.update_project_photo_count();
create trigger trigger_count_moved_photos
  after update on public.photos referencing old table as old_rows new table as new_rows
  for each statement execute function public.update_project_photo_count();
create trigger trigger_count_removed_photos
  after delete on public.photos referencing old table as old_rows
  for each statement execute function public.update_project_photo_count();

create trigger trigger_track_photo_storage
  after insert on public.photos referencing new table as new_rows
  for each statement execute function public.track_storage_usage();
create trigger trigger_track_photo_storage_change
  after update on public.photos referencing old table as old_rows new table as new_rows
  for each statement execute function public.track_storage_usage();
create trigger trigger_track_photo_storage_removal
  after delete on public.photos referencing old table as old_rows
  for each statement execute function public.track_storage_usage();

create trigger trigger_track_media_storage
  after insert on public.media_items referencing new table as new_rows
  for each statement execute function public.track_storage_usage();
create trigger trigger_track_media_storage_change
  after update on public.media_items referencing old table as old_rows new table as new_rows
  for each statement execute function public.track_storage_usage();
create trigger trigger_track_media_storage_removal
  after delete on public.media_items referencing old table as old_rows
  for each statement execute function public.track_storage_usage();

-- A new project is a usage record, within the quota of the month. Deleting it gives nothing back.
create function private.track_project_creation() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  creation record;
begin
  for creation in
    select user_id, count(*) as projects from new_rows group by user_id order by user_id
  loop
    perform from public.users where id = creation.user_id for no key update;
    perform private.require_quota(creation.user_id, 'project_creation', creation.projects);
    insert into public.usage_records (user_id, resource_type, amount, unit)
      values (creation.user_id, 'project_creation', creation.projects, 'count');
  end loop;
  return null;
end
$$;

create trigger trigger_track_project_creation
  after insert on public.video_projects referencing new table as new_rows
  for each statement execute function private.track_project_creation();

-- Before a video is asked for: holds the project, one generation at a time (PT409). Whose project
-- it is, the guard of videos has asked before, and the policy asks after.
create function private.hold_project_for_video() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  held record;
begin
  select project.status into held from public.video_projects as project
    where project.id = new.project_id
    for no key update;
  if found and new.status in ('queued', 'processing') and held.status = 'processing' then
    raise exception 'the project is being processed already' using errcode = 'PT409';
  end if;
  return new;
end
$$;

create trigger hold_project_for_video
  before insert on public.generated_videos
  for each row execute function private.hold_project_for_video();

-- After a video came, changed its status or went: the project follows, a video asked for is
-- measured against the quota, a completed one becomes a usage record, once.
create function private.follow_video() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  project record;
  current_status public.project_status;
begin
  if tg_op = 'UPDATE' and new.status = old.status then
    return null;
  end if;
  select held.id, held.user_id, held.status into project from public.video_projects as held
    where held.id = case when tg_op = 'DELETE' then old.project_id else new.project_id end
    for no key update;
  if not found then
    return null;
  end if;

  if exists (select 1 from public.generated_videos as video
      where video.project_id = project.id and video.status in ('queued', 'processing')) then
    current_status := 'processing';
  elsif tg_op <> 'DELETE' then
    current_status := new.status::text::public.project_status;
  elsif project.status = 'processing' then
    current_status := 'draft';
  else
    current_status := project.status;
  end if;
  update public.video_projects set status = current_status
    where id = project.id and status <> current_status;

  if tg_op = 'INSERT' and new.status in ('queued', 'processing') then
    perform from public.users where id = project.user_id for no key update;
    perform private.require_quota(project.user_id, 'video_generation', 0);
  elsif tg_op <> 'DELETE' and new.status = 'completed' and not exists (
      select 1 from public.usage_records as usage
      where usage.user_id = project.user_id and usage.resource_type = 'video_generation'
        and usage.metadata ->> 'video_id' = new.id::text) then
    insert into public.usage_records (user_id, resource_type, amount, unit, metadata)
      values (project.user_id, 'video_generation', 1, 'count',
        jsonb_build_object('video_id', new.id));
  end if;
  return null;
end
$$;

create trigger follow_video
  after insert or update of status or delete on public.generated_videos
  for each row execute function private.follow_video();

revoke all on function
  private.quota_state(uuid, public.resource_type),
  private.require_quota(uuid, public.resource_type, numeric),
  private.claim_photo(), private.hold_project(), public.update_project_photo_count(), public.track_storage_usage(),
  private.track_project_creation(), private.hold_project_for_video(), private.follow_video()
  from public, anon, authenticated, service_role;
grant execute on function private.quota_state(uuid, public.resource_type) to authenticated, service_role;

commit;
