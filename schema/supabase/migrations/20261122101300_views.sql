-- Views run with the caller's rights; the daily analytics are for the service role. At the end the
-- regular work, for pg_cron where it exists.
begin;

do $$
begin
  if to_regclass('public.user_dashboard_stats') is not null then
    raise exception 'migration 20261122101300_views is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- Counts in sub-selects: joined, two photos and three videos would be six rows.
create view public.user_dashboard_stats with (security_invoker = true) as
select
  profile.id,
  profile.display_name,
  profile.subscription_plan,
  profile.total_storage_bytes,
  (select count(*) from public.video_projects as project
    where project.user_id = profile.id) as project_count,
  (select count(*) from public.video_projects as project
    where project.user_id = profile.id and project.status = 'completed') as completed_projects,
  (select count(*) from public.generated_videos as video
      join public.video_projects as project on project.id = video.project_id
    where project.user_id = profile.id and video.status = 'completed') as generated_videos,
  (select coalesce(sum(photo.file_size_bytes), 0) from public.photos as photo
    where photo.user_id = profile.id) as photos_storage_bytes
from public.users as profile;

create view public.monthly_usage_summary with (security_invoker = true) as
select
  usage.user_id,
  usage.billing_month,
  coalesce(sum(usage.amount) filter (
    where usage.resource_type = 'video_generation' and usage.unit = 'count'), 0) as videos_generated,
  coalesce(sum(usage.amount) filter (
    where usage.resource_type = 'storage_bytes'), 0) as storage_used_bytes,
  coalesce(sum(usage.amount) filter (
    where usage.resource_type = 'project_creation'), 0) as projects_created
from public.usage_records as usage
group by usage.user_id, usage.billing_month;

create materialized view public.user_analytics_daily as
select
  (profile.created_at at time zone 'UTC')::date as date,
  count(*) as new_users,
  count(*) filter (where profile.subscription_plan <> 'free') as paid_users
from public.users as profile
group by (profile.created_at at time zone 'UTC')::date;

-- Unique, which a concurrent refresh needs.
create unique index idx_user_analytics_date on public.user_analytics_daily (date);

-- Only the owner may refresh a materialized view, so this runs with the owner's rights.
create function public.refresh_user_analytics_daily() returns void
language plpgsql security definer set search_path = ''
as $$
begin
  refresh materialized view concurrently public.user_analytics_daily;
end
$$;

-- Sets up the regular work in pg_cron, if that is installed; true when it is. To be called again
-- after pg_cron is added. Scheduling under a name that exists replaces it.
create function private.schedule_regular_work() returns boolean
language plpgsql set search_path = ''
as $$
declare
  work text[];
begin
  if to_regprocedure('cron.schedule(text, text, text)') is null then
    return false;
  end if;
  foreach work slice 1 in array array[
    array['photomemory-expire-subscriptions', '*/15 * * * *', 'select public.expire_subscriptions()'],
    array['photomemory-usage-partitions', '0 3 1 * *', 'select public.create_usage_partitions(12)'],
    array['photomemory-analytics', '10 0 * * *', 'select public.refresh_user_analytics_daily()']]
  loop
    execute 'select cron.schedule($1, $2, $3)' using work[1], work[2], work[3];
  end loop;
  return true;
end
$$;

revoke all on table public.user_dashboard_stats, public.monthly_usage_summary,
  public.user_analytics_daily from public, anon, authenticated, service_role;
grant select on table public.user_dashboard_stats, public.monthly_usage_summary
  to authenticated, service_role;
grant select on table public.user_analytics_daily to service_role;
revoke all on function public.refresh_user_analytics_daily(), private.schedule_regular_work()
  from public, anon, authenticated, service_role;
grant execute on function public.refresh_user_analytics_daily() to service_role;

select private.schedule_regular_work();

commit;
