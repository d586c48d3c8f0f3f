// Ways to break the database, the first draft's own among them, and the pgTAP file that must notice.
// Each is SQL that runs in the file's transaction before the file, and is undone with it.

const guardsOff = (table) => `drop trigger guard_columns on public.${table}; grant all on public.${table} to authenticated;`;
const replacePolicy = (name, table, rest) => `drop policy "${name}" on public.${table}; create policy "${name}" on public.${table} ${rest};`;

export const mutations = [
  // Access.
  ['everything is granted, as old default grants do', '02_grants', 'grant all on all tables in schema public to anon, authenticated'],
  ['anon reads profiles', '02_grants', 'grant select on public.users to anon'],
  ['a client truncates', '02_grants', 'grant truncate on public.photos to authenticated'],
  ['the service role truncates', '02_grants', 'grant truncate on public.photos to service_role'],
  ['a partition can be read past its parent', '02_grants', 'grant select on private.usage_records_default to authenticated'],
  ['a client writes the own plan, total, e-mail', '11_isolation', guardsOff('users')],
  ['a client writes count, status, owner', '11_isolation', guardsOff('video_projects')],
  ['a client moves photos and changes their bytes', '11_isolation', guardsOff('photos')],
  ['a client forges videos', '11_isolation', guardsOff('generated_videos')],
  ['a client writes usage', '11_isolation', 'drop trigger guard_usage_records_statement on public.usage_records'],
  ['a client writes subscriptions', '11_isolation', 'drop trigger guard_subscriptions_statement on public.subscriptions'],
  ['a client writes invoices', '11_isolation', 'drop trigger guard_invoices_statement on public.invoices'],
  ['a client changes the plans', '11_isolation', 'drop trigger guard_plan_limits_statement on public.plan_limits'],
  ['everybody reads all photos', '11_isolation', 'alter policy "Users can manage photos of own projects" on public.photos using (true)'],
  ['rows for another pass the policy', '11_isolation', 'alter policy "Users can manage own projects" on public.video_projects with check (true)'],
  ['rows for another pass the guard', '11_isolation', 'drop trigger verify_owner on public.media_items'],
  ['a policy without role and command', '01_shape', replacePolicy('Users can view own profile', 'users', 'using (auth.uid() = id)')],
  ['auth.uid() for each row', '01_shape', replacePolicy('Users can view own invoices', 'invoices', 'for select to authenticated using (auth.uid() = user_id)')],
  ['the service account by a setting', '01_shape', `create policy "Service account" on public.users for all to service_role
    using (current_setting('request.jwt.claims', true)::json ->> 'role' = 'service_role')`],
  ['two policies for one action', '01_shape', 'create policy "Again" on public.users for select to authenticated using ((select auth.uid()) = id)'],
  ['no row level security on a table', '01_shape', 'alter table public.plan_limits disable row level security'],
  ['a view with its owner\'s rights', '15_views', 'alter view public.user_dashboard_stats set (security_invoker = false)'],
  ['the analytics for clients', '15_views', 'grant select on public.user_analytics_daily to authenticated'],
  ['a function without a search_path', '01_shape', 'alter function public.validate_i18n_json(jsonb) reset search_path'],
  ['a lock that outlives its transaction', '01_shape', `create or replace function private.lock_account(account uuid) returns void
    language sql volatile set search_path = '' as $$ select pg_advisory_lock(hashtextextended('photomemory account ' || account::text, 0)) $$`],
  ['clients execute trigger functions', '01_shape', 'grant execute on function public.track_storage_usage() to authenticated'],
  ['counting with the client\'s rights', '05_photos', 'alter function public.update_project_photo_count() security invoker'],
  ['storage with the client\'s rights', '05_photos', 'alter function public.track_storage_usage() security invoker'],
  ['the service work for clients', '09_billing', 'grant execute on function public.expire_subscriptions() to authenticated'],
  // Integrity.
  ['nobody gets a profile', '03_sign_up', 'drop trigger on_auth_user_created on auth.users'],
  ['the e-mail does not follow', '03_sign_up', 'drop trigger on_auth_user_email_changed on auth.users'],
  ['usage goes with the account', '03_sign_up', `alter table public.usage_records drop constraint usage_records_user_id_fkey,
    add constraint usage_records_user_id_fkey foreign key (user_id) references public.users (id) on delete cascade`],
  ['invoices go with the account', '03_sign_up', `alter table public.invoices drop constraint invoices_user_id_fkey,
    add constraint invoices_user_id_fkey foreign key (user_id) references public.users (id) on delete cascade`],
  ['blank names', '03_sign_up', 'alter table public.users drop constraint valid_display_name'],
  ['blank by spaces alone', '03_sign_up', `alter table public.users drop constraint valid_display_name,
    add constraint valid_display_name check (btrim(display_name) <> '')`],
  ['any time zone', '03_sign_up', 'alter table public.users drop constraint valid_timezone'],
  ['any picture', '03_sign_up', 'alter table public.users drop constraint valid_avatar_url'],
  ['descriptions unchecked', '04_projects', 'alter table public.video_projects drop constraint valid_description_i18n_format'],
  ['titles of any length', '04_projects', 'alter table public.video_projects drop constraint valid_title_i18n_length'],
  ['lengths in bytes', '04_projects', `create or replace function private.i18n_within(i18n_data jsonb, max_characters integer) returns boolean
    language sql immutable set search_path = '' as $$ select not exists (select 1 from jsonb_each_text(
      case when jsonb_typeof(i18n_data) = 'object' then i18n_data else '{}' end) as e where octet_length(e.value) > max_characters) $$`],
  ['metadata of any kind', '04_projects', 'alter table public.video_projects drop constraint valid_metadata'],
  ['numbers as long as they like', '04_projects', `create or replace function private.numbers_within(value jsonb, max_characters integer) returns boolean
    language sql immutable as $$ select true $$`],
  ['the count of each row, as drafted', '05_photos', `
    drop trigger trigger_update_photo_count on public.photos;
    drop trigger trigger_count_removed_photos on public.photos;
    drop trigger trigger_count_moved_photos on public.photos;
    create function public.drafted_count() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      update public.video_projects set photo_count = (select count(*) from public.photos where project_id = coalesce(new.project_id, old.project_id))
        where id = coalesce(new.project_id, old.project_id);
      return coalesce(new, old);
    end $$;
    create trigger trigger_update_photo_count after insert or delete on public.photos for each row execute function public.drafted_count()`],
  ['moved photos are not counted', '05_photos', 'drop trigger trigger_count_moved_photos on public.photos'],
  ['width without height, as drafted', '05_photos', `alter table public.photos drop constraint valid_dimensions,
    add constraint valid_dimensions check ((width is null and height is null) or (width > 0 and height > 0))`],
  ['the place defaults to 0, as drafted', '05_photos', 'alter table public.photos alter column upload_order set default 0'],
  ['places may repeat', '05_photos', 'alter table public.photos drop constraint idx_photos_project_order'],
  ['places cannot be exchanged in one statement', '05_photos', `alter table public.photos drop constraint idx_photos_project_order,
    add constraint idx_photos_project_order unique (project_id, upload_order)`],
  ['files in another\'s folder', '05_photos', 'alter table public.photos drop constraint valid_file_url'],
  ['thumbnails in another\'s folder', '05_photos', 'alter table public.photos drop constraint valid_thumbnail_url'],
  ['photos change while a video is made', '05_photos', `create or replace function private.hold_project() returns trigger
    language plpgsql security definer set search_path = '' as $$
    begin
      if tg_op = 'DELETE' then return old; end if;
      select user_id into new.user_id from public.video_projects where id = new.project_id;
      return new;
    end $$`],
  ['the owner looked up through the project', '06_storage_use', `
    drop trigger trigger_track_photo_storage_removal on public.photos;
    create function public.drafted_storage() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      update public.users set total_storage_bytes = total_storage_bytes - old.file_size_bytes
        where id = (select user_id from public.video_projects where id = old.project_id);
      return old;
    end $$;
    create trigger trigger_track_photo_storage_removal after delete on public.photos for each row execute function public.drafted_storage()`],
  ['bytes that change are not counted', '06_storage_use', 'drop trigger trigger_track_photo_storage_change on public.photos'],
  ['media that change are not counted', '06_storage_use', 'drop trigger trigger_track_media_storage_change on public.media_items'],
  ['a negative total', '06_storage_use', 'alter table public.users drop constraint valid_total_storage'],
  ['no quota of projects', '07_quotas', 'drop trigger trigger_track_project_creation on public.video_projects'],
  ['no quota at all', '07_quotas', `create or replace function private.require_quota(account uuid, resource public.resource_type, requested numeric)
    returns void language plpgsql set search_path = '' as $$ begin return; end $$`],
  ['the month before counts', '10_usage', `create or replace function private.billing_month(moment timestamptz default now()) returns date
    language sql immutable set search_path = '' as $$ select (date_trunc('month', moment at time zone 'UTC') - interval '1 month')::date $$`],
  ['a completed video at any percentage, as drafted', '08_videos', `alter table public.generated_videos drop constraint status_consistency,
    add constraint status_consistency check ((status = 'completed' and file_url is not null and completed_at is not null) or (status <> 'completed'))`],
  ['a time line that runs backwards', '08_videos', 'alter table public.generated_videos drop constraint valid_timeline'],
  ['usage at every completion', '08_videos', `create or replace function private.follow_video() returns trigger
    language plpgsql security definer set search_path = '' as $$
    begin
      if new.status = 'completed' then
        insert into public.usage_records (user_id, resource_type, amount, unit)
          select user_id, 'video_generation', 1, 'count' from public.video_projects where id = new.project_id;
      end if;
      return null;
    end $$`],
  ['the plan does not follow', '09_billing', 'drop trigger follow_subscription on public.subscriptions'],
  ['two default payment methods', '09_billing', `drop trigger keep_one_default_payment_method on public.payment_methods;
    drop index public.idx_payment_methods_user_default`],
  ['any day as a month', '10_usage', 'alter table public.usage_records drop constraint valid_billing_month'],
  ['units of any resource', '10_usage', 'alter table public.usage_records drop constraint valid_resource_unit'],
  ['amounts up to 100 MB, as drafted', '10_usage', `drop view public.monthly_usage_summary;
    alter table public.usage_records alter column amount type numeric(10, 2)`],
  ['months of the session\'s time zone', '10_usage', `create or replace function private.billing_month(moment timestamptz default now()) returns date
    language sql immutable set search_path = '' as $$ select date_trunc('month', moment)::date $$`],
  ['files without a project', '13_storage_policies', `alter policy "Users can upload own files" on storage.objects
    with check ((storage.foldername(objects.name))[1] = (select auth.uid())::text)`],
  ['files of others', '13_storage_policies', `alter policy "Users can view own files" on storage.objects using (bucket_id = 'photos')`],
  ['files of a project that is being processed change', '13_storage_policies', `create or replace function private.is_being_processed(bucket text, name text)
    returns boolean language sql stable set search_path = '' as $$ select false $$`],
  ['the end of an upload is not looked at', '17_stored_files', 'drop trigger guard_stored_file on storage.objects'],
  ['files that are removed go on counting', '17_stored_files', 'drop trigger count_removed_files on storage.objects'],
  ['a file counts its bytes alone', '17_stored_files', `create or replace function private.counted_bytes(metadata jsonb) returns numeric
    language sql immutable set search_path = '' as $$ select coalesce((metadata ->> 'size')::numeric, 0) $$`],
  ['an upload ends while its project is processed', '17_stored_files', `create or replace function private.is_being_processed(bucket text, name text)
    returns boolean language sql stable set search_path = '' as $$ select false $$`],
  ['an upload ends where a job removes', '17_stored_files', `create or replace function private.is_being_removed(bucket text, name text)
    returns boolean language sql stable set search_path = '' as $$ select false $$`],
  ['files of deleted photos stay', '14_storage_deletions', 'drop trigger queue_removed_files on public.photos'],
  ['files that are named again are removed', '14_storage_deletions', `create or replace function private.is_file_in_use(bucket text, name text)
    returns boolean language sql stable set search_path = '' as $$ select false $$`],
  ['rows leave queued files in the queue', '14_storage_deletions', 'drop trigger take_back_files on public.photos'],
  ['changed rows leave queued files in the queue', '14_storage_deletions', 'drop trigger take_back_changed_files on public.photos'],
  ['uploads to a path that is being removed', '14_storage_deletions', `create or replace function private.is_being_removed(bucket text, name text)
    returns boolean language sql stable set search_path = '' as $$ select false $$`],
  ['uploads without a row outlive the account', '14_storage_deletions', 'drop trigger queue_stored_files on public.users'],
  ['uploads without a row outlive the project', '14_storage_deletions', 'drop trigger queue_stored_files on public.video_projects'],
  ['the dashboard multiplies, as drafted', '15_views', `create or replace view public.user_dashboard_stats with (security_invoker = true) as
    select u.id, u.display_name, u.subscription_plan, u.total_storage_bytes, count(distinct p.id) as project_count,
      count(distinct case when p.status = 'completed' then p.id end) as completed_projects,
      count(distinct gv.id) as generated_videos, coalesce(sum(ph.file_size_bytes), 0) as photos_storage_bytes
    from public.users u left join public.video_projects p on u.id = p.user_id left join public.photos ph on p.id = ph.project_id
      left join public.generated_videos gv on p.id = gv.project_id and gv.status = 'completed'
    group by u.id, u.display_name, u.subscription_plan, u.total_storage_bytes`],
  ['days of the session\'s time zone, as drafted', '15_views', `drop materialized view public.user_analytics_daily;
    create materialized view public.user_analytics_daily as select date_trunc('day', created_at)::date as date, count(*) as new_users,
      count(*) filter (where subscription_plan <> 'free') as paid_users from public.users group by 1;
    create unique index idx_user_analytics_date on public.user_analytics_daily (date)`],
  ['analytics that cannot be refreshed concurrently, as drafted', '15_views', `drop index public.idx_user_analytics_date;
    create index idx_user_analytics_date on public.user_analytics_daily (date)`],
  ['videos of picture types', '16_media', 'alter table public.media_items drop constraint valid_video_mime'],
  ['updated_at does not move', '16_media', 'drop trigger update_media_items_updated_at on public.media_items'],
  ['updated_at moves on two tables only, as drafted', '01_shape', 'drop trigger update_photos_updated_at on public.photos'],
  // Speed.
  ['an index that another begins with, as drafted', '01_shape', 'create index idx_projects_user_id on public.video_projects (user_id)'],
  ['an index that is a constraint\'s already, as drafted', '01_shape', 'create index idx_users_email on public.users (email)'],
  ['a foreign key without an index', '01_shape', 'drop index public.idx_generated_videos_project_id'],
  // Functions.
  ['create_project_with_photos with the owner\'s rights', '12_functions', 'alter function public.create_project_with_photos(jsonb, jsonb) security definer'],
  ['anon calls functions', '12_functions', 'grant usage on schema private to anon; grant execute on all functions in schema public to anon'],
].map(([name, file, sql]) => ({ name, file: `${file}.sql`, sql }));
