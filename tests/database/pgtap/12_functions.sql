-- The functions that clients call, beside those that other files ask.
begin;
set local search_path = public, tap;
select plan(34);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('bob', 'b');
select tests.add_photos('bob', 'b', 2);
select tests.act_as(tests.id('ann'));

create function pg_temp.photo(project text, file text) returns jsonb language sql as $$
  select jsonb_build_object('id', tests.id(file), 'file_url', tests.path('ann', project, file), 'file_size_bytes', 10,
    'mime_type', 'image/png', 'width', 4, 'height', 3) $$;

-- A project and its photos.
select results_eq($$select id, user_id, style::text, duration_minutes, photo_count, title_i18n, metadata
    from create_project_with_photos(
      jsonb_build_object('id', tests.id('p'), 'style', 'modern', 'duration_minutes', 5, 'title_i18n', '{"en": "Trip"}'::jsonb),
      jsonb_build_array(pg_temp.photo('p', 'c.png'), pg_temp.photo('p', 'a.png'), pg_temp.photo('p', 'b.png')))$$,
  $$values (tests.id('p'), tests.id('ann'), 'modern', 5, 3, '{"en": "Trip"}'::jsonb, '{}'::jsonb)$$, 'a project with its photos');
select results_eq($$select id, upload_order, metadata from photos where project_id = tests.id('p') order by upload_order$$,
  $$values (tests.id('c.png'), 0, '{}'::jsonb), (tests.id('a.png'), 1, '{}'), (tests.id('b.png'), 2, '{}')$$, 'in their order');
select results_eq($$select photo_count, style::text from create_project_with_photos('{}')$$, $$values (0, 'classic')$$, 'nothing but defaults');
select tests.refused($$select create_project_with_photos(jsonb_build_object('id', tests.id('r')),
    jsonb_build_array(pg_temp.photo('r', 'd.png'), pg_temp.photo('r', 'e.png') || '{"width": null}'))$$, '23514', 'valid_dimensions', 'one bad photo');
select is_empty($$select 1 from video_projects where id = tests.id('r')$$, 'leaves nothing behind');
select tests.refused($$select create_project_with_photos('{"status": "completed"}')$$, '42703', 'status', 'a column that is not the client''s');
select tests.refused($$select create_project_with_photos('{}', '[{"user_id": "x"}]')$$, '42703', 'user_id', 'in a photo');
select tests.refused($$select create_project_with_photos(jsonb_build_object('user_id', tests.id('bob')))$$, '42501', '', 'a project for another');
select tests.refused($$select create_project_with_photos('[]')$$, '22023', 'object', 'no object');
select tests.refused($$select create_project_with_photos('{}', '{}')$$, '22023', 'array', 'no array');
select tests.refused($$select create_project_with_photos('{}', '[1]')$$, '22023', 'object', 'an array of no objects');
select tests.refused($$select create_project_with_photos(null)$$, '22023', 'object', 'NULL');
select tests.refused($$select create_project_with_photos('{"title_i18n": null}')$$, '23502', 'title_i18n', 'an explicit null');
select tests.refused($$select create_project_with_photos('{"duration_minutes": "3.0"}')$$, '22P02', 'integer', 'a number that is none');
select tests.refused($$select create_project_with_photos(jsonb_build_object('id', tests.id('p')))$$, '23505', 'video_projects_pkey', 'a project that is there already');
select tests.refused($$select create_project_with_photos('{}', jsonb_build_array(pg_temp.photo('p', 'z.png') || jsonb_build_object('project_id', tests.id('b'))))$$,
  '42501', '', 'a photo for another''s project');

-- The order.
select results_eq($$select id, upload_order from reorder_photos(tests.id('p'), array[tests.id('a.png'), tests.id('b.png'), tests.id('c.png')])$$,
  $$values (tests.id('a.png'), 0), (tests.id('b.png'), 1), (tests.id('c.png'), 2)$$, 'photos in a new order');
select results_eq($$select id from reorder_photos(tests.id('p'), array[tests.id('a.png'), tests.id('b.png'), tests.id('c.png')])$$,
  $$values (tests.id('a.png')), (tests.id('b.png')), (tests.id('c.png'))$$, 'the same order again');
delete from photos where id = tests.id('b.png');
select results_eq($$select id, upload_order from reorder_photos(tests.id('p'), array[tests.id('c.png'), tests.id('a.png')])$$,
  $$values (tests.id('c.png'), 0), (tests.id('a.png'), 1)$$, 'a gap is closed');
select tests.refused($$select reorder_photos(tests.id('p'), array[tests.id('c.png')])$$, 'PT409', 'does not name', 'a list that forgets one');
select tests.refused($$select reorder_photos(tests.id('p'), array[tests.id('c.png'), tests.id('a.png'), tests.id('b.png')])$$, 'PT404', 'no such photo', 'one that is gone');
select tests.refused($$select reorder_photos(tests.id('p'), array[tests.id('c.png'), tests.id('c.png')])$$, '22023', 'once', 'one twice');
select tests.refused($$select reorder_photos(tests.id('p'), array[tests.id('c.png'), null])$$, '22023', 'once', 'NULL in the list');
select tests.refused($$select reorder_photos(tests.id('p'), null)$$, '22023', 'once', 'NULL as the list');
select tests.refused($$select reorder_photos(tests.id('p'), array[]::uuid[])$$, 'PT409', 'does not name', 'nothing of two');
select tests.refused($$select reorder_photos(tests.id('b'), array[]::uuid[])$$, 'PT404', 'no such project', 'another''s project');
select tests.refused($$select reorder_photos(tests.id('none'), array[]::uuid[])$$, 'PT404', 'no such project', 'a project that is not there');
select request_video_generation(tests.id('p'), 'go');
select tests.refused($$select reorder_photos(tests.id('p'), array[tests.id('a.png'), tests.id('c.png')])$$, 'PT409', 'being processed', 'a project that is being processed');

-- Without a person.
select tests.act_as_anon();
select tests.refused(call, '42501', 'permission denied for function', 'anon: ' || call)
from unnest(array['select create_project_with_photos(''{}'')', 'select reorder_photos(gen_random_uuid(), null)',
  'select check_quota(''storage_bytes'')', 'select request_video_generation(gen_random_uuid(), ''x'')',
  'select cancel_video_generation(gen_random_uuid())', 'select set_default_payment_method(gen_random_uuid())']) as call;

select * from finish();
rollback;
