-- A photo for a project that is not the client's own is refused in one way, whatever is in that project.
begin;

do $$
begin
  if position('nobody' in obj_description('private.claim_photo()'::regprocedure)) > 0 then
    raise exception 'migration 20261128100200_foreign_projects is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- As before, but that a client without an id owns nothing, where it was taken for everybody else.
create or replace function private.claim_photo() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.user_id := case when current_user in ('anon', 'authenticated')
    then coalesce(private.caller_id(), '00000000-0000-0000-0000-000000000000') end;
  return new;
end
$$;

comment on function private.claim_photo() is 'The zero id is nobody''s.';

-- As before, but that a photo without an owner gets no place: after the largest that there is, the place
-- of another's photo, the error was another.
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

commit;
