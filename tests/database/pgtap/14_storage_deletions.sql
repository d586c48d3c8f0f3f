-- Files whose rows are gone are queued, and the service's job takes them from there.
begin;
set local search_path = public, tap;
select plan(38);
select tests.sign_up('ann');
select tests.project('ann', 'p');
select tests.project('ann', 'q');
create function pg_temp.queued() returns setof text language sql as $$
  select bucket_id || ' ' || replace(replace(replace(object_name, tests.id('ann')::text, 'ann'), tests.id('p')::text, 'p'), tests.id('q')::text, 'q')
    || ' ' || reason from private.storage_deletions order by 1 $$;
grant execute on function pg_temp.queued() to public;

select tests.act_as(tests.id('ann'));
select tests.add_photo('ann', 'p', jsonb_build_object('file_url', tests.path('ann', 'p', 'a.jpg'), 'thumbnail_url', tests.path('ann', 'p', 'a.webp')));
select tests.add_photo('ann', 'p', jsonb_build_object('file_url', tests.path('ann', 'p', 'b.jpg')));
select tests.add_photo('ann', 'q', jsonb_build_object('file_url', tests.path('ann', 'q', 'c.jpg')));
delete from photos where file_url = tests.path('ann', 'p', 'a.jpg');
select tests.act_as_owner();
select results_eq('select pg_temp.queued()', $$values ('photos ann/p/a.jpg deleted'), ('photos ann/p/a.webp deleted')$$, 'a deleted photo''s two files');

select tests.act_as(tests.id('ann'));
update photos set thumbnail_url = tests.path('ann', 'p', 't1.webp') where project_id = tests.id('p');
update photos set thumbnail_url = tests.path('ann', 'p', 't2.webp') where project_id = tests.id('p');
update photos set thumbnail_url = tests.path('ann', 'p', 't2.webp'), metadata = '{}' where project_id = tests.id('p');
select tests.act_as_owner();
select bag_eq('select pg_temp.queued()', $$values ('photos ann/p/a.jpg deleted'), ('photos ann/p/a.webp deleted'), ('photos ann/p/t1.webp replaced')$$, 'a replaced thumbnail');

select tests.act_as(tests.id('ann'));
delete from video_projects where id = tests.id('p');
insert into media_items (file_url, thumbnail_url, original_filename, file_type, file_size_bytes, mime_type)
  values (tests.id('ann') || '/m.mp4', tests.id('ann') || '/m.webp', 'm', 'video', 1, 'video/mp4');
delete from media_items;
update users set avatar_url = tests.id('ann') || '/1.jpg';
update users set avatar_url = 'https://img.example/2.jpg';
update users set avatar_url = tests.id('ann') || '/3.jpg';
select tests.act_as_owner();
insert into generated_videos (project_id, ai_prompt, status, file_url, progress_percentage, completed_at)
  values (tests.id('q'), 'x', 'completed', tests.id('ann') || '/v.mp4', 100, now());
insert into generated_videos (project_id, ai_prompt, status, file_url, progress_percentage, completed_at)
  values (tests.id('q'), 'x', 'completed', 'https://cdn.example/v.mp4', 100, now());
delete from auth.users where id = tests.id('ann');
select bag_eq('select pg_temp.queued()', $$values ('avatars ann/1.jpg replaced'), ('avatars ann/3.jpg deleted'), ('media ann/m.mp4 deleted'),
  ('media ann/m.webp deleted'), ('photos ann/p/a.jpg deleted'), ('photos ann/p/a.webp deleted'), ('photos ann/p/b.jpg deleted'),
  ('photos ann/p/t1.webp replaced'), ('photos ann/p/t2.webp deleted'), ('photos ann/q/c.jpg deleted'), ('videos ann/v.mp4 deleted')$$,
  'cascades, media, pictures, videos, and no address of elsewhere');

