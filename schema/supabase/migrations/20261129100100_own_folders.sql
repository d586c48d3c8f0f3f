-- Storage at the size of many accounts. A listing (of which a client chooses the bucket and the beginning) looked at the files
-- of everybody, a function's call for each, and an upload at all projects of its owner.
begin;

do $$
begin
  if to_regprocedure('private.is_own_project(text)') is not null then
    raise exception 'migration 20261129100100_own_folders is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- The same files, as ranges of the two indexes that Storage has of names and lists by: what begins with the caller's id and a
-- slash ('0' is the character after it).
alter policy "Users can view own files" on storage.objects
  using (
    bucket_id in ('photos', 'media', 'videos', 'avatars')
    and objects.name collate "C" >= (select auth.uid()) || '/'
    and objects.name collate "C" < (select auth.uid()) || '0'
    and lower(objects.name) collate "C" >= (select auth.uid()) || '/'
    and lower(objects.name) collate "C" < (select auth.uid()) || '0');

-- Whether a file's second folder names a project of the caller, in PostgreSQL's own spelling of its id. With the owner's
-- rights: under the policy of projects, newer planners read all that the caller has before they compare the id.
create function private.is_own_project(name text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select 1 from public.video_projects as project
    where project.user_id = auth.uid()
      and project.id = case when split_part(name, '/', 2) ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        then split_part(name, '/', 2)::uuid end)
$$;

-- As before, the project by its key.
alter policy "Users can upload own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1
        and exists (select 1 from public.users as profile where profile.id = (select auth.uid())))
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and private.is_own_project(objects.name)))
    and not private.is_being_removed(bucket_id, objects.name));

alter policy "Users can replace own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1
        and exists (select 1 from public.users as profile where profile.id = (select auth.uid())))
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and private.is_own_project(objects.name)))
    and not private.is_being_removed(bucket_id, objects.name));

revoke all on function private.is_own_project(text) from public, anon, authenticated, service_role;
grant execute on function private.is_own_project(text) to authenticated, service_role;

commit;
