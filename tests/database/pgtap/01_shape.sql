-- What is there, read from the catalog: tables, types, rules about indexes, policies and functions.
begin;
set local search_path = public, tap;
select plan(32);

select results_eq(
  $$select relname::text collate "default" from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    order by 1$$,
  array['generated_videos', 'invoices', 'media_items', 'payment_methods', 'photos', 'plan_limits',
    'subscriptions', 'usage_records', 'users', 'video_projects'],
  'every table of the design, and no other');

select enum_has_labels('public', 'project_status', array['draft', 'processing', 'completed', 'failed', 'cancelled']);
select enum_has_labels('public', 'video_style', array['classic', 'modern', 'cinematic', 'vintage']);
select enum_has_labels('public', 'generation_status', array['queued', 'processing', 'completed', 'failed', 'cancelled']);
select enum_has_labels('public', 'subscription_status', array['active', 'past_due', 'cancelled', 'unpaid']);
select enum_has_labels('public', 'resource_type', array['video_generation', 'storage_bytes', 'project_creation']);

select results_eq(
  'select plan_id::text, projects_per_month, videos_per_month, max_storage_bytes from plan_limits order by max_storage_bytes',
  $$values ('free', 20, 3, 1073741824::bigint), ('pro', 500, 100, 53687091200), ('enterprise', null, null, null)$$,
  'the limits of the three plans');

-- Access.

select is_empty(
  $$select relname from pg_class
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p') and not relrowsecurity$$,
  'row level security is on everywhere');

select is_empty(
  $$select tablename, policyname from pg_policies
    where schemaname in ('public', 'private') and 'public' = any (roles)$$,
  'every policy names its role');

select is_empty(
  $$select p.tablename, r.role, a.action, count(*)
    from pg_policies p cross join unnest(p.roles) as r (role)
      cross join unnest(case p.cmd when 'ALL' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] else array[p.cmd] end) as a (action)
    where p.schemaname in ('public', 'private', 'storage') and p.permissive = 'PERMISSIVE'
    group by p.tablename, r.role, a.action having count(*) > 1$$,
  'one permissive policy per table, role and action');

select is_empty(
  $$select tablename, policyname from pg_policies
    where schemaname in ('public', 'storage')
      and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), '\( ?SELECT auth\.uid\(\) AS uid\)', '', 'g') ~ 'auth\.'$$,
  'auth.uid() stands in a sub-select in every policy');

select is_empty(
  $$select tablename, policyname from pg_policies
    where coalesce(qual, '') || coalesce(with_check, '') ~ 'current_setting|jwt'$$,
  'no policy reads a setting that a session can write');

select is_empty(
  $$select p.oid::regprocedure from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not ('search_path=""' = any (coalesce(p.proconfig, '{}')))$$,
  'every function has an empty search_path');

-- A pooler in transaction mode hands the session to somebody else at the end of each transaction.
select is_empty(
  $$select p.oid::regprocedure from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and p.prosrc ~* '\m(pg_(try_)?advisory_(un)?lock(_shared)?|set_config|create temp\w*|prepare|listen|declare \w+ cursor with hold)\M'$$,
  'no function leaves anything in the session');

select is_empty(
  $$select p.oid::regprocedure, a.role from pg_proc p,
      unnest(array['anon', 'authenticated', 'service_role']) as a (role)
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and p.prorettype = 'trigger'::regtype and has_function_privilege(a.role, p.oid, 'execute')$$,
  'no API role may execute a trigger function');

select is_empty(
  $$select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef
      and (has_function_privilege('anon', p.oid, 'execute') or has_function_privilege('authenticated', p.oid, 'execute'))$$,
  'no client may execute a SECURITY DEFINER function of the API');

select results_eq(
  $$select p.proname::text collate "default" from pg_proc p
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', p.oid, 'execute')
    order by 1$$,
  array['cancel_video_generation', 'check_quota', 'create_project_with_photos', 'reorder_photos',
    'request_video_generation', 'set_default_payment_method', 'validate_i18n_json'],
  'clients may execute the six functions, and the check of i18n values');

