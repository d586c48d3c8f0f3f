-- Buckets and who may touch which object. Paths begin with the owner's id; a photo's second folder
-- is a project of the owner that exists (the project is inserted before its files are sent).
begin;

do $$
begin
  if exists (select 1 from pg_catalog.pg_policies
      where schemaname = 'storage' and tablename = 'objects' and policyname = 'Users can view own files') then
    raise exception 'migration 20261122101200_buckets is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values
  ('photos', 'photos', false, 10485760, array['image/jpeg', 'image/png', 'image/webp']),
  ('media', 'media', false, 524288000, array['image/jpeg', 'image/png', 'image/webp',
    'video/mp4', 'video/webm', 'video/quicktime']),
  ('videos', 'videos', false, 524288000, array['video/mp4']),
  ('avatars', 'avatars', true, 2097152, array['image/jpeg', 'image/png', 'image/webp'])
on conflict (id) do update
  set public = excluded.public, file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

create policy "Users can view own files" on storage.objects
  for select to authenticated
  using (
    bucket_id in ('photos', 'media', 'videos', 'avatars')
    and (storage.foldername(objects.name))[1] = (select auth.uid())::text);

create policy "Users can upload own files" on storage.objects
  for insert to authenticated
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1)
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid())))));

create policy "Users can replace own files" on storage.objects
  for update to authenticated
  using (
    bucket_id in ('photos', 'media', 'avatars')
    and (storage.foldername(objects.name))[1] = (select auth.uid())::text)
  with check (
    (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and (
      (bucket_id in ('media', 'avatars') and cardinality(storage.foldername(objects.name)) = 1)
      or (bucket_id = 'photos' and cardinality(storage.foldername(objects.name)) = 2
        and (storage.foldername(objects.name))[2] in (
          select project.id::text from public.video_projects as project
          where project.user_id = (select auth.uid())))));

create policy "Users can remove own files" on storage.objects
  for delete to authenticated
  using (
    bucket_id in ('photos', 'media', 'avatars')
    and (storage.foldername(objects.name))[1] = (select auth.uid())::text);

commit;
