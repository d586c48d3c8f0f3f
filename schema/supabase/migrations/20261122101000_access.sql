-- Who may do what: row level security, grants, and guards that say the grants again.
--
-- Grants are explicit. What a project's default privileges gave is taken away first, so that the
-- result is the same under the old defaults (ALL) and the new ones (none).
begin;

do $$
begin
  if exists (select 1 from pg_catalog.pg_policies where schemaname = 'public' and tablename = 'users') then
    raise exception 'migration 20261122101000_access is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

alter table public.users enable row level security;
alter table public.video_projects enable row level security;
alter table public.photos enable row level security;
alter table public.generated_videos enable row level security;
alter table public.media_items enable row level security;
alter table public.plan_limits enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payment_methods enable row level security;
alter table public.invoices enable row level security;
alter table public.usage_records enable row level security;

-- Policies. The sub-select makes auth.uid() one call per statement, not one per row.

create policy "Users can view own profile" on public.users
  for select to authenticated using ((select auth.uid()) = id);
create policy "Users can update own profile" on public.users
  for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);

create policy "Users can manage own projects" on public.video_projects
  for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

create policy "Users can manage photos of own projects" on public.photos
  for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

-- An array, made once, can be looked up in the index on project_id; `in` would read every video.
create policy "Users can view generated videos of own projects" on public.generated_videos
  for select to authenticated
  using (project_id = any (array(
    select project.id from public.video_projects as project
    where project.user_id = (select auth.uid()))));
create policy "Users can request videos of own projects" on public.generated_videos
  for insert to authenticated
  with check (status = 'queued' and file_url is null and thumbnail_url is null
    and duration_seconds is null and file_size_bytes is null and external_generation_id is null
    and error_message is null and progress_percentage = 0 and estimated_completion_at is null
    and started_at is null and completed_at is null and project_id = any (array(
    select project.id from public.video_projects as project
    where project.user_id = (select auth.uid()))));
create policy "Users can cancel videos of own projects" on public.generated_videos
  for update to authenticated
  using (project_id = any (array(
    select project.id from public.video_projects as project
    where project.user_id = (select auth.uid()))))
  with check (status = 'cancelled' and project_id = any (array(
    select project.id from public.video_projects as project
    where project.user_id = (select auth.uid()))));

create policy "Users can manage own media" on public.media_items
  for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

create policy "Everyone can view plan limits" on public.plan_limits
  for select to anon, authenticated using (true);

create policy "Users can view own subscription" on public.subscriptions
  for select to authenticated using ((select auth.uid()) = user_id);

create policy "Users can view own payment methods" on public.payment_methods
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can choose own default payment method" on public.payment_methods
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can remove own payment methods" on public.payment_methods
  for delete to authenticated using ((select auth.uid()) = user_id);

create policy "Users can view own invoices" on public.invoices
  for select to authenticated using ((select auth.uid()) = user_id);

create policy "Users can view own usage" on public.usage_records
  for select to authenticated using ((select auth.uid()) = user_id);

-- The service account is a database role; nothing that a session can set makes it one.
create policy "Service account full access" on public.users
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.video_projects
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.photos
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.generated_videos
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.media_items
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.plan_limits
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.subscriptions
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.payment_methods
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.invoices
  for all to service_role using (true) with check (true);
create policy "Service account full access" on public.usage_records
  for all to service_role using (true) with check (true);

-- Grants.

revoke all on table
  public.users, public.video_projects, public.photos, public.generated_videos, public.media_items,
  public.plan_limits, public.subscriptions, public.payment_methods, public.invoices,
  public.usage_records
  from public, anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

grant select, insert, update, delete on table
  public.users, public.video_projects, public.photos, public.generated_videos, public.media_items,
  public.plan_limits, public.subscriptions, public.payment_methods, public.invoices,
  public.usage_records
  to service_role;

grant select on table public.plan_limits to anon;
grant select on table
  public.users, public.video_projects, public.photos, public.generated_videos, public.media_items,
  public.plan_limits, public.subscriptions, public.payment_methods, public.invoices,
  public.usage_records
  to authenticated;

grant update (display_name, avatar_url, language, timezone) on public.users to authenticated;

grant insert (id, user_id, title_i18n, description_i18n, style, duration_minutes, ai_prompt, metadata),
  update (title_i18n, description_i18n, style, duration_minutes, ai_prompt, metadata),
  delete on public.video_projects to authenticated;

grant insert (id, project_id, file_url, thumbnail_url, original_filename, file_size_bytes,
    mime_type, width, height, upload_order, metadata),
  update (thumbnail_url, original_filename, width, height, upload_order, metadata),
  delete on public.photos to authenticated;

grant insert (id, project_id, ai_prompt, generation_service), update (status)
  on public.generated_videos to authenticated;

grant insert (id, user_id, file_url, thumbnail_url, original_filename, file_type, file_size_bytes,
    mime_type, width, height, metadata),
  update (thumbnail_url, original_filename, width, height, metadata),
  delete on public.media_items to authenticated;

grant update (is_default), delete on public.payment_methods to authenticated;

-- Guards of statements: the operations that a signed-in client may do on the table.

create trigger guard_users_statement
  before insert or update or delete or truncate on public.users
  for each statement execute function private.guard_statement('UPDATE');
create trigger guard_video_projects_statement
  before insert or update or delete or truncate on public.video_projects
  for each statement execute function private.guard_statement('INSERT', 'UPDATE', 'DELETE');
