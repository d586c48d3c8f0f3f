-- Photos: their facts, their paths, their places, and the project's count of them.
begin;
set local search_path = public, tap;
select plan(78);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('ann', 'q');
select tests.project('bob', 'b');

create function pg_temp.photo_count(project text) returns integer language sql as $$
  select photo_count from public.video_projects where id = tests.id(project) $$;
create function pg_temp.add(differently text) returns text language sql as $$
  select format('select tests.add_photo(''ann'', ''p'', %L)', differently) $$;
create function pg_temp.path(file text) returns text language sql as $$ select tests.path('ann', 'p', file) $$;

grant execute on function pg_temp.photo_count(text), pg_temp.add(text), pg_temp.path(text) to public;
select tests.act_as(tests.id('ann'));

-- The draft could not store one.
select lives_ok($$select tests.add_photos('ann', 'p', 1)$$, 'a photo can be stored');
select results_eq($$select user_id, upload_order from photos$$, $$values (tests.id('ann'), 0)$$, 'it belongs to the project''s owner, in the first place');

-- Places.
select lives_ok($$insert into photos (project_id, file_url, file_size_bytes, mime_type, upload_order) values
  (tests.id('p'), pg_temp.path('b.jpg'), 1, 'image/jpeg', null), (tests.id('p'), pg_temp.path('c.jpg'), 1, 'image/jpeg', -1),
  (tests.id('p'), pg_temp.path('d.jpg'), 1, 'image/jpeg', null)$$, 'NULL and -1 as place');
select results_eq($$select right(file_url, 5), upload_order from photos where file_size_bytes = 1 order by upload_order$$,
  $$values ('b.jpg', 1), ('c.jpg', 2), ('d.jpg', 3)$$, 'append, in the order of the statement');
select lives_ok(pg_temp.add('{"upload_order": 7}'), 'an explicit place');
select lives_ok(pg_temp.add('{"width": 4, "height": 3}'), 'left out after a gap');
select is((select max(upload_order) from photos), 8, 'appends behind the last');
select tests.refused(pg_temp.add('{"upload_order": 7}'), '23505', 'idx_photos_project_order', 'a place that is taken');
select tests.refused(pg_temp.add('{"upload_order": -2}'), '23514', 'valid_upload_order', 'a negative place');
select lives_ok($$update photos set upload_order = case upload_order when 0 then 1 else 0 end where upload_order in (0, 1)$$,
  'two photos change places in one statement');
select is(pg_temp.photo_count('p'), 6, 'and the count is exact');

-- Facts.
select tests.refused(pg_temp.add('{"file_size_bytes": 0}'), '23514', 'valid_file_size', 'an empty file');
select tests.refused(pg_temp.add('{"file_size_bytes": 10485761}'), '23514', 'valid_file_size', 'a byte more than 10 MiB');
select lives_ok(pg_temp.add('{"file_size_bytes": 10485760}'), 'exactly 10 MiB');
select tests.refused(pg_temp.add('{"mime_type": "image/gif"}'), '23514', 'valid_mime_type', 'a GIF');
select tests.refused(pg_temp.add('{"mime_type": "image/JPEG"}'), '23514', 'valid_mime_type', 'a type in capitals');
select tests.refused(pg_temp.add('{"width": 4}'), '23514', 'valid_dimensions', 'width without height');
select tests.refused(pg_temp.add('{"height": 4}'), '23514', 'valid_dimensions', 'height without width');
select tests.refused(pg_temp.add('{"width": 0, "height": 4}'), '23514', 'valid_dimensions', 'no width');
select tests.refused(pg_temp.add('{"width": 4, "height": -1}'), '23514', 'valid_dimensions', 'a negative height');
select tests.refused(pg_temp.add('{"metadata": []}'), '23514', 'valid_metadata', 'metadata that are an array');
select lives_ok(pg_temp.add('{"metadata": null}'), 'metadata may be NULL');
select tests.refused(pg_temp.add('{"original_filename": " \u3000"}'), '23514', 'valid_filename', 'a blank file name');
select tests.refused(pg_temp.add(jsonb_build_object('original_filename', repeat('a', 256))::text), '22001', 'too long', 'a file name of 256 characters');
select lives_ok(pg_temp.add(jsonb_build_object('original_filename', repeat('😀', 255))::text), 'of 255, in code points');

-- Paths: the owner's folder, the project's folder, a plain name.
select tests.refused(pg_temp.add(jsonb_build_object(kind, path)::text), '23514', 'valid_' || kind, kind || ': ' || why)
from unnest(array['file_url', 'thumbnail_url']) as kind, (values
  (tests.path('bob', 'p', 'a.jpg'), 'another''s folder'),
  (tests.path('ann', 'q', 'a.jpg'), 'another project''s folder'),
  (pg_temp.path(''), 'no name'),
  (pg_temp.path('a/b.jpg'), 'a third folder'),
  (pg_temp.path('../a.jpg'), 'the way up'),
  (pg_temp.path('.a.jpg'), 'a hidden name'),
  (pg_temp.path('a b.jpg'), 'a space'),
  (pg_temp.path('ä.jpg'), 'a letter beyond ASCII'),
  (pg_temp.path('a%20.jpg'), 'a per cent sign'),
  (pg_temp.path('a.jpg') || E'\n', 'a line feed at the end'),
  (upper(tests.id('ann')::text) || '/' || tests.id('p') || '/a.jpg', 'capitals in the folder'),
  ('https://example.com/a.jpg', 'an address'),
  ('', 'nothing')) as wrong (path, why);
