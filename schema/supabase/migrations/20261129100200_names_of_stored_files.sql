-- Storage with versions of files has no unique index of their names any more. The one that all of its releases have is in the
-- collation "C".
begin;

do $$
begin
  if position('some minutes' in obj_description('public.claim_storage_deletions(integer)'::regprocedure)) > 0 then
    raise exception 'migration 20261129100200_names_of_stored_files is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- As before, but for the collation: without it each batch would read all files that there are.
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
          where stored.bucket_id = due.bucket and stored.name collate "C" = due.name
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

comment on function public.claim_storage_deletions(integer) is 'Files to remove now; each is held for some minutes.';

commit;
