-- What a client must not do is refused by privilege; by policy alone, where everything is granted and
-- the guards are off; by guard alone, where everything is granted and row level security is off.
begin;
set local client_min_messages = warning;
set local search_path = public, tap;
select plan(188);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('bob', 'b');
select tests.add_photos('ann', 'p', 2);
select tests.add_photos('bob', 'b', 2);
insert into media_items (user_id, file_url, original_filename, file_type, file_size_bytes, mime_type)
  select tests.id(person), tests.id(person) || '/a.jpg', 'a.jpg', 'image', 5, 'image/jpeg' from unnest(array['ann', 'bob']) as person;
insert into subscriptions (user_id, plan_id, current_period_start, current_period_end)
  select tests.id(person), 'free', now(), now() + interval '1 day' from unnest(array['ann', 'bob']) as person;
insert into payment_methods (user_id, provider, external_id) select tests.id(person), 'stripe', person from unnest(array['ann', 'bob']) as person;
insert into invoices (user_id, amount_cents) select tests.id(person), 1 from unnest(array['ann', 'bob']) as person;
insert into generated_videos (project_id, ai_prompt, status) values (tests.id('p'), 'x', 'failed'), (tests.id('b'), 'x', 'failed');
create table tests.people (relation text, mine text);
insert into tests.people values ('users', 'id = tests.id(''bob'')'), ('video_projects', 'user_id = tests.id(''bob'')'),
  ('photos', 'user_id = tests.id(''bob'')'), ('media_items', 'user_id = tests.id(''bob'')'), ('subscriptions', 'user_id = tests.id(''bob'')'),
  ('payment_methods', 'user_id = tests.id(''bob'')'), ('invoices', 'user_id = tests.id(''bob'')'), ('usage_records', 'user_id = tests.id(''bob'')'),
  ('generated_videos', 'project_id = tests.id(''b'')');