-- The job's side.
select tests.act_as_anon();
select tests.refused('select * from claim_storage_deletions(1)', '42501', 'permission denied', 'anon claims nothing');
select tests.sign_up('bob') from (select tests.act_as_owner()) as back;
select tests.act_as(tests.id('bob'));
select tests.refused('select * from claim_storage_deletions(1)', '42501', 'permission denied', 'clients claim nothing');
select tests.refused($$select settle_storage_deletions('photos', '{}')$$, '42501', 'permission denied', 'nor settle');
select tests.refused('select * from private.storage_deletions', '42501', 'permission denied', 'nor look');
select tests.act_as_service();
create temp table claimed as select * from claim_storage_deletions(4);
select is((select count(*) from claimed), 4::bigint, 'four files are handed out');
select is((select count(*) from claim_storage_deletions(100)), 7::bigint, 'then the others');
select is_empty('select * from claim_storage_deletions(100)', 'then none, for a while');
select is((select sum(settle_storage_deletions(bucket_id, array[object_name])) from claimed), 4::bigint, 'settled files leave the queue');
select is((select sum(settle_storage_deletions(bucket_id, array[object_name])) from claimed), 0::bigint, 'settling twice is harmless');
select is((select count(*) from private.storage_deletions), 7::bigint, 'seven remain');
select is((select sum(settle_storage_deletions(bucket_id, array[object_name], 'the bucket is away')) from private.storage_deletions), 7::bigint, 'a failure is noted');
select results_eq('select distinct attempts, last_error from private.storage_deletions', $$values (1, 'the bucket is away')$$, 'with its reason');
select tests.act_as_owner();
update private.storage_deletions set next_attempt_at = now();
select tests.act_as_service();
select results_eq('select distinct attempts from claim_storage_deletions()', 'values (2)', 'and tried again');
select ok((select bool_and(next_attempt_at = now() + interval '10 minutes') from private.storage_deletions), 'after a longer wait each time');
select tests.act_as_owner();
update private.storage_deletions set attempts = 60, next_attempt_at = now();
select tests.act_as_service();
select lives_ok('select * from claim_storage_deletions()', 'however often');
select ok((select bool_and(next_attempt_at = now() + interval '1 day') from private.storage_deletions), 'a day at most');

-- A file that another row names stays.
select tests.act_as_owner();
delete from private.storage_deletions;
select tests.project('bob', 'r');
create function pg_temp.keep() returns uuid language sql as $$
  select tests.add_photo('bob', 'r', jsonb_build_object('file_url', tests.path('bob', 'r', 'k.jpg'), 'thumbnail_url', tests.path('bob', 'r', 'k.webp'))) $$;
select pg_temp.keep();
select tests.add_photo('bob', 'r', jsonb_build_object('file_url', tests.path('bob', 'r', 'k.jpg'), 'thumbnail_url', tests.path('bob', 'r', 'k.webp')));
delete from photos where upload_order = 1;
select is((select count(*) from private.storage_deletions), 2::bigint, 'both files are queued');
select tests.act_as_service();
select is_empty('select * from claim_storage_deletions()', 'but another row names them');
select is((select count(*) from private.storage_deletions), 0::bigint, 'so they leave the queue');
select tests.act_as_owner();
insert into private.storage_deletions (bucket_id, object_name, reason) select bucket, tests.id('bob') || '/x.jpg', 'deleted' from unnest(array['avatars', 'media', 'videos']) as bucket;
update users set avatar_url = tests.id('bob') || '/x.jpg' where id = tests.id('bob');
insert into media_items (user_id, file_url, thumbnail_url, original_filename, file_type, file_size_bytes, mime_type)
  values (tests.id('bob'), tests.id('bob') || '/y.jpg', tests.id('bob') || '/x.jpg', 'y', 'image', 1, 'image/jpeg');
select tests.act_as_service();
select results_eq('select bucket_id from claim_storage_deletions()', $$values ('videos')$$, 'in every bucket');
select is((select count(*) from claim_storage_deletions(0)), 0::bigint, 'a batch of none is one, and none is due');