select is_empty(
  $$select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('anon', p.oid, 'execute')$$,
  'anon may execute none');

select results_eq(
  $$select p.proname::text collate "default" from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname in ('expire_subscriptions',
        'refresh_user_analytics_daily', 'create_usage_partitions', 'claim_storage_deletions', 'settle_storage_deletions')
      and has_function_privilege('service_role', p.oid, 'execute')
    order by 1$$,
  array['claim_storage_deletions', 'create_usage_partitions', 'expire_subscriptions',
    'refresh_user_analytics_daily', 'settle_storage_deletions'],
  'the service role runs the regular work');

select is_empty(
  $$select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
      and not ('security_invoker=true' = any (coalesce(reloptions, '{}')))$$,
  'views run with the caller''s rights');

-- Speed.

select is_empty(
  $$select a.indexrelid::regclass, b.indexrelid::regclass
    from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid
      join pg_class c on c.oid = a.indrelid and c.relnamespace = 'public'::regnamespace
    where not a.indisunique and a.indpred is null and b.indpred is null
      and a.indexprs is null and b.indexprs is null
      and (b.indkey::text || ' ') like (a.indkey::text || ' %')
      and (a.indkey::text <> b.indkey::text or b.indisunique or a.indexrelid < b.indexrelid)$$,
  'no index is the beginning of another');

select is_empty(
  $$select con.conrelid::regclass, con.conname from pg_constraint con
      join pg_class c on c.oid = con.conrelid and c.relnamespace in ('public'::regnamespace)
    where con.contype = 'f' and not exists (
      select 1 from pg_index i
      where i.indrelid = con.conrelid and i.indpred is null and i.indkey[0] = con.conkey[1])$$,
  'an index stands under every foreign key');

select is_empty(
  $$select column_name from (values ('users', 'id'), ('video_projects', 'user_id'), ('photos', 'user_id'),
      ('media_items', 'user_id'), ('generated_videos', 'project_id'), ('subscriptions', 'user_id'),
      ('payment_methods', 'user_id'), ('invoices', 'user_id'), ('usage_records', 'user_id'))
      as wanted (table_name, column_name)
    where not exists (
      select 1 from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = ('public.' || wanted.table_name)::regclass and i.indpred is null
        and a.attname = wanted.column_name)$$,
  'an index stands under every policy column');

select is_empty(
  $$select wanted.name from unnest(array['idx_users_subscription', 'idx_projects_status', 'idx_projects_created_at',
      'idx_projects_user_status_created', 'idx_photos_project_order', 'idx_generated_videos_project_id',
      'idx_generated_videos_status', 'idx_generated_videos_external_id', 'idx_processing_videos',
      'idx_subscriptions_user_active', 'idx_usage_user_month', 'idx_usage_type_month', 'idx_usage_user_type_month',
      'idx_media_user_id', 'idx_media_created_at', 'idx_media_type', 'idx_user_analytics_date']) as wanted (name)
    where to_regclass('public.' || wanted.name) is null$$,
  'the given indexes are there, less the six redundant ones');

-- Timestamps.

select is_empty(
  $$select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not exists (
      select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'public.update_updated_at_column'::regproc)$$,
  'every table with updated_at moves it');

select has_column('public', 'payment_methods', 'is_default', 'payment methods have their drawn columns');
select columns_are('public', 'payment_methods', array['id', 'user_id', 'provider', 'external_id', 'is_default',
  'card_last4', 'card_brand', 'expires_at', 'created_at']);
select columns_are('public', 'invoices', array['id', 'user_id', 'amount_cents', 'currency', 'status', 'stripe_id',
  'issued_at', 'paid_at', 'created_at']);

select is(
  (select partstrat::text from pg_partitioned_table where partrelid = 'public.usage_records'::regclass), 'r',
  'usage is partitioned by range');
select col_is_pk('public', 'usage_records', array['id', 'billing_month'], 'its key has the month');
select col_default_is('public', 'video_projects', 'user_id', 'auth.uid()', 'a project is its maker''s');
select col_default_is('public', 'media_items', 'user_id', 'auth.uid()', 'a media item is its maker''s');

select * from finish();
rollback;
