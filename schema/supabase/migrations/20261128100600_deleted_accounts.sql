-- An account that is deleted while a service writes about it: neither meets the other half way.
begin;

do $$
begin
  if position('below' in obj_description('private.handle_user_deletion()'::regprocedure)) > 0 then
    raise exception 'migration 20261128100600_deleted_accounts is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- As before, and the rows that a service writes first and the profile after them (the end of a video, a payment that came
-- or ended) are locked in that order: the deletion alone went from the profile to them, and one of the two ended as a deadlock.
create or replace function private.handle_user_deletion() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.lock_account(old.id);
  perform from public.generated_videos as video
    where video.project_id in (select project.id from public.video_projects as project where project.user_id = old.id)
    order by video.id for update;
  perform from public.video_projects as project where project.user_id = old.id order by project.id for update;
  perform from public.subscriptions as held where held.user_id = old.id order by held.id for update;
  perform from public.payment_methods as held where held.user_id = old.id order by held.id for update;
  return old;
end
$$;

comment on function private.handle_user_deletion() is 'Locks from below to the top, as everybody does.';

commit;
