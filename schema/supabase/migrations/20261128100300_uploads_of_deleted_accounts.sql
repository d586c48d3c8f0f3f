-- A token outlives its account by up to an hour. What it uploads then would stay for ever.
begin;

do $$
begin
  if exists (select 1 from pg_catalog.pg_policies
      where schemaname = 'storage' and tablename = 'objects' and policyname = 'Users can upload own files'
        and with_check ~ 'profile') then
    raise exception 'migration 20261128100300_uploads_of_deleted_accounts is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

alter policy "Users can upload own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1
        and exists (select 1 from public.users as profile where profile.id = (select auth.uid())))
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid()))))
    and not private.is_being_removed(bucket_id, objects.name));

alter policy "Users can replace own files" on storage.objects
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1
        and exists (select 1 from public.users as profile where profile.id = (select auth.uid())))
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid()))))
    and not private.is_being_removed(bucket_id, objects.name));

commit;
