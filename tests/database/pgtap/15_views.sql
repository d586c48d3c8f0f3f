-- The dashboard, the summary of usage, the daily analytics, and the regular work.
begin;
set local search_path = public, tap;
select plan(17);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('ann', 'q');
select tests.project('bob', 'b');
select tests.add_photos('ann', 'p', 2, 1000);
select tests.add_photos('bob', 'b', 1, 7);
insert into generated_videos (project_id, ai_prompt, status, file_url, progress_percentage, completed_at)
  select tests.id('p'), 'x', 'completed', 'v' || n, 100, now() from generate_series(1, 3) as n;
insert into generated_videos (project_id, ai_prompt, status) values (tests.id('q'), 'x', 'failed');

select tests.act_as(tests.id('ann'));
select results_eq('select id, subscription_plan::text, total_storage_bytes, project_count, completed_projects, generated_videos, photos_storage_bytes::bigint from user_dashboard_stats',
  $$values (tests.id('ann'), 'free', 2000::bigint, 2::bigint, 1::bigint, 3::bigint, 2000::bigint)$$,
  'two photos and three videos are two photos'' bytes, and another''s are not shown');
select results_eq('select user_id, videos_generated, storage_used_bytes, projects_created from monthly_usage_summary',
  $$values (tests.id('ann'), 3::numeric, 2000::numeric, 2::numeric)$$, 'the month''s usage, the own one alone');
select tests.refused('select * from user_analytics_daily', '42501', 'permission denied', 'the analytics are not for clients');
select tests.refused('select refresh_user_analytics_daily()', '42501', 'permission denied', 'nor their refresh');
select tests.act_as_anon();
select tests.refused('select * from user_dashboard_stats', '42501', 'permission denied', 'anon has no dashboard');
select tests.refused('select * from monthly_usage_summary', '42501', 'permission denied', 'and no usage');
select tests.act_as_service();
select is((select count(*) from user_dashboard_stats), 2::bigint, 'the service sees everybody');

-- Days are days of UTC.
select tests.act_as_owner();
update users set created_at = '2026-03-01 23:59:59.9+00' where id = tests.id('ann');
update users set created_at = '2026-03-02 00:00:00+00', subscription_plan = 'pro' where id = tests.id('bob');
set local timezone = 'Pacific/Kiritimati';
select tests.act_as_service();
select lives_ok('select refresh_user_analytics_daily()', 'the service refreshes the analytics, concurrently');
select results_eq($$select date, new_users, paid_users from user_analytics_daily order by 1$$,
  $$values ('2026-03-01'::date, 1::bigint, 0::bigint), ('2026-03-02', 1, 1)$$, 'a day is a day of UTC');
select col_type_is('public', 'user_analytics_daily', 'date', 'date', 'and has the type of one');
select tests.act_as_owner();
select ok((select indisunique from pg_index where indexrelid = 'idx_user_analytics_date'::regclass), 'its index is unique, as a concurrent refresh asks');
select ok(pg_get_functiondef('refresh_user_analytics_daily'::regproc) like '%concurrently%', 'which it is');

-- The regular work, in a pg_cron that is made of paper.
select is(private.schedule_regular_work(), false, 'without pg_cron nothing is scheduled');
create schema cron;
create table cron.job (name text primary key, schedule text, command text);
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
  insert into cron.job values ($1, $2, $3) on conflict (name) do update set schedule = $2, command = $3 returning 1::bigint $$;
select is(private.schedule_regular_work(), true, 'with it the work is scheduled');
select is(private.schedule_regular_work(), true, 'again is the same');
select bag_eq('select command from cron.job', $$values ('select public.expire_subscriptions()'), ('select public.create_usage_partitions(12)'),
  ('select public.refresh_user_analytics_daily()')$$, 'expiry, partitions, analytics');
create function pg_temp.run_all() returns bigint language plpgsql as $$
declare work text; begin for work in select command from cron.job loop execute work; end loop; return 1; end $$;
select lives_ok('select pg_temp.run_all()', 'and each of it runs');

select * from finish();
rollback;