create trigger guard_photos_statement
  before insert or update or delete or truncate on public.photos
  for each statement execute function private.guard_statement('INSERT', 'UPDATE', 'DELETE');
create trigger guard_generated_videos_statement
  before insert or update or delete or truncate on public.generated_videos
  for each statement execute function private.guard_statement('INSERT', 'UPDATE');
create trigger guard_media_items_statement
  before insert or update or delete or truncate on public.media_items
  for each statement execute function private.guard_statement('INSERT', 'UPDATE', 'DELETE');
create trigger guard_payment_methods_statement
  before insert or update or delete or truncate on public.payment_methods
  for each statement execute function private.guard_statement('UPDATE', 'DELETE');
create trigger guard_plan_limits_statement
  before insert or update or delete or truncate on public.plan_limits
  for each statement execute function private.guard_statement('none');
create trigger guard_subscriptions_statement
  before insert or update or delete or truncate on public.subscriptions
  for each statement execute function private.guard_statement('none');
create trigger guard_invoices_statement
  before insert or update or delete or truncate on public.invoices
  for each statement execute function private.guard_statement('none');
create trigger guard_usage_records_statement
  before insert or update or delete or truncate on public.usage_records
  for each statement execute function private.guard_statement('none');

-- Guards of rows: the columns. Their names sort before those of the triggers that fill columns.

create trigger guard_columns before update on public.users
  for each row execute function private.guard_row('', 'display_name,avatar_url,language,timezone', '{}');
create trigger guard_columns before insert or update on public.video_projects
  for each row execute function private.guard_row(
    'id,user_id,title_i18n,description_i18n,style,duration_minutes,ai_prompt,metadata',
    'title_i18n,description_i18n,style,duration_minutes,ai_prompt,metadata',
    '{"status": "draft", "photo_count": 0}');
create trigger guard_columns before insert or update on public.photos
  for each row execute function private.guard_row(
    'id,project_id,file_url,thumbnail_url,original_filename,file_size_bytes,mime_type,width,height,upload_order,metadata',
    'thumbnail_url,original_filename,width,height,upload_order,metadata', '{}');
create trigger guard_columns before insert or update on public.generated_videos
  for each row execute function private.guard_row(
    'id,project_id,ai_prompt,generation_service', 'status',
    '{"status": "queued", "progress_percentage": 0}');
create trigger guard_columns before insert or update on public.media_items
  for each row execute function private.guard_row(
    'id,user_id,file_url,thumbnail_url,original_filename,file_type,file_size_bytes,mime_type,width,height,metadata',
    'thumbnail_url,original_filename,width,height,metadata', '{}');
create trigger guard_columns before update on public.payment_methods
  for each row execute function private.guard_row('', 'is_default', '{}');

create trigger verify_owner before insert or update on public.video_projects
  for each row execute function private.guard_owner();
create trigger verify_owner before insert or update on public.photos
  for each row execute function private.guard_owner();
create trigger verify_owner before insert or update on public.media_items
  for each row execute function private.guard_owner();
create trigger verify_owner before update on public.payment_methods
  for each row execute function private.guard_owner();

-- A client's own profile only, and its own videos only, and of a video nothing but the cancelling.
create function private.guard_profile() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user in ('anon', 'authenticated') and old.id is distinct from private.caller_id() then
    raise exception 'permission denied for table users: the row is not the caller''s'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;

create trigger guard_profile before update on public.users
  for each row execute function private.guard_profile();

create function private.guard_video() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user not in ('anon', 'authenticated') then
    return new;
  end if;
  if not exists (select 1 from public.video_projects as project
      where project.id = new.project_id and project.user_id = private.caller_id()) then
    raise exception 'permission denied for table generated_videos: the project is not the caller''s'
      using errcode = 'insufficient_privilege';
  end if;
  if tg_op = 'INSERT' then
    return new;
  end if;
  if new.status <> 'cancelled' then
    raise exception 'permission denied for table generated_videos: clients may only cancel'
      using errcode = 'insufficient_privilege';
  end if;
  if old.status not in ('queued', 'processing', 'cancelled') then
    raise exception 'the video is % already', old.status using errcode = 'PT409';
  end if;
  return new;
end
$$;

create trigger guard_video before insert or update on public.generated_videos
  for each row execute function private.guard_video();

-- A client does not delete what is not its own, nor a project that is being processed.
create function private.guard_removal() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user in ('anon', 'authenticated') then
    if old.user_id is distinct from private.caller_id() then
      raise exception 'permission denied for table %: the row is not the caller''s', tg_table_name
        using errcode = 'insufficient_privilege';
    end if;
    if to_jsonb(old) ->> 'status' = 'processing' then
      raise exception 'the project is being processed: cancel its video first'
        using errcode = 'PT409';
    end if;
  end if;
  return old;
end
$$;

create trigger guard_removal before delete on public.video_projects
  for each row execute function private.guard_removal();
create trigger guard_removal before delete on public.photos
  for each row execute function private.guard_removal();
create trigger guard_removal before delete on public.media_items
  for each row execute function private.guard_removal();
create trigger guard_removal before delete on public.payment_methods
  for each row execute function private.guard_removal();

revoke all on function private.guard_profile(), private.guard_video(), private.guard_removal()
  from public, anon, authenticated, service_role;

commit;
