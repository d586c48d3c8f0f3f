-- What comes into Storage is looked at when it is written too, whoever writes it. Policies are asked before the first
-- byte. The end of an upload is written with the service's rights, which no policy binds: of one that began before its
-- project was processed or removed, of one by a signed address (good for two hours, whatever becomes of the account
-- meanwhile, and any number of them), and of a copy, of which nobody had asked the size and the type.
begin;

do $$
begin
  if to_regprocedure('private.guard_stored_file()') is not null then
    raise exception 'migration 20261128100500_stored_files is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- Bytes in the folders that an account's clients may write to, named by a row or not.
create table private.stored_bytes (
  account uuid primary key references public.users (id) on delete cascade,
  bytes numeric not null
);

alter table private.stored_bytes enable row level security;
create policy "Service account full access" on private.stored_bytes
  for all to service_role using (true) with check (true);

-- Whose folder a file is in, of those that clients write to; NULL for what is the service's own.
create function private.storing_account(bucket text, name text) returns uuid
language sql immutable set search_path = ''
as $$
  select case when bucket in ('photos', 'media', 'avatars')
    and name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/' then left(name, 36)::uuid end
$$;

-- What a file counts. However small, a block of a disk: a quota is a bound on the number of files too.
create function private.counted_bytes(metadata jsonb) returns numeric
language sql immutable set search_path = ''
as $$
  select greatest(4096, case when jsonb_typeof(metadata -> 'size') = 'number' then (metadata ->> 'size')::numeric end)
$$;

-- Refuses a file that its bucket would not take, that comes into nobody's folder, that changes what a service is
-- reading or a job removing, and what is far over the quota. By 42501, the one code that Storage tells as a refusal.
create function private.guard_stored_file() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  bucket record;
  kind constant text := new.metadata ->> 'mimetype';
  holder constant uuid := private.storing_account(new.bucket_id, new.name);
  left_behind uuid;
  added numeric := private.counted_bytes(new.metadata);
  total numeric;
  quota numeric;
begin
  select taking.file_size_limit, taking.allowed_mime_types into bucket
    from storage.buckets as taking where taking.id = new.bucket_id;
  if jsonb_typeof(new.metadata -> 'size') = 'number' and (new.metadata ->> 'size')::numeric > bucket.file_size_limit then
    raise exception 'the bucket % takes no file of this size', new.bucket_id using errcode = 'insufficient_privilege';
  end if;
  if cardinality(bucket.allowed_mime_types) > 0
    and not (kind = any (bucket.allowed_mime_types) or split_part(kind, '/', 1) || '/*' = any (bucket.allowed_mime_types)) then
    raise exception 'the bucket % takes no file of this type', new.bucket_id using errcode = 'insufficient_privilege';
  end if;

  if holder is not null then
    -- Before the project and its owner are looked at: whoever removes them, or asks for a video, comes before or after.
    perform private.lock_account(holder);
    perform from public.users as profile where profile.id = holder for key share;
    if found and new.bucket_id = 'photos' then
      perform from public.video_projects as project
        where project.user_id = holder
          and project.id = case when private.is_object_path(left(new.name, 74) || 'x', 2) then substr(new.name, 38, 36)::uuid end
        for share;
    end if;
    if not found then
      raise exception 'the folder of this file is nobody''s' using errcode = 'insufficient_privilege';
    end if;
    if private.is_being_processed(new.bucket_id, new.name) then
      raise exception 'the project is being processed: its files do not change now' using errcode = 'insufficient_privilege';
    end if;
    if private.is_being_removed(new.bucket_id, new.name) then
      raise exception 'the file of this path is being removed' using errcode = 'insufficient_privilege';
    end if;
  end if;

  if tg_op = 'UPDATE' then
    if private.is_being_processed(old.bucket_id, old.name) then
      raise exception 'the project is being processed: its files do not change now' using errcode = 'insufficient_privilege';
    end if;
    left_behind := private.storing_account(old.bucket_id, old.name);
    if left_behind = holder then
      added := added - private.counted_bytes(old.metadata);
    elsif left_behind is not null then
      update private.stored_bytes as counted set bytes = counted.bytes - private.counted_bytes(old.metadata)
        where counted.account = left_behind;
    end if;
  end if;
  if holder is null or added = 0 then
    return null;
  end if;

  insert into private.stored_bytes as counted (account, bytes) values (holder, added)
    on conflict on constraint stored_bytes_pkey do update set bytes = counted.bytes + excluded.bytes
    returning counted.bytes into total;
  select plan.max_storage_bytes into quota
    from public.users as profile join public.plan_limits as plan on plan.plan_id = profile.subscription_plan
    where profile.id = holder;
  -- Rows are what the quota counts. Thumbnails, uploads whose rows are to come, and files that wait for their removal
  -- are beside it: as much again, and twenty photos of the largest size.
  if added > 0 and total > 2 * quota + 209715200 then
    raise exception 'the files of this account are far over its quota' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;

create function private.count_removed_files() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform from private.stored_bytes as counted
    where counted.account in (select private.storing_account(removed.bucket_id, removed.name) from old_rows as removed)
    order by counted.account for update;
  update private.stored_bytes as counted set bytes = counted.bytes - gone.bytes
    from (
      select private.storing_account(removed.bucket_id, removed.name) as account, sum(private.counted_bytes(removed.metadata)) as bytes
      from old_rows as removed group by 1) as gone
    where counted.account = gone.account;
  return null;
end
$$;

-- After the row, so that a policy's refusal comes first and is the same whatever is in another's folder.
create trigger guard_stored_file
  after insert or update of bucket_id, name, version, metadata on storage.objects
  for each row execute function private.guard_stored_file();
create trigger count_removed_files
  after delete on storage.objects referencing old table as old_rows
  for each statement execute function private.count_removed_files();

-- The triggers hold back who would write meanwhile.
insert into private.stored_bytes (account, bytes)
  select profile.id, sum(private.counted_bytes(stored.metadata))
  from storage.objects as stored join public.users as profile on profile.id = private.storing_account(stored.bucket_id, stored.name)
  group by profile.id;

revoke all on table private.stored_bytes from public, anon, authenticated, service_role;
grant select on table private.stored_bytes to service_role;
revoke all on function private.storing_account(text, text), private.counted_bytes(jsonb), private.guard_stored_file(),
  private.count_removed_files()
  from public, anon, authenticated, service_role;

commit;
