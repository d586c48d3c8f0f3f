-- Usage records: units, months, partitions.
begin;
set local search_path = public, tap;
select plan(25);
select tests.sign_up('ann');
create function pg_temp.usage(resource text, amount numeric, unit text, month date) returns text language sql as $$
  select format('insert into public.usage_records (user_id, resource_type, amount, unit, billing_month) values (tests.id(''ann''), %L, %L, %L, %L)',
    resource, amount, unit, month) $$;

select tests.refused(pg_temp.usage('storage_bytes', 1, 'bytes', '2026-11-02'), '23514', 'valid_billing_month', 'a month begins with its first day');
select lives_ok(pg_temp.usage('storage_bytes', 1, 'bytes', '2026-11-01'), 'the first day');
select tests.refused(pg_temp.usage('storage_bytes', -1, 'bytes', '2026-11-01'), '23514', 'positive_amount', 'a negative amount');
select tests.refused(pg_temp.usage('storage_bytes', 1, 'count', '2026-11-01'), '23514', 'valid_resource_unit', 'bytes are not counted');
select tests.refused(pg_temp.usage('storage_bytes', 1, 'seconds', '2026-11-01'), '23514', 'valid_resource_unit', 'nor timed');
select tests.refused(pg_temp.usage('project_creation', 1, 'bytes', '2026-11-01'), '23514', 'valid_resource_unit', 'projects have no bytes');
select tests.refused(pg_temp.usage('video_generation', 1, 'bytes', '2026-11-01'), '23514', 'valid_resource_unit', 'nor have videos');
select tests.refused(pg_temp.usage('video_generation', 1, 'frames', '2026-11-01'), '23514', 'valid_', 'an unknown unit');
select lives_ok(pg_temp.usage('video_generation', 90.5, 'seconds', '2026-11-01'), 'videos have seconds');
select lives_ok(pg_temp.usage('storage_bytes', 5e15, 'bytes', '2026-11-01'), 'petabytes');
select tests.refused($$insert into usage_records (user_id, resource_type, amount, unit, metadata) values (tests.id('ann'), 'storage_bytes', 1, 'bytes', '[]')$$,
  '23514', 'valid_metadata', 'metadata is an object');

-- The month is a month of UTC, whatever the session's zone.
set local timezone = 'Pacific/Kiritimati';
select is(private.billing_month('2026-10-31 23:59:59+00'), '2026-10-01'::date, 'the last second of October in UTC');
set local timezone = 'Pacific/Pago_Pago';
select is(private.billing_month('2026-11-01 00:00:00+00'), '2026-11-01'::date, 'the first of November in UTC');
set local timezone = 'UTC';

-- Partitions.
select ok(to_regclass('private.usage_records_' || to_char(now() at time zone 'UTC', 'YYYY_MM')) is not null, 'this month has its partition');
select ok(to_regclass('private.usage_records_' || to_char((now() at time zone 'UTC') + interval '12 months', 'YYYY_MM')) is not null, 'so has next year');
select is(create_usage_partitions(12), 0, 'nothing is made twice');
select lives_ok(pg_temp.usage('storage_bytes', 7, 'bytes', (private.billing_month() + interval '14 months')::date), 'a month without a partition takes records');
select is((select tableoid::regclass::text from usage_records where amount = 7), 'private.usage_records_default', 'in the default partition');
select tests.act_as_service();
select is(create_usage_partitions(15), 3, 'three more months');
select tests.act_as_owner();
select is((select tableoid::regclass::text from usage_records where amount = 7),
  'private.usage_records_' || to_char(private.billing_month() + interval '14 months', 'YYYY_MM'), 'the record moved over');
select is((select count(*) from usage_records where user_id = tests.id('ann')), 4::bigint, 'none was lost');
select tests.refused('select create_usage_partitions(-1)', '22023', 'months', 'months behind');
select tests.act_as(tests.id('ann'));
select tests.refused('select create_usage_partitions(1)', '42501', 'permission denied', 'clients make none');
select tests.refused('select * from private.usage_records_default', '42501', 'permission denied', 'and do not reach one past its parent');
select tests.refused($$insert into usage_records (user_id, resource_type, amount, unit) values (tests.id('ann'), 'storage_bytes', 1, 'bytes')$$,
  '42501', 'permission denied', 'nor write usage');

select * from finish();
rollback;
