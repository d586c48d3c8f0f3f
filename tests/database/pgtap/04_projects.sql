-- Projects: their texts, their limits, whose they are.
begin;
set local search_path = public, tap;
select plan(45);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.act_as(tests.id('ann'));

select lives_ok($$insert into video_projects (id, title_i18n, description_i18n, style, duration_minutes, ai_prompt, metadata)
  values (tests.id('p'), '{"en": "Trip", "ko": "여행"}', '{"de": "Urlaub"}', 'cinematic', 30, 'waves', '{"a": 1}')$$, 'a full draft');
select results_eq($$select user_id, status::text, photo_count from video_projects where id = tests.id('p')$$,
  $$values (tests.id('ann'), 'draft', 0)$$, 'is the caller''s, a draft, without photos');
select lives_ok('insert into video_projects default values', 'everything has a default');
select lives_ok($$insert into video_projects (metadata, ai_prompt) values (null, null)$$, 'metadata and prompt may be NULL');

-- Titles and descriptions, under the same rules.
create temp table cases (i18n text, good boolean, why text);
insert into cases values
  ('{}', true, 'nothing'), ('{"en": ""}', true, 'an empty text'),
  ('{"en": "a", "ko": "b", "ja": "c", "zh": "d", "es": "e", "fr": "f", "de": "g"}', true, 'all seven languages'),
  ('[]', false, 'an array'), ('"x"', false, 'a string'), ('null', false, 'null'), ('5', false, 'a number'),
  ('{"en": 1}', false, 'a number inside'), ('{"en": null}', false, 'null inside'), ('{"en": {"a": "b"}}', false, 'an object inside'),
  ('{"it": "x"}', false, 'an eighth language'), ('{"EN": "x"}', false, 'a language in capitals');
select case when good
  then lives_ok(format('insert into video_projects (%I) values (%L)', kind, i18n), kind || ': ' || why || ' is taken')
  else tests.refused(format('insert into video_projects (%I) values (%L)', kind, i18n), '23514', 'valid_' || kind,
    kind || ': ' || why || ' is refused') end
from cases, unnest(array['title_i18n', 'description_i18n']) as kind;

select lives_ok($$insert into video_projects (title_i18n, description_i18n)
  values (jsonb_build_object('en', repeat('😀', 200)), jsonb_build_object('ja', repeat('写', 2000)))$$, 'texts of full length, in code points');
select tests.refused($$insert into video_projects (title_i18n) values (jsonb_build_object('en', repeat('a', 201)))$$,
  '23514', 'valid_title_i18n_length', 'a title of 201 characters');
select tests.refused($$insert into video_projects (description_i18n) values (jsonb_build_object('en', 'x', 'de', repeat('a', 2001)))$$,
  '23514', 'valid_description_i18n_length', 'a description of 2001 characters');
select lives_ok($$insert into video_projects (ai_prompt) values (repeat('😀', 2000))$$, 'a prompt of 2000 characters');
select tests.refused($$insert into video_projects (ai_prompt) values (repeat('a', 2001))$$, '23514', 'valid_ai_prompt', 'of 2001');

select tests.refused($$insert into video_projects (duration_minutes) values (0)$$, '23514', 'valid_duration', 'no minute');
select tests.refused($$insert into video_projects (duration_minutes) values (31)$$, '23514', 'valid_duration', '31 minutes');
select tests.refused($$insert into video_projects (style) values ('noir')$$, '22P02', 'video_style', 'an unknown style');
select tests.refused($$insert into video_projects (metadata) values ('[]')$$, '23514', 'valid_metadata', 'metadata that are an array');
create function pg_temp.numbers(written text, times integer, more text) returns text language sql as $$
  select format('insert into video_projects (metadata) values (%L)', '{"n": [' || repeat(written || ',', times) || more || ']}') $$;
grant execute on function pg_temp.numbers(text, integer, text) to public;
select lives_ok(pg_temp.numbers('1e131071', 31, '1e131071'), 'numbers of four mebibytes, written out');
select tests.refused(pg_temp.numbers('1e131071', 32, '0'), '23514', 'valid_metadata', 'not a digit more');
select tests.refused(pg_temp.numbers('1e131071', 100000, '0'), '23514', 'valid_metadata', 'nor 13 gigabytes, which nobody writes out to see it');
select lives_ok($$insert into video_projects (metadata) values (jsonb_build_object('n', repeat('x', 16777216 - 9)))$$, 'texts up to sixteen');
select tests.refused($$insert into video_projects (metadata) values (jsonb_build_object('n', repeat('x', 16777216 - 8)))$$, '23514', 'valid_metadata', 'and no longer');
select tests.refused($$insert into video_projects (metadata) values ('"x"')$$, '23514', 'valid_metadata', 'metadata that are a string');
select tests.touches($$update video_projects set duration_minutes = 2, style = 'vintage', ai_prompt = 'x', metadata = null,
  title_i18n = '{}', description_i18n = '{}' where id = tests.id('p')$$, 1, 'the owner changes the draft');
select ok((select updated_at > created_at from video_projects where id = tests.id('p')), 'updated_at moved');

select * from finish();
rollback;
