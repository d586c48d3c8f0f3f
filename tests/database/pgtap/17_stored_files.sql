-- What Storage writes with the service's rights, which no policy binds: the end of uploads and of copies.
begin;
set local search_path = public, tap;
select plan(42);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('ann', 'q');
select tests.project('bob', 'b');

create function pg_temp.put(bucket text, name text, bytes bigint default 1000, type text default 'image/jpeg') returns text
language sql as $$
  select format('insert into storage.objects (bucket_id, name, version, metadata) values (%L, %L, gen_random_uuid(), %L)
    on conflict (bucket_id, name) do update set version = excluded.version, metadata = excluded.metadata',
    bucket, name, jsonb_build_object('size', bytes, 'mimetype', type)) $$;
create function pg_temp.moved(name text, to_bucket text, to_name text) returns text language sql as $$
  select format('update storage.objects set bucket_id = %L, name = %L, version = gen_random_uuid() where name = %L', to_bucket, to_name, name) $$;
grant execute on all functions in schema pg_temp to public;

-- What a bucket takes, by whatever way it comes.
select tests.act_as_service();
select tests.refused(pg_temp.put(bucket, tests.path('ann', 'p', 'a'), bytes, type), '42501', 'the bucket photos takes no file of this ' || what, 'photos: no ' || type || ' of ' || bytes)
from (values ('photos', 10485761::bigint, 'image/jpeg', 'size'), ('photos', 1000, 'video/mp4', 'type'), ('photos', 1000, 'image/svg+xml', 'type')) as wrong (bucket, bytes, type, what);
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', 'largest.jpg'), 10485760), 'ten MiB are taken');
select lives_ok(pg_temp.put('media', tests.id('ann') || '/long.mp4', 524288000, 'video/mp4'), 'and a video into the library');
select tests.refused(pg_temp.put('videos', tests.id('ann') || '/v.webm', 1, 'video/webm'), '42501', 'takes no file of this type', 'videos are mp4');
select lives_ok(pg_temp.put('videos', tests.id('ann') || '/v.mp4', 524288000, 'video/mp4'), 'the service stores one');
select tests.act_as(tests.id('ann'));
select tests.refused(pg_temp.moved(tests.id('ann') || '/long.mp4', 'photos', tests.path('ann', 'p', 'long.jpg')), '42501', 'takes no file of this', 'a video does not move among the photos');
select tests.refused(pg_temp.moved(tests.path('ann', 'p', 'largest.jpg'), 'avatars', tests.id('ann') || '/me.jpg'), '42501', 'takes no file of this size', 'nor a large photo among the pictures');
select lives_ok(pg_temp.moved(tests.path('ann', 'p', 'largest.jpg'), 'media', tests.id('ann') || '/largest.jpg'), 'but into the library');
select lives_ok($$insert into storage.objects (bucket_id, name) values ('photos', tests.path('ann', 'p', 'asked.jpg'))$$, 'before the first byte neither size nor type is known');
select tests.act_as_service();
update storage.buckets set allowed_mime_types = array['image/*'], file_size_limit = null where id = 'avatars';
select lives_ok(pg_temp.put('avatars', tests.id('ann') || '/me.gif', 99999999, 'image/gif'), 'a bucket that takes all pictures takes all');
select tests.refused(pg_temp.put('avatars', tests.id('ann') || '/me.mp4', 1, 'video/mp4'), '42501', 'takes no file of this type', 'and no video');
update storage.buckets set allowed_mime_types = null where id = 'avatars';
select lives_ok(pg_temp.put('avatars', tests.id('ann') || '/me.mp4', 1, 'video/mp4'), 'one without limits takes everything');

-- Whose folder it is.
select tests.refused(pg_temp.put(bucket, name), '42501', 'the folder of this file is nobody''s', why)
from (values
  ('photos', tests.path('ann', 'none', 'a.jpg'), 'no project'),
  ('photos', tests.path('ann', 'b', 'a.jpg'), 'another''s project'),
  ('photos', tests.id('ann') || '/a.jpg', 'no second folder'),
  ('media', tests.id('nobody') || '/a.jpg', 'no account'),
  ('avatars', tests.id('nobody') || '/a.jpg', 'no account for a picture')) as wrong (bucket, name, why);
select lives_ok(pg_temp.put('media', 'shared/a.jpg'), 'the service has folders of its own');

