-- Generated videos: asked for and cancelled by clients, everything else by the service.
begin;
set local search_path = public, tap;
select plan(52);
select tests.sign_up('ann');
select tests.sign_up('bob');
select tests.project('ann', 'p');
select tests.project('bob', 'b');
create function pg_temp.status(project text) returns text language sql as $$
  select status::text from public.video_projects where id = tests.id(project) $$;
grant execute on function pg_temp.status(text) to public;

-- Asking.
select tests.act_as(tests.id('ann'));
select results_eq($$select project_id, status::text, ai_prompt, progress_percentage from request_video_generation(tests.id('p'), 'waves')$$,
  $$values (tests.id('p'), 'queued', 'waves', 0)$$, 'a video can be asked for');
select is(pg_temp.status('p'), 'processing', 'the project is being processed');
select tests.refused($$select request_video_generation(tests.id('p'), 'again')$$, 'PT409', 'already', 'one at a time');
select tests.refused($$insert into generated_videos (project_id, ai_prompt) values (tests.id('p'), 'again')$$, 'PT409', 'already', 'by an insert too');
select tests.refused($$select request_video_generation(tests.id('nothing'), 'x')$$, 'PT404', 'no such project', 'a project that is not there');
select tests.refused($$select request_video_generation(tests.id('b'), 'x')$$, 'PT404', 'no such project', 'another''s project looks the same');
select tests.refused($$insert into generated_videos (project_id, ai_prompt) values (tests.id('b'), 'x')$$, '42501', '', 'and takes no insert');
select tests.refused($$insert into generated_videos (project_id, ai_prompt) values (tests.id('nothing'), 'x')$$, '42501', '', 'as a missing one');

-- Cancelling.
select results_eq($$select status::text from cancel_video_generation((select id from generated_videos))$$, $$values ('cancelled')$$, 'it can be cancelled');
select is(pg_temp.status('p'), 'cancelled', 'the project follows');
select results_eq($$select status::text from cancel_video_generation((select id from generated_videos))$$, $$values ('cancelled')$$, 'again is the same');
select tests.refused($$select cancel_video_generation(tests.id('nothing'))$$, 'PT404', 'no such video', 'a video that is not there');
select lives_ok($$select tests.add_photos('ann', 'p', 1)$$, 'photos change again');
update video_projects set ai_prompt = 'the project''s own' where id = tests.id('p');
select results_eq($$select ai_prompt from request_video_generation(tests.id('p'))$$, $$values ('the project''s own')$$, 'without a prompt, by the project''s own');

-- Forging.
select tests.refused(format('update generated_videos set %s', change), '42501', 'permission denied', 'a client does not write ' || change)
from unnest(array['file_url = ''x''', 'progress_percentage = 100', 'completed_at = now()', 'ai_prompt = ''x''',
  'error_message = null', 'external_generation_id = ''x''', 'project_id = project_id', 'created_at = now()']) as change;
select tests.refused($$update generated_videos set status = 'completed'$$, '42501', '', 'nor completes');
select tests.refused($$update generated_videos set status = 'queued' where status = 'cancelled'$$, '42501', '', 'nor brings back');
select tests.refused(format('insert into generated_videos (project_id, ai_prompt, %s) values (tests.id(''p''), ''x'', %s)', name, value), '42501', 'permission denied',
  'a client does not insert with ' || name)
from (values ('status', '''completed'''), ('file_url', '''x'''), ('progress_percentage', '100'), ('completed_at', 'now()')) as forged (name, value);
select tests.refused($$delete from generated_videos$$, '42501', 'permission denied', 'nor deletes');
select tests.act_as(tests.id('bob'));
select is_empty('select 1 from generated_videos', 'another sees none of it');
select tests.refused(format('select cancel_video_generation(%L)', id), 'PT404', 'no such video', 'and cancels none of it')
  from unnest(array[tests.id('whatever')]) as id;

-- The service's work.
select tests.act_as_service();
update generated_videos set status = 'processing', progress_percentage = 10 where status = 'queued';
select isnt((select started_at from generated_videos where status = 'processing'), null, 'a start has a time');
select is(pg_temp.status('p'), 'processing', 'the project is still being processed');
select tests.refused($$update generated_videos set status = 'completed', file_url = 'u/v.mp4' where status = 'processing'$$,
  '23514', 'status_consistency', 'a completed video is at 100 percent');
select tests.refused($$update generated_videos set status = 'completed', file_url = 'u/v.mp4', progress_percentage = null where status = 'processing'$$,
  '23514', 'status_consistency', 'not at an unknown percentage');
select tests.refused($$update generated_videos set status = 'completed', progress_percentage = 100 where status = 'processing'$$,
  '23514', 'status_consistency', 'and has a file');
select tests.refused($$update generated_videos set status = 'completed', file_url = 'u/v.mp4', progress_percentage = 100,
  completed_at = started_at - interval '1 second' where status = 'processing'$$, '23514', 'valid_timeline', 'and ends after it began');
select tests.refused($$update generated_videos set started_at = created_at - interval '1 second' where status = 'processing'$$,
  '23514', 'valid_timeline', 'and begins after it was asked for');
select tests.refused($$update generated_videos set progress_percentage = 101$$, '23514', 'valid_progress', '101 percent');
select tests.refused($$update generated_videos set duration_seconds = 0$$, '23514', 'valid_duration', 'no second');
select tests.refused($$update generated_videos set file_size_bytes = 0$$, '23514', 'valid_file_size', 'no byte');
select tests.touches($$update generated_videos set status = 'completed', file_url = 'u/v.mp4', progress_percentage = 100 where status = 'processing'$$,
  1, 'a video is completed');
select isnt((select completed_at from generated_videos where status = 'completed'), null, 'at a time');
select is(pg_temp.status('p'), 'completed', 'the project is completed');
select results_eq($$select user_id, amount, unit::text, metadata from usage_records where resource_type = 'video_generation'$$,
  $$select tests.id('ann'), 1::numeric, 'count', jsonb_build_object('video_id', id) from generated_videos where status = 'completed'$$,
  'it is usage');
update generated_videos set status = 'failed' where status = 'completed';
update generated_videos set status = 'completed' where status = 'failed';
select is((select count(*) from usage_records where resource_type = 'video_generation'), 1::bigint, 'once');
select tests.act_as(tests.id('ann'));
select tests.refused(format('select cancel_video_generation(%L)', id), 'PT409', 'completed already', 'a completed video is not cancelled')
  from generated_videos where status = 'completed';

select tests.act_as(tests.id('bob'));
select set_config('role', 'postgres', true);
select lives_ok($$insert into generated_videos (project_id, ai_prompt, status) values (tests.id('p'), 'x', 'failed')$$,
  'what counts is the role, not whose claims a session still has');

-- What a prompt is.
select tests.act_as(tests.id('ann'));
select tests.refused($$select request_video_generation(tests.id('p'), E' \n')$$, '23514', 'valid_ai_prompt', 'a blank prompt');
select tests.refused($$select request_video_generation(tests.id('p'), repeat('a', 2001))$$, '23514', 'valid_ai_prompt', 'a prompt of 2001 characters');
select lives_ok($$select request_video_generation(tests.id('p'), repeat('😀', 2000))$$, 'of 2000');
select tests.act_as_owner();
delete from generated_videos where status = 'queued';
select is(pg_temp.status('p'), 'draft', 'a project whose video was removed is a draft again');

select * from finish();
rollback;
