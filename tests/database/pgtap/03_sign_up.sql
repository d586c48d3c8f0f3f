-- Sign-up makes a profile, the e-mail follows the account, deletion takes everything but usage and invoices.
begin;
set local search_path = public, tap;
select plan(32);

create function pg_temp.profile(person uuid) returns public.users language sql as $$
  select * from public.users where id = person $$;

select results_eq(
  $$select p.email::text, p.display_name::text, p.language::text, p.timezone::text, p.subscription_plan::text, p.total_storage_bytes
    from pg_temp.profile(tests.sign_up('ann', 'ann@example.com',
      '{"display_name": "  Ann 안나 ", "language": "ko", "timezone": "Asia/Seoul"}')) as p$$,
  $$values ('ann@example.com', 'Ann 안나', 'ko', 'Asia/Seoul', 'free', 0::bigint)$$,
  'name, language and time zone come from the sign-up data');

select results_eq(
  $$select p.display_name::text, p.language::text, p.timezone::text, p.avatar_url
    from pg_temp.profile(tests.sign_up('bob', 'bob@example.com',
      '{"display_name": "   ", "language": "tlh", "timezone": "Mars/Olympus", "avatar_url": "javascript:alert(1)"}')) as p$$,
  $$values ('bob', 'en', 'UTC', null::text)$$,
  'what is not valid is left out');

select is((pg_temp.profile(tests.sign_up('c1', 'c1@example.com', '{"full_name": "Cleo Full"}'))).display_name::text, 'Cleo Full', 'full_name of a provider');
select is((pg_temp.profile(tests.sign_up('c2', 'c2@example.com', '{"name": "Cleo Name"}'))).display_name::text, 'Cleo Name', 'name of a provider');
select is((pg_temp.profile(tests.sign_up('c3', 'c3@example.com', '{"locale": "de-AT"}'))).language::text, 'de', 'the language of a locale');
select is((pg_temp.profile(tests.sign_up('c4', 'c4@example.com', '{"picture": "https://img.example/a.png"}'))).avatar_url,
  'https://img.example/a.png', 'the picture of a provider');
select is(char_length((pg_temp.profile(tests.sign_up('c5', 'c5@example.com', jsonb_build_object('name', repeat('😀', 300))))).display_name),
  100, 'a long name is cut at 100 characters, not bytes');
select is((pg_temp.profile(tests.sign_up('c6', 'c6@example.com', '[1, 2]'))).display_name::text, 'c6', 'data that are no object');
select is((pg_temp.profile(tests.sign_up('c7', 'c7@example.com', null))).display_name::text, 'c7', 'no data');
select is((pg_temp.profile(tests.sign_up('c8', 'c8@example.com', '{"name": {"a": 1}, "language": 5, "timezone": ["UTC"]}'))).language::text,
  'en', 'data of the wrong type');
select is((pg_temp.profile(tests.sign_up('c9', U&'\00a0@example.com'))).display_name::text, 'User', 'a local part that is blank');

select matches((pg_temp.profile(tests.sign_up('phone', null))).email::text, '^[0-9a-f-]{36}@users\.invalid$',
  'sign-up without an e-mail (by phone) works');
select lives_ok($$insert into auth.users (id, email, is_sso_user) values (tests.id('sso'), 'ann@example.com', true)$$,
  'single sign-on with an address that somebody has works');
select matches((pg_temp.profile(tests.id('sso'))).email::text, '@users\.invalid$', 'and gets a reserved address');

-- The account's e-mail.
update auth.users set email = 'ann.new@example.com' where id = tests.id('ann');
select is((pg_temp.profile(tests.id('ann'))).email::text, 'ann.new@example.com', 'the profile''s e-mail follows the account''s');
update auth.users set email = null where id = tests.id('ann');
select matches((pg_temp.profile(tests.id('ann'))).email::text, '@users\.invalid$', 'even when it is taken away');

-- What a person may change of it.
select tests.act_as(tests.id('bob'));
select tests.touches($$update public.users set display_name = 'Bobby', language = 'fr', timezone = 'Europe/Paris', avatar_url = null$$, 1,
  'name, language, time zone and picture are the person''s');
select tests.refused($$update public.users set display_name = E' \u2003\u200b\u3000'$$, '23514', 'valid_display_name', 'a blank name is refused');
select tests.refused($$update public.users set display_name = ''$$, '23514', 'valid_display_name', 'an empty name is refused');
select tests.refused($$update public.users set timezone = 'Mars/Olympus'$$, '23514', 'valid_timezone', 'an unknown time zone is refused');
select tests.refused($$update public.users set timezone = 'utc'$$, '23514', 'valid_timezone', 'whatever this server would take');
select tests.refused($$update public.users set language = 'it'$$, '23514', 'valid_language', 'an eighth language is refused');
select tests.refused($$update public.users set avatar_url = 'http://img.example/a.png'$$, '23514', 'valid_avatar_url', 'an http picture is refused');
select tests.refused($$update public.users set avatar_url = tests.id('ann') || '/me.jpg'$$, '23514', 'valid_avatar_url', 'a picture in another''s folder is refused');
select tests.touches($$update public.users set avatar_url = tests.id('bob') || '/me.jpg'$$, 1, 'one in the own folder is taken');
select tests.act_as_owner();
select ok((pg_temp.profile(tests.id('bob'))).updated_at > (pg_temp.profile(tests.id('bob'))).created_at, 'updated_at moved');

-- Deletion.
select tests.project('bob', 'project of bob');
select tests.add_photos('bob', 'project of bob', 2);
insert into public.invoices (user_id, amount_cents) values (tests.id('bob'), 900);
insert into public.subscriptions (user_id, plan_id, current_period_start, current_period_end)
  values (tests.id('bob'), 'free', now(), now() + interval '1 month');
select lives_ok($$delete from auth.users where id = tests.id('bob')$$, 'an account can be deleted');
select is_empty($$select 1 from users where id = tests.id('bob')$$, 'the profile is gone');
select is_empty($$select 1 from photos where user_id = tests.id('bob') union all select 1 from video_projects where user_id = tests.id('bob')
  union all select 1 from subscriptions where user_id = tests.id('bob')$$, 'projects, photos and subscriptions are gone');
select results_eq($$select resource_type::text, sum(amount) from usage_records where user_id is null group by 1 order by 1$$,
  $$values ('project_creation', 1::numeric), ('storage_bytes', 2000)$$, 'its usage stays, without the person');
select results_eq('select amount_cents from invoices where user_id is null', 'values (900::bigint)', 'its invoices stay, without the person');
select is((select count(*) from private.storage_deletions where object_name like tests.id('bob') || '/%'), 3::bigint,
  'its files are queued: two photos and the picture');

select * from finish();
rollback;
