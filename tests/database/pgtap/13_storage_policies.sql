-- Buckets, and who may read and write which object.
begin;
set local search_path = public, tap;
select plan(51);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('bob', 'b');

select results_eq($$select id, public, file_size_limit, allowed_mime_types from storage.buckets order by id$$,
  $$values ('avatars', true, 2097152::bigint, array['image/jpeg', 'image/png', 'image/webp']),
    ('media', false, 524288000, array['image/jpeg', 'image/png', 'image/webp', 'video/mp4', 'video/webm', 'video/quicktime']),
    ('photos', false, 10485760, array['image/jpeg', 'image/png', 'image/webp']),
    ('videos', false, 524288000, array['video/mp4'])$$, 'the four buckets');

create function pg_temp.put(bucket text, name text) returns text language sql as $$
  select format('insert into storage.objects (bucket_id, name) values (%L, %L)', bucket, name) $$;
grant execute on function pg_temp.put(text, text) to public;

select tests.act_as(tests.id('ann'));
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', 'a.jpg')), 'a photo of an own project');
select lives_ok(pg_temp.put('media', tests.id('ann') || '/a.mp4'), 'an own media file');
select lives_ok(pg_temp.put('avatars', tests.id('ann') || '/me.jpg'), 'an own picture');
select tests.refused(pg_temp.put(bucket, name), '42501', 'row-level security', why || ' is refused')
from (values
  ('photos', tests.path('bob', 'p', 'a.jpg'), 'a photo in another''s folder'),
  ('photos', tests.path('ann', 'b', 'a.jpg'), 'a photo of another''s project'),
  ('photos', tests.path('ann', 'none', 'a.jpg'), 'a photo of a project that is not there'),
  ('photos', tests.id('ann') || '/a.jpg', 'a photo without a project'),
  ('photos', tests.path('ann', 'p', 'x/a.jpg'), 'a photo in a third folder'),
  ('photos', tests.id('ann') || '/p/a.jpg', 'a photo of a project that is no UUID'),
  ('photos', 'a.jpg', 'a photo in no folder'),
  ('photos', '/a.jpg', 'a photo in an empty folder'),
  ('media', tests.id('bob') || '/a.mp4', 'media in another''s folder'),
  ('media', tests.id('ann') || '/x/a.mp4', 'media in a second folder'),
  ('avatars', tests.id('bob') || '/me.jpg', 'a picture in another''s folder'),
  ('videos', tests.id('ann') || '/v.mp4', 'a video'),
  ('nowhere', tests.id('ann') || '/a.jpg', 'a bucket that is not there')) as wrong (bucket, name, why);
select results_eq($$select bucket_id from storage.objects order by 1$$, $$values ('avatars'), ('media'), ('photos')$$, 'the own files are seen');
select tests.touches($$update storage.objects set metadata = '{}' where bucket_id = 'photos'$$, 1, 'and may be replaced');
select tests.refused($$update storage.objects set name = tests.path('bob', 'b', 'a.jpg') where bucket_id = 'photos'$$, '42501', 'row-level security', 'but not moved to another');
select tests.refused($$update storage.objects set bucket_id = 'videos', name = tests.id('ann') || '/v.mp4' where bucket_id = 'media'$$, '42501', 'row-level security', 'nor into the videos');
select tests.refused('delete from storage.objects', '42501', 'Storage API', 'SQL deletes no file');

-- The Storage API's own deletion.
select set_config('storage.allow_delete_query', 'true', true);
select tests.act_as(tests.id('bob'));
select is_empty('select 1 from storage.objects', 'another sees none');
select tests.touches($$update storage.objects set metadata = '{}'$$, 0, 'replaces none');
select tests.touches('delete from storage.objects', 0, 'deletes none');
select tests.act_as_anon();
select is_empty('select 1 from storage.objects', 'anon sees none');
select tests.refused(pg_temp.put('avatars', tests.id('ann') || '/x.jpg'), '42501', 'row-level security', 'anon stores none');
select tests.touches('delete from storage.objects', 0, 'anon deletes none');
select tests.act_as_service();
select lives_ok(pg_temp.put('videos', tests.id('ann') || '/v.mp4'), 'the service stores a video');
-- Names before, behind and beside those that begin with ann's folder.
insert into storage.objects (bucket_id, name)
select 'videos', name from (values ('v.mp4'), ('/v.mp4'), (tests.id('ann')::text), (tests.id('ann') || '.mp4'), (tests.id('ann') || '-/v.mp4'),
  (tests.id('ann') || '0/v.mp4'), (upper(tests.id('ann')::text) || '/v.mp4'), ('a/' || tests.id('ann') || '/v.mp4'), (tests.id('bob') || '/v.mp4')) as others (name);
