-- What each role may do, privilege by privilege: DATABASE.md's table, and nothing beside it.
begin;
set local search_path = public, tap;
select plan(12);

create temp table wanted (relation text, operation text, columns text[]) on commit drop;
insert into wanted values
  ('users', 'UPDATE', array['display_name', 'avatar_url', 'language', 'timezone']),
  ('video_projects', 'INSERT', array['id', 'user_id', 'title_i18n', 'description_i18n', 'style', 'duration_minutes', 'ai_prompt', 'metadata']),
  ('video_projects', 'UPDATE', array['title_i18n', 'description_i18n', 'style', 'duration_minutes', 'ai_prompt', 'metadata']),
  ('photos', 'INSERT', array['id', 'project_id', 'file_url', 'thumbnail_url', 'original_filename', 'file_size_bytes', 'mime_type', 'width', 'height', 'upload_order', 'metadata']),
  ('photos', 'UPDATE', array['thumbnail_url', 'original_filename', 'width', 'height', 'upload_order', 'metadata']),
  ('media_items', 'INSERT', array['id', 'user_id', 'file_url', 'thumbnail_url', 'original_filename', 'file_type', 'file_size_bytes', 'mime_type', 'width', 'height', 'metadata']),
  ('media_items', 'UPDATE', array['thumbnail_url', 'original_filename', 'width', 'height', 'metadata']),
  ('generated_videos', 'INSERT', array['id', 'project_id', 'ai_prompt', 'generation_service']),
  ('generated_videos', 'UPDATE', array['status']),
  ('payment_methods', 'UPDATE', array['is_default']);

create temp view columns_of_tables as
  select c.relname::text as relation, a.attname::text as column_name
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p');

select is_empty(
  $$select relation, operation, column_name
    from columns_of_tables cross join unnest(array['INSERT', 'UPDATE']) as op (operation)
    where has_column_privilege('authenticated', 'public.' || relation, column_name, operation)
      <> exists (select 1 from wanted w where w.relation = columns_of_tables.relation
        and w.operation = op.operation and column_name = any (w.columns))$$,
  'authenticated may insert and update exactly the columns of the design');

select results_eq(
  $$select relname::text collate "default" from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and has_table_privilege('authenticated', oid, 'DELETE')
    order by 1$$,
  array['media_items', 'payment_methods', 'photos', 'video_projects'],
  'authenticated may delete from four tables');

select results_eq(
  $$select relname::text collate "default" from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and has_any_column_privilege('anon', oid, 'SELECT')
    order by 1$$,
  array['plan_limits'], 'anon reads plan limits and nothing else');

select is_empty(
  $$select relation, column_name, operation
    from columns_of_tables cross join unnest(array['INSERT', 'UPDATE', 'REFERENCES']) as op (operation)
    where has_column_privilege('anon', 'public.' || relation, column_name, operation)$$,
  'anon writes nothing');

select is_empty(
  $$select c.relname, r.role, p.privilege from pg_class c, unnest(array['anon', 'authenticated', 'service_role']) as r (role),
      unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) as p (privilege)
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege(r.role, c.oid, p.privilege)$$,
  'nobody but the owner may truncate, reference or put triggers on a table');

select is_empty(
  $$select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not (has_table_privilege('service_role', c.oid, 'SELECT') and has_table_privilege('service_role', c.oid, 'INSERT')
        and has_table_privilege('service_role', c.oid, 'UPDATE') and has_table_privilege('service_role', c.oid, 'DELETE'))$$,
  'the service role reads and writes every table');

select is_empty(
  $$select c.relname, r.role from pg_class c, unnest(array['anon', 'authenticated']) as r (role)
    where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p')
      and (has_any_column_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(r.role, c.oid, 'DELETE'))$$,
  'clients have nothing to do with the private tables, partitions among them');

select is_empty(
  $$select c.relname, r.role from pg_class c, unnest(array['anon', 'authenticated', 'service_role']) as r (role)
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
      and (has_any_column_privilege(r.role, c.oid, 'INSERT, UPDATE') or has_table_privilege(r.role, c.oid, 'DELETE'))$$,
  'nobody writes through a view');

select ok(has_table_privilege('service_role', 'public.user_analytics_daily', 'SELECT'), 'the service role reads the analytics');
select ok(not has_table_privilege('authenticated', 'public.user_analytics_daily', 'SELECT'), 'clients do not');
select ok(has_table_privilege('authenticated', 'public.user_dashboard_stats', 'SELECT')
  and has_table_privilege('authenticated', 'public.monthly_usage_summary', 'SELECT'), 'clients read the two views');
select ok(not has_schema_privilege('anon', 'private', 'USAGE'), 'anon does not see the schema private');

select * from finish();
rollback;