select lives_ok(pg_temp.add(jsonb_build_object('thumbnail_url', pg_temp.path('a.thumb.webp'))::text), 'a thumbnail beside the photo');

-- Twenty.
select lives_ok($$select tests.add_photos('ann', 'p', 20 - pg_temp.photo_count('p'))$$, 'up to twenty photos');
select tests.refused($$select tests.add_photos('ann', 'p', 1)$$, '23514', 'valid_photo_count', 'the 21st is refused');
select tests.refused($$select tests.add_photos('ann', 'q', 21)$$, '23514', 'valid_photo_count', '21 at once are refused');
select is(pg_temp.photo_count('p'), 20, 'the count stays');

-- Counting.
select tests.touches($$delete from photos where project_id = tests.id('p') and upload_order > 2$$, 17, 'most are deleted');
select is(pg_temp.photo_count('p'), 3, 'the count follows');
select tests.act_as_owner();
select lives_ok($$update photos set project_id = tests.id('q'), upload_order = upload_order + 10,
    file_url = replace(file_url, tests.id('p')::text, tests.id('q')::text), thumbnail_url = null
  where project_id = tests.id('p') and upload_order < 2$$, 'the service moves two photos');
select results_eq($$select pg_temp.photo_count('p'), pg_temp.photo_count('q')$$, 'values (1, 2)', 'both counts follow');

-- What counts is the role, not whose claims a session still has.
select set_config('request.jwt.claims', json_build_object('sub', tests.id('ann'))::text, true);
select lives_ok($$select tests.add_photos('bob', 'b', 1)$$, 'the owner of the tables stores a photo for anybody');
select is((select user_id from photos where project_id = tests.id('b')), tests.id('bob'), 'and it is the project''s owner''s');
select set_config('request.jwt.claims', '', true);
delete from photos where project_id = tests.id('b');

-- One write of the project for twenty photos.
create table tests.writes (project_id uuid);
create function tests.note_write() returns trigger language plpgsql as $$
begin insert into tests.writes values (new.id); return null; end $$;
create trigger note_write after update on video_projects for each row execute function tests.note_write();
select tests.add_photos('bob', 'b', 20);
select is((select count(*) from tests.writes), 1::bigint, 'twenty photos in one statement write the project once');
delete from photos where project_id = tests.id('b');
select is((select count(*) from tests.writes), 2::bigint, 'and twenty deleted ones once more');
update photos set metadata = '{}' where project_id = tests.id('p');
select is((select count(*) from tests.writes), 2::bigint, 'a change that moves no photo does not');

-- While the project is being processed.
select tests.act_as(tests.id('ann'));
select request_video_generation(tests.id('p'), 'go');
select tests.refused($$select tests.add_photos('ann', 'p', 1)$$, 'PT409', 'being processed', 'no photo comes to a project that is being processed');
select tests.refused($$update photos set metadata = '{"x": 1}' where project_id = tests.id('p')$$, 'PT409', 'being processed', 'none changes');
select tests.refused($$delete from photos where project_id = tests.id('p')$$, 'PT409', 'being processed', 'none goes');
select tests.refused($$delete from video_projects where id = tests.id('p')$$, 'PT409', 'being processed', 'the project does not go either');
-- Another learns nothing of it, nor of its places.
select tests.act_as_owner();
select tests.sign_up('eve'), tests.project('bob', 'full'), tests.add_photo('bob', 'full', '{"upload_order": 2147483647}');
select tests.act_as(tests.id('eve'));
select tests.refused(format('select tests.add_photo(''eve'', %L)', project), '42501', 'permission denied for table photos: the row is not the caller''s',
  'another''s project is refused in one way: ' || project) from unnest(array['p', 'full']) as project;
select set_config('request.jwt.claims', '{"role": "authenticated"}', true);
select tests.refused($$select tests.add_photo('ann', 'p')$$, '42501', '', 'to a client without an id too');
select tests.act_as_owner();
delete from auth.users where id = tests.id('eve');
delete from video_projects where id = tests.id('full');
select tests.act_as_service();
select tests.refused($$delete from photos where project_id = tests.id('p')$$, 'PT409', 'being processed', 'not even for the service');
select tests.refused($$insert into photos (project_id, file_url, file_size_bytes, mime_type) values (tests.id('nothing'), 'x', 1, 'image/png')$$,
  '23503', 'photos_project_id_fkey', 'a photo needs its project');
select tests.act_as_owner();
select lives_ok($$delete from auth.users where id = tests.id('ann')$$, 'an account goes with a project that is being processed');
select is_empty($$select 1 from photos where user_id = tests.id('ann')$$, 'with all its photos');

-- The order of two cascades is the order of their constraints' names; here photos come first.
select tests.add_photos('bob', 'b', 3);
insert into generated_videos (project_id, ai_prompt) values (tests.id('b'), 'go');
alter table video_projects drop constraint video_projects_user_id_fkey;
alter table video_projects add constraint video_projects_user_id_fkey foreign key (user_id) references users (id) on delete cascade;
select lives_ok($$delete from auth.users where id = tests.id('bob')$$, 'an account goes whichever cascade comes first');
select is_empty($$select 1 from photos union all select 1 from video_projects$$, 'with all that it has');

select * from finish();
rollback;
