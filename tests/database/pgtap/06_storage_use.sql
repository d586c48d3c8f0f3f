-- total_storage_bytes is exact after every insert, update, delete and cascade.
begin;
set local search_path = public, tap;
select plan(24);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('ann', 'q');
select tests.project('bob', 'b');

create function pg_temp.used(person text) returns bigint language sql as $$
  select total_storage_bytes from public.users where id = tests.id(person) $$;
create function pg_temp.add_media(person text, bytes bigint) returns void language sql as $$
  insert into public.media_items (user_id, file_url, original_filename, file_type, file_size_bytes, mime_type)
  values (tests.id(person), tests.id(person) || '/' || gen_random_uuid() || '.mp4', 'a.mp4', 'video', bytes, 'video/mp4') $$;

select tests.add_photos('ann', 'p', 3, 1000);
select is(pg_temp.used('ann'), 3000::bigint, 'photos count');
select tests.add_photos('ann', 'q', 2, 10);
select is(pg_temp.used('ann'), 3020::bigint, 'in every project');
select pg_temp.add_media('ann', 500);
select is(pg_temp.used('ann'), 3520::bigint, 'media count');
select is(pg_temp.used('bob'), 0::bigint, 'for their owner');

update photos set file_size_bytes = 400 where project_id = tests.id('p') and upload_order = 0;
select is(pg_temp.used('ann'), 2920::bigint, 'a photo that became smaller');
update photos set file_size_bytes = file_size_bytes + 1;
select is(pg_temp.used('ann'), 2925::bigint, 'photos that grew');
update media_items set file_size_bytes = 600;
select is(pg_temp.used('ann'), 3025::bigint, 'media that grew');
update media_items set user_id = tests.id('bob'), file_url = replace(file_url, tests.id('ann')::text, tests.id('bob')::text);
select is(pg_temp.used('ann'), 2425::bigint, 'media that went to another');
select is(pg_temp.used('bob'), 600::bigint, 'count for the other');

delete from photos where project_id = tests.id('p') and upload_order = 0;
select is(pg_temp.used('ann'), 2024::bigint, 'a photo that went');
delete from video_projects where id = tests.id('p');
select is(pg_temp.used('ann'), 22::bigint, 'a project that went with its photos');
delete from media_items;
select is(pg_temp.used('bob'), 0::bigint, 'media that went');
delete from video_projects where user_id = tests.id('ann');
select is(pg_temp.used('ann'), 0::bigint, 'nothing is left of nothing');

select tests.refused($$update users set total_storage_bytes = -1$$, '23514', 'valid_total_storage', 'it is never negative');
select tests.project('ann', 'r');
select tests.add_photos('ann', 'r', 1, 1000);
update users set total_storage_bytes = 10 where id = tests.id('ann');
select lives_ok($$delete from photos$$, 'not even where somebody has set it by hand');
select is(pg_temp.used('ann'), 0::bigint, 'it stops at nothing');

-- Usage: bytes stored, by the database.
select results_eq($$select user_id, resource_type::text, sum(amount), min(unit)::text, min(billing_month) from usage_records
    where resource_type = 'storage_bytes' group by 1, 2 order by 3$$,
  $$values (tests.id('bob'), 'storage_bytes', 600::numeric, 'bytes', date_trunc('month', now() at time zone 'UTC')::date),
    (tests.id('ann'), 'storage_bytes', 4625::numeric, 'bytes', date_trunc('month', now() at time zone 'UTC')::date)$$,
  'bytes that were stored are usage of the month');

-- Petabytes.
update users set subscription_plan = 'enterprise' where id = tests.id('ann');
select lives_ok($$select pg_temp.add_media('ann', 5000000000000000)$$, 'five petabytes');
select is(pg_temp.used('ann'), 5000000000000000, 'fit the total');
select is((select max(amount) from usage_records), 5000000000000000::numeric, 'and the usage');
select is((select storage_used_bytes from monthly_usage_summary where user_id = tests.id('ann')), 5000000000004625::numeric, 'and the summary');


-- The largest file that the column takes.
select tests.sign_up('max');
update users set subscription_plan = 'enterprise' where id = tests.id('max');
select lives_ok($$select pg_temp.add_media('max', 9223372036854775807)$$, 'the largest bigint');
select is(pg_temp.used('max'), 9223372036854775807, 'fits the total');
select tests.refused($$select pg_temp.add_media('max', 1)$$, '22003', 'bigint out of range', 'beyond it nothing is stored');

select * from finish();
rollback;