-- What ann must not do. row_of_another: a policy can tell too, since it is about whose the row is.
create table tests.forbidden (what text, statement text, row_of_another boolean);
insert into tests.forbidden values
  ('change the own plan', 'update public.users set subscription_plan = ''enterprise''', false),
  ('change the own storage total', 'update public.users set total_storage_bytes = 0', false),
  ('change the own e-mail', 'update public.users set email = ''x@example.com''', false),
  ('change the own id', 'update public.users set id = gen_random_uuid()', false),
  ('change the own timestamps', 'update public.users set created_at = ''2000-01-01''', false),
  ('insert a profile', 'insert into public.users (id, email, display_name) values (gen_random_uuid(), ''y@example.com'', ''y'')', true),
  ('change another''s profile', 'update public.users set display_name = ''x'' where id = tests.id(''bob'')', true),
  ('delete the profile', 'delete from public.users', true),
  ('give a project away', 'update public.video_projects set user_id = tests.id(''bob'')', true),
  ('insert a project for another', 'insert into public.video_projects (user_id) values (tests.id(''bob''))', true),
  ('change another''s project', 'update public.video_projects set style = ''modern'' where id = tests.id(''b'')', true),
  ('delete another''s project', 'delete from public.video_projects where id = tests.id(''b'')', true),
  ('write the photo count', 'update public.video_projects set photo_count = 0', false),
  ('write the status', 'update public.video_projects set status = ''completed''', false),
  ('insert a project with a count', 'insert into public.video_projects (photo_count) values (5)', false),
  ('insert a completed project', 'insert into public.video_projects (status) values (''completed'')', false),
  ('insert a project of the past', 'insert into public.video_projects (created_at) values (''2000-01-01'')', false),
  ('change a project''s timestamps', 'update public.video_projects set created_at = ''2000-01-01''', false),
  ('insert a photo for another', 'select tests.add_photos(''bob'', ''b'', 1)', true),
  ('insert a photo into another''s project', 'select tests.add_photo(''ann'', ''b'')', true),
  ('name the owner of a photo', 'select tests.add_photo(''ann'', ''p'', jsonb_build_object(''user_id'', tests.id(''bob'')))', false),
  ('move a photo into another''s project', 'update public.photos set project_id = tests.id(''b''), file_url = replace(file_url, tests.id(''p'')::text, tests.id(''b'')::text)', true),
  ('give a photo away', 'update public.photos set user_id = tests.id(''bob'')', false),
  ('change the bytes of a photo', 'update public.photos set file_size_bytes = 1', false),
  ('change the file of a photo', 'update public.photos set file_url = file_url || ''x''', false),
  ('change a photo''s id', 'update public.photos set id = gen_random_uuid() where upload_order = 0', false),
  ('change another''s photo', 'update public.photos set metadata = ''{}'' where user_id = tests.id(''bob'')', true),
  ('delete another''s photo', 'delete from public.photos where user_id = tests.id(''bob'')', true),
  ('insert media for another', 'insert into public.media_items (user_id, file_url, original_filename, file_type, file_size_bytes, mime_type)
      values (tests.id(''bob''), tests.id(''bob'') || ''/b.jpg'', ''b'', ''image'', 1, ''image/jpeg'')', true),
  ('change the bytes of media', 'update public.media_items set file_size_bytes = 1', false),
  ('change another''s media', 'update public.media_items set metadata = ''{}'' where user_id = tests.id(''bob'')', true),
  ('delete another''s media', 'delete from public.media_items where user_id = tests.id(''bob'')', true),
  ('give media away', 'update public.media_items set user_id = tests.id(''bob'')', true),
  ('insert a completed video', 'insert into public.generated_videos (project_id, ai_prompt, status, file_url, progress_percentage, completed_at)
      values (tests.id(''p''), ''x'', ''completed'', ''x'', 100, now())', true),
  ('insert a video with a file', 'insert into public.generated_videos (project_id, ai_prompt, file_url) values (tests.id(''p''), ''x'', ''x'')', true),
  ('ask for a video of another''s project', 'insert into public.generated_videos (project_id, ai_prompt) values (tests.id(''b''), ''x'')', true),
  ('complete a video', 'update public.generated_videos set status = ''completed'', file_url = ''x'', progress_percentage = 100, completed_at = now() where project_id = tests.id(''p'')', true),
  ('cancel another''s video', 'update public.generated_videos set status = ''cancelled'' where project_id = tests.id(''b'')', true),
  ('delete a video', 'delete from public.generated_videos', true),
  ('insert a subscription', 'insert into public.subscriptions (user_id, plan_id, status, current_period_start, current_period_end)
      values (tests.id(''ann''), ''free'', ''unpaid'', now(), now() + interval ''1 day'')', true),
  ('change a subscription', 'update public.subscriptions set plan_id = ''pro'', stripe_subscription_id = ''x''', true),
  ('delete a subscription', 'delete from public.subscriptions', true),
  ('insert usage', 'insert into public.usage_records (user_id, resource_type, amount, unit) values (tests.id(''ann''), ''storage_bytes'', 1, ''bytes'')', true),
  ('change usage', 'update public.usage_records set amount = 0', true),
  ('delete usage', 'delete from public.usage_records', true),
  ('insert an invoice', 'insert into public.invoices (user_id, amount_cents) values (tests.id(''ann''), 1)', true),
  ('change an invoice', 'update public.invoices set amount_cents = 0', true),
  ('delete an invoice', 'delete from public.invoices', true),
  ('insert a payment method', 'insert into public.payment_methods (user_id, provider, external_id) values (tests.id(''ann''), ''stripe'', ''z'')', true),
  ('change another''s payment method', 'update public.payment_methods set is_default = true where user_id = tests.id(''bob'')', true),
  ('delete another''s payment method', 'delete from public.payment_methods where user_id = tests.id(''bob'')', true),
  ('change the plans', 'update public.plan_limits set projects_per_month = 1000', true);
grant select on tests.forbidden, tests.people to public;

-- Passes when the statement is refused with 42501, or touches nothing.
create function tests.held(statement text, description text) returns text language plpgsql as $$
declare
  touched bigint;
begin
  execute statement;
  get diagnostics touched = row_count;
  return tap.ok(touched = 0, description) || case when touched = 0 then '' else E'\n' || tap.diag(touched || ' rows') end;
exception when others then
  return tap.ok(sqlstate = '42501', description) || case when sqlstate = '42501' then '' else E'\n' || tap.diag(sqlstate || ': ' || sqlerrm) end;
end
$$;
grant execute on function tests.held(text, text) to public;

-- As it is.
select tests.act_as(tests.id('ann'));
select tests.held(statement, 'privilege: a client cannot ' || what) from tests.forbidden;
select tests.touches(format('select 1 from %I where %s', relation, mine), 0, 'a client sees nothing of another''s ' || relation) from tests.people;
select isnt_empty(format('select 1 from %I', relation), 'but the own ' || relation) from tests.people;
select tests.act_as_anon();
select tests.refused(format('select 1 from %I', relation), '42501', 'permission denied', 'anon does not read ' || relation) from tests.people;
select lives_ok('select * from plan_limits', 'anon reads plan limits');

-- Everything granted, no guard: policies alone.
select tests.act_as_owner();
grant all on all tables in schema public to anon, authenticated;
alter table users disable trigger user;
alter table video_projects disable trigger guard_video_projects_statement;
alter table video_projects disable trigger guard_columns;
alter table video_projects disable trigger guard_removal;
alter table video_projects disable trigger verify_owner;
alter table video_projects disable trigger keep_project_owner;
alter table photos disable trigger guard_photos_statement;
alter table photos disable trigger guard_columns;
alter table photos disable trigger guard_removal;
alter table photos disable trigger verify_owner;
alter table generated_videos disable trigger user;
alter table media_items disable trigger guard_media_items_statement;
alter table media_items disable trigger guard_columns;
alter table media_items disable trigger guard_removal;
alter table media_items disable trigger verify_owner;
alter table payment_methods disable trigger user;
alter table plan_limits disable trigger user;
alter table subscriptions disable trigger guard_subscriptions_statement;
alter table invoices disable trigger user;
alter table usage_records disable trigger user;
savepoint granted;
select tests.act_as(tests.id('ann'));
select tests.held(statement, 'policy alone: a client cannot ' || what) from tests.forbidden where row_of_another;
select tests.act_as_anon();
select tests.touches(format('select 1 from %I', relation), 0, 'policy alone: anon sees nothing of ' || relation) from tests.people;

-- Everything granted, no policy: guards alone.
rollback to savepoint granted;
select tests.act_as_owner();
alter table users enable trigger user;
alter table video_projects enable trigger user;
alter table photos enable trigger user;
alter table generated_videos enable trigger user;
alter table media_items enable trigger user;
alter table payment_methods enable trigger user;
alter table plan_limits enable trigger user;
alter table subscriptions enable trigger user;
alter table invoices enable trigger user;
alter table usage_records enable trigger user;
alter table users disable row level security;
alter table video_projects disable row level security;
alter table photos disable row level security;
alter table generated_videos disable row level security;
alter table media_items disable row level security;
alter table payment_methods disable row level security;
alter table plan_limits disable row level security;
alter table subscriptions disable row level security;
alter table invoices disable row level security;
alter table usage_records disable row level security;
select tests.act_as(tests.id('ann'));
select tests.refused(statement, '42501', '', 'guard alone: a client cannot ' || what) from tests.forbidden;
select tests.refused('truncate ' || relation || ' cascade', '42501', '', 'guard alone: a client cannot empty ' || relation) from tests.people;
select tests.act_as_anon();
select tests.refused('insert into video_projects default values', '42501', '', 'guard alone: anon inserts nothing');
select tests.refused('update users set display_name = ''x''', '42501', '', 'guard alone: anon changes nothing');
select tests.refused('delete from photos', '42501', '', 'guard alone: anon deletes nothing');

select * from finish();
rollback;
