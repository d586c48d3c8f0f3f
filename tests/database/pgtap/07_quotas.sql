-- Quotas: PT402 at the plan's limit, nothing changed by what is refused.
begin;
set local search_path = public, tap;
select plan(31);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.act_as(tests.id('ann'));

-- Projects a month.
select lives_ok($$insert into video_projects (style) select 'classic' from generate_series(1, 19)$$, '19 projects');
select results_eq($$select * from check_quota('project_creation')$$, 'values (true, 19::numeric, 20::numeric)', 'one more is allowed');
select results_eq($$select * from check_quota('project_creation', 2)$$, 'values (false, 19::numeric, 20::numeric)', 'two are not');
select tests.refused($$insert into video_projects (style) values ('classic'), ('modern')$$, 'PT402', 'project_creation', 'nor stored');
select is((select count(*) from video_projects), 19::bigint, 'none of the two');
select lives_ok($$insert into video_projects (id) values (tests.id('p'))$$, 'the 20th');
select tests.refused($$insert into video_projects (style) values ('classic')$$, 'PT402', 'project_creation', 'the 21st is refused');
delete from video_projects where id <> tests.id('p');
select tests.refused($$insert into video_projects (style) values ('classic')$$, 'PT402', 'project_creation', 'deleting gives nothing back');
select results_eq($$select projects_created from monthly_usage_summary$$, 'values (20::numeric)', 'twenty are on record');
select tests.act_as_owner();
update usage_records set billing_month = (billing_month - interval '1 month')::date;
select tests.act_as(tests.id('ann'));
select lives_ok($$insert into video_projects (style) values ('classic')$$, 'last month''s do not count');

-- Videos a month.
select lives_ok($$select request_video_generation(tests.id('p'), 'one')$$, 'a first video');
select results_eq($$select * from check_quota('video_generation')$$, 'values (true, 1::numeric, 3::numeric)', 'counts while it is made');
select tests.act_as_service();
update generated_videos set status = 'completed', file_url = 'x', progress_percentage = 100;
select tests.act_as(tests.id('ann'));
select results_eq($$select * from check_quota('video_generation')$$, 'values (true, 1::numeric, 3::numeric)', 'and once when it is ready');
select request_video_generation(tests.id('p'), 'two');
select cancel_video_generation((select id from generated_videos where status = 'queued'));
select results_eq($$select used from check_quota('video_generation')$$, 'values (1::numeric)', 'a cancelled one does not count');
select tests.act_as_owner();
insert into usage_records (user_id, resource_type, amount, unit) values (tests.id('ann'), 'video_generation', 2, 'count'),
  (tests.id('ann'), 'video_generation', 500, 'seconds');
select tests.act_as(tests.id('ann'));
select results_eq($$select * from check_quota('video_generation')$$, 'values (false, 3::numeric, 3::numeric)', 'three of three, seconds aside');
select tests.refused($$select request_video_generation(tests.id('p'), 'four')$$, 'PT402', 'video_generation', 'the fourth is refused');
select is((select status::text from video_projects where id = tests.id('p')), 'cancelled', 'and leaves the project as it was');

-- Bytes.
select results_eq($$select * from check_quota('storage_bytes', 1073741824)$$, 'values (true, 0::numeric, 1073741824::numeric)', 'a whole GiB is allowed');
select results_eq($$select allowed from check_quota('storage_bytes', 1073741825)$$, 'values (false)', 'a byte more is not');
select lives_ok($$insert into media_items (file_url, original_filename, file_type, file_size_bytes, mime_type)
  values (tests.id('ann') || '/a.mp4', 'a.mp4', 'video', 1073741824 - 1000, 'video/mp4')$$, 'nearly all of it');
select lives_ok($$select tests.add_photos('ann', 'p', 1, 1000)$$, 'the last bytes');
select tests.refused($$select tests.add_photos('ann', 'p', 1, 1)$$, 'PT402', 'storage_bytes', 'a byte more is refused');
select tests.refused($$insert into media_items (file_url, original_filename, file_type, file_size_bytes, mime_type)
  values (tests.id('ann') || '/b.jpg', 'b.jpg', 'image', 1, 'image/jpeg')$$, 'PT402', 'storage_bytes', 'in media too');
select results_eq($$select photo_count from video_projects where id = tests.id('p')$$, 'values (1)', 'nothing of it remains');
select lives_ok($$delete from photos$$, 'deleting is always possible');

-- Plans.
select tests.act_as_owner();
insert into subscriptions (user_id, plan_id, stripe_subscription_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'enterprise', 'sub_1', now(), now() + interval '1 month');
select tests.act_as(tests.id('ann'));
select results_eq($$select * from check_quota('storage_bytes', 1e15)$$, 'values (true, 1073740824::numeric, null::numeric)', 'enterprise has no limit');
select lives_ok($$insert into video_projects (style) select 'classic' from generate_series(1, 100)$$, 'a hundred projects');

-- Wrong questions.
select tests.refused($$select check_quota('storage_bytes', -1)$$, '22023', 'negative', 'a negative amount');
select tests.refused($$select check_quota('storage_bytes', null)$$, '22023', 'negative', 'no amount');
select tests.refused($$select check_quota('gold', 1)$$, '22P02', 'resource_type', 'an unknown resource');
select tests.act_as_anon();
select tests.refused($$select check_quota('storage_bytes', 1)$$, '42501', 'permission denied', 'anon has no quota');

select * from finish();
rollback;