-- A row takes a queued file back, and cannot have one that was handed out.
select tests.act_as_owner();
delete from private.storage_deletions;
delete from photos;
delete from private.storage_deletions;
create function pg_temp.path(file text) returns text language sql as $$ select tests.path('bob', 'r', file) $$;
grant execute on function pg_temp.path(text), pg_temp.keep() to public;
select tests.act_as(tests.id('bob'));
select pg_temp.keep();
update photos set thumbnail_url = null;
delete from photos;
select pg_temp.keep();
select tests.act_as_owner();
select is((select count(*) from private.storage_deletions), 0::bigint, 'rows that name queued files take them back at once');
select tests.act_as(tests.id('bob'));
update photos set thumbnail_url = pg_temp.path('other.webp');
update photos set thumbnail_url = pg_temp.path('k.webp');
select tests.act_as_owner();
select results_eq('select right(object_name, 10) from private.storage_deletions', $$values ('other.webp')$$, 'so do rows that are changed');
delete from photos;
select tests.act_as_service();
select is((select count(*) from claim_storage_deletions()), 3::bigint, 'three files are handed out');
select tests.act_as(tests.id('bob'));
select tests.refused('select pg_temp.keep()', '23514', 'new row for relation "photos" violates check constraint "valid_file_url"', 'no row names one of them');
select tests.refused($$select tests.add_photo('bob', 'r', jsonb_build_object('thumbnail_url', pg_temp.path('other.webp')))$$, '23514',
  '"valid_thumbnail_url"', 'nor as its thumbnail');
select lives_ok($$select tests.add_photo('bob', 'r')$$, 'others are as before');
select tests.refused($$update photos set thumbnail_url = pg_temp.path('other.webp')$$, '23514', '"valid_thumbnail_url"', 'nor by a change');
select tests.refused($$insert into storage.objects (bucket_id, name) values ('photos', pg_temp.path('k.jpg'))$$, '42501', 'row-level security',
  'nor is anything uploaded there');
select tests.act_as_service();
select is(settle_storage_deletions('photos', array[pg_temp.path('k.jpg'), pg_temp.path('k.webp')]), 2, 'until they are gone');
select tests.act_as(tests.id('bob'));
select lives_ok($$insert into storage.objects (bucket_id, name) values ('photos', pg_temp.path('k.jpg'))$$, 'then the path is free for an upload');
select lives_ok('select pg_temp.keep()', 'and for a row');

-- A file that was stored after its path was queued is not the one that was queued.
select tests.act_as_owner();
delete from photos;
update private.storage_deletions set queued_at = now() - interval '1 hour' where object_name = pg_temp.path('k.jpg');
select tests.act_as_service();
select ok((select bool_and(object_name <> pg_temp.path('k.jpg')) from claim_storage_deletions()), 'it is not handed out');

-- With an account goes what is stored in its folders, named by a row or not; with a project what is in its own.
select tests.act_as_owner();
delete from private.storage_deletions;
select tests.sign_up('eve'), tests.project('eve', 's'), tests.project('eve', 't');
insert into storage.objects (bucket_id, name)
  select bucket, file from (values
    ('photos', tests.path('eve', 's', 'never.jpg')), ('photos', tests.path('eve', 't', 'never.jpg')), ('media', tests.id('eve') || '/never.mp4'),
    ('avatars', tests.id('eve') || '/never.jpg'), ('videos', tests.id('eve') || '/never.mp4'),
    ('photos', tests.path('bob', 'r', 'never.jpg')), ('media', tests.id('eve') || '0/other.mp4')) as stored (bucket, file);
delete from video_projects where id = tests.id('s');
select results_eq('select object_name from private.storage_deletions', $$values (tests.path('eve', 's', 'never.jpg'))$$, 'an upload without a row goes with its project');
delete from auth.users where id = tests.id('eve');
select results_eq('select bucket_id from private.storage_deletions order by 1', $$values ('avatars'), ('media'), ('photos'), ('photos'), ('videos')$$,
  'and with its account');

select * from finish();
rollback;
