-- The media library: types that go together, paths, facts.
begin;
set local search_path = public, tap;
select plan(37);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.act_as(tests.id('ann'));

create function pg_temp.add(differently jsonb) returns text language sql as $$
  select format('insert into public.media_items (%1$s) select %1$s from jsonb_populate_record(null::public.media_items, %2$L)',
    (select string_agg(quote_ident(key), ', ') from jsonb_object_keys(document) as key), document)
  from (select jsonb_build_object('file_url', tests.id('ann') || '/' || gen_random_uuid() || '.jpg', 'original_filename', 'a.jpg',
    'file_type', 'image', 'file_size_bytes', 5, 'mime_type', 'image/jpeg') || differently as document) as made $$;

select lives_ok(pg_temp.add('{}'), 'an image');
select is((select user_id from media_items), tests.id('ann'), 'is the caller''s');
select lives_ok(pg_temp.add(jsonb_build_object('file_type', type, 'mime_type', mime)), mime || ' is ' || type)
from (values ('image', 'image/png'), ('image', 'image/webp'), ('video', 'video/mp4'), ('video', 'video/webm'), ('video', 'video/quicktime')) as good (type, mime);
select tests.refused(pg_temp.add(jsonb_build_object('file_type', type, 'mime_type', mime)), '23514', 'valid_' || type || '_mime', mime || ' is no ' || type)
from (values ('image', 'video/mp4'), ('image', 'image/gif'), ('image', ''), ('video', 'image/jpeg'), ('video', 'video/x-matroska'), ('video', 'text/html')) as wrong (type, mime);
select tests.refused(pg_temp.add('{"file_type": "audio"}'), '23514', 'valid_file_type', 'sound');
select tests.refused(pg_temp.add('{"file_size_bytes": 0}'), '23514', 'valid_file_size', 'no byte');
select tests.refused(pg_temp.add('{"file_size_bytes": -1}'), '23514', 'valid_file_size', 'less than none');
select tests.refused(pg_temp.add('{"width": 1}'), '23514', 'valid_dimensions', 'width without height');
select tests.refused(pg_temp.add('{"height": 1}'), '23514', 'valid_dimensions', 'height without width');
select lives_ok(pg_temp.add('{"width": 1, "height": 1}'), 'both');
select tests.refused(pg_temp.add('{"original_filename": "\u00a0"}'), '23514', 'valid_filename', 'a blank name');
select tests.refused(pg_temp.add('{"original_filename": null}'), '23502', 'original_filename', 'no name');
select tests.refused(pg_temp.add(jsonb_build_object('original_filename', repeat('写', 256))), '22001', 'too long', 'a name of 256 characters');
select lives_ok(pg_temp.add(jsonb_build_object('original_filename', repeat('写', 255) || '   ')), 'spaces beyond 255 are cut, as varchar does');
select tests.refused(pg_temp.add('{"metadata": 5}'), '23514', 'valid_metadata', 'metadata that are a number');
select tests.refused(pg_temp.add(jsonb_build_object(kind, path)), '23514', 'valid_' || kind, kind || ': ' || why)
from unnest(array['file_url', 'thumbnail_url']) as kind, (values (tests.id('bob') || '/a.jpg', 'another''s folder'),
  (tests.id('ann') || '/x/a.jpg', 'a second folder'), ('a.jpg', 'no folder'), ('https://example.com/a.jpg', 'an address')) as wrong (path, why);
select tests.touches($$update media_items set original_filename = 'b.jpg', width = 2, height = 2, thumbnail_url = tests.id('ann') || '/t.webp', metadata = '{}'
  where width = 1$$, 1, 'what may change, changes');
select ok((select updated_at > created_at from media_items where width = 2), 'updated_at moved');
select tests.refused('update media_items set file_type = ''video''', '42501', 'permission denied', 'the type does not change');
select tests.refused('update media_items set file_url = file_url', '42501', 'permission denied', 'nor the file');
select tests.touches('delete from media_items', 8, 'all can be deleted');

select * from finish();
rollback;
