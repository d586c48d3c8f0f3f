-- The photos of a project that is being processed do not change, nor do their files: rows refused that before,
-- and Storage let their owner replace, move and remove what the service was reading.
begin;

do $$
begin
  if to_regprocedure('private.is_being_processed(text, text)') is not null then
    raise exception 'migration 20261128100400_files_of_processed_projects is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- Whether a photo of a project that is being processed names the file. What no photo names may go: uploads whose
-- rows were refused. With the owner's rights: policies ask it, for clients.
create function private.is_being_processed(bucket text, name text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select bucket = 'photos' and exists (
    select 1 from public.video_projects as project
      join public.photos as photo on photo.project_id = project.id
    where project.id = case when private.is_object_path(name, 2) then split_part(name, '/', 2)::uuid end
      and project.status = 'processing'
      and name in (photo.file_url, photo.thumbnail_url))
$$;

alter policy "Users can replace own files" on storage.objects
  using (
    bucket_id in ('photos', 'media', 'avatars')
    and (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and not private.is_being_processed(bucket_id, objects.name));

alter policy "Users can remove own files" on storage.objects
  using (
    bucket_id in ('photos', 'media', 'avatars')
    and (storage.foldername(objects.name))[1] = (select auth.uid())::text
    and not private.is_being_processed(bucket_id, objects.name));

revoke all on function private.is_being_processed(text, text) from public, anon, authenticated, service_role;
grant execute on function private.is_being_processed(text, text) to authenticated, service_role;

commit;