select tests.act_as(tests.id('ann'));
select results_eq($$select name from storage.objects where bucket_id = 'videos'$$, $$select tests.id('ann') || '/v.mp4'$$, 'its owner sees it, and no neighbour');
select isnt_empty($$select 1 from storage.objects where bucket_id = 'media'$$, 'and the own media');
select tests.touches($$update storage.objects set metadata = '{}' where bucket_id = 'videos'$$, 0, 'does not replace it');
select tests.touches($$delete from storage.objects where bucket_id = 'videos'$$, 0, 'does not delete it');
select tests.touches($$delete from storage.objects where bucket_id = 'photos'$$, 1, 'but deletes the own photo');
select tests.act_as_owner();
select is((select count(*) from pg_policies where schemaname = 'storage' and 'authenticated' = any (roles)), 4::bigint, 'four policies');
select is_empty($$select policyname from pg_policies where schemaname = 'storage' and roles <> '{authenticated}'$$, 'each names its role');
select is_empty($$select policyname from pg_policies where schemaname = 'storage'
  and coalesce(qual, '') || coalesce(with_check, '') ~ '\mowner\M'$$, 'none asks the column owner, which the Storage API no longer fills');

-- The files of a project that is being processed.
select tests.act_as(tests.id('ann'));
insert into public.photos (project_id, file_url, thumbnail_url, file_size_bytes, mime_type)
values (tests.id('p'), tests.path('ann', 'p', 'named.jpg'), tests.path('ann', 'p', 'named.thumb.webp'), 1000, 'image/jpeg');
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', file)), 'stored: ' || file)
from (values ('named.jpg'), ('named.thumb.webp'), ('without a row.jpg')) as stored (file);
create function pg_temp.changed(file text) returns text language sql as $$
  select format('update storage.objects set metadata = ''{}'' where bucket_id = ''photos'' and name = %L', tests.path('ann', 'p', file)) $$;
grant execute on function pg_temp.changed(text) to public;
select tests.touches(pg_temp.changed('named.jpg'), 1, 'a photo of a draft may be replaced');
do $$ begin perform request_video_generation(tests.id('p'), 'waves'); end $$;
select tests.touches(pg_temp.changed('named.jpg'), 0, 'one of a project that is being processed not');
select tests.touches(pg_temp.changed('named.thumb.webp'), 0, 'nor its thumbnail');
select tests.touches(format('delete from storage.objects where name = %L', tests.path('ann', 'p', 'named.jpg')), 0, 'nor is it removed');
select tests.touches(format('delete from storage.objects where name = %L', tests.path('ann', 'p', 'without a row.jpg')), 1, 'what no photo names is');
select lives_ok($$select cancel_video_generation(id) from generated_videos where project_id = tests.id('p')$$, 'the video is cancelled');
select tests.touches(format('delete from storage.objects where name like %L', tests.path('ann', 'p', 'named%')), 2, 'and they may be removed again');
select tests.act_as_owner();

-- The token of an account that is gone.
delete from auth.users where id = tests.id('ann');
select tests.act_as(tests.id('ann'));
select tests.refused(pg_temp.put(bucket, name), '42501', 'row-level security', 'after the account nothing comes into ' || bucket)
from (values ('photos', tests.path('ann', 'p', 'late.jpg')), ('media', tests.id('ann') || '/late.mp4'), ('avatars', tests.id('ann') || '/late.jpg')) as late (bucket, name);
select tests.refused($$update storage.objects set metadata = '{}' where bucket_id = 'avatars'$$, '42501', 'row-level security', 'nor is anything replaced');

select * from finish();
rollback;