-- An upload that began before.
select tests.act_as(tests.id('ann'));
insert into photos (project_id, file_url, file_size_bytes, mime_type) values (tests.id('p'), tests.path('ann', 'p', 'named.jpg'), 1000, 'image/jpeg');
select tests.act_as_service();
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', 'named.jpg')), 'the file of a draft');
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', 'named.jpg'), 2000), 'in the place of another');
select tests.act_as(tests.id('ann'));
do $$ begin perform request_video_generation(tests.id('p'), 'waves'); end $$;
select tests.act_as_service();
select tests.refused(pg_temp.put('photos', tests.path('ann', 'p', 'named.jpg')), '42501', 'being processed', 'not while the project is processed');
select tests.refused(pg_temp.moved(tests.path('ann', 'p', 'named.jpg'), 'photos', tests.path('ann', 'q', 'named.jpg')), '42501', 'being processed', 'nor does it move away');
select lives_ok(pg_temp.put('photos', tests.path('ann', 'p', 'other.jpg')), 'what no photo names may come');
select lives_ok($$update storage.objects set last_accessed_at = now()$$, 'and everything may be read');
select tests.act_as_owner();
insert into private.storage_deletions (bucket_id, object_name, reason, attempts)
  values ('photos', tests.path('ann', 'q', 'going.jpg'), 'deleted', 1), ('photos', tests.path('ann', 'q', 'queued.jpg'), 'deleted', 0);
select tests.act_as_service();
select tests.refused(pg_temp.put('photos', tests.path('ann', 'q', 'going.jpg')), '42501', 'being removed', 'nor to a path that a job has in hand');
select lives_ok(pg_temp.put('photos', tests.path('ann', 'q', 'queued.jpg')), 'one that waits in the queue is free');

-- Bytes that no row names. The free plan has 1 GiB.
select tests.act_as_owner();
create function pg_temp.counted(name text) returns numeric language sql as $$
  select coalesce((select bytes from private.stored_bytes where account = tests.id(name)), 0) $$;
select is(pg_temp.counted('bob'), 0::numeric, 'nothing is stored');
select is(pg_temp.counted('ann'), (select sum(greatest(4096, (metadata ->> 'size')::numeric)) from storage.objects
  where name like tests.id('ann') || '/%' and bucket_id <> 'videos'), 'whatever came, went elsewhere and was replaced, the count is right');
select tests.act_as_service();
insert into storage.objects (bucket_id, name, metadata)
  select 'media', tests.id('bob') || '/' || n || '.mp4', '{"size": 524288000, "mimetype": "video/mp4"}' from generate_series(1, 4) as n;
select tests.act_as(tests.id('bob'));
select lives_ok(pg_temp.put('photos', tests.path('bob', 'b', 'a.jpg'), 1000), 'below twice the quota and a project');
select tests.act_as_service();
select tests.refused(pg_temp.put('media', tests.id('bob') || '/5.mp4', 260046848, 'video/mp4'), '42501', 'far over its quota', 'not above it, though it has no row');
select lives_ok(pg_temp.put('media', tests.id('bob') || '/5.mp4', 260042752, 'video/mp4'), 'to the block');
select tests.act_as(tests.id('bob'));
select tests.refused($$insert into storage.objects (bucket_id, name) values ('avatars', tests.id('bob') || '/me.jpg')$$, '42501', 'far over its quota', 'and then not a file more is begun');
select tests.act_as_owner();
update users set subscription_plan = 'enterprise' where id = tests.id('bob');
select tests.act_as(tests.id('bob'));
select lives_ok($$insert into storage.objects (bucket_id, name) values ('avatars', tests.id('bob') || '/me.jpg')$$, 'where the plan has no limit there is none');


-- What is removed makes room.
select tests.act_as_owner();
update users set subscription_plan = 'free' where id = tests.id('bob');
select tests.act_as_service();
select tests.refused(pg_temp.put('avatars', tests.id('bob') || '/you.jpg'), '42501', 'far over its quota', 'back in the smaller plan nothing comes');
select lives_ok(pg_temp.put('avatars', tests.id('bob') || '/me.jpg', 1000), 'but in the place of what is no smaller');
select set_config('storage.allow_delete_query', 'true', true);
select tests.touches($$delete from storage.objects where name in (tests.id('bob') || '/4.mp4', tests.id('ann') || '/long.mp4', 'shared/a.jpg')$$, 3, 'files of two accounts and of none go');
select lives_ok(pg_temp.put('avatars', tests.id('bob') || '/you.jpg'), 'what is removed makes room');
select tests.act_as_owner();
select is((select array_agg(pg_temp.counted(name) = (select sum(greatest(4096, (metadata ->> 'size')::numeric)) from storage.objects
  where objects.name like tests.id(person.name) || '/%' and bucket_id <> 'videos')) from (values ('ann'), ('bob')) as person (name)), array[true, true], 'and is counted once');
delete from auth.users where id = tests.id('bob');
select is((select count(*) from private.stored_bytes), 1::bigint, 'of an account that is gone nothing stays');
select tests.act_as_service();
select tests.touches($$delete from storage.objects where name like tests.id('bob') || '/%'$$, 7, 'its files go later');

select * from finish();
rollback;
