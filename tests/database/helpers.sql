-- What the pgTAP files share. Installed once, in a schema of its own; the files roll back.
create schema tests;
grant usage on schema tests to public;

-- The id that goes with a name: of a person, a project, whatever a file speaks of.
create function tests.id(name text) returns uuid language sql immutable as $$ select md5(name)::uuid $$;

-- Signs somebody up as GoTrue does.
create function tests.sign_up(name text, email text, metadata jsonb default '{}') returns uuid
language sql volatile as $$
  insert into auth.users (id, aud, role, email, raw_user_meta_data, created_at, updated_at)
  values (tests.id(name), 'authenticated', 'authenticated', sign_up.email, sign_up.metadata, now(), now())
  returning id
$$;
create function tests.sign_up(name text) returns uuid
language sql volatile as $$ select tests.sign_up(name, name || '@example.com') $$;

-- The rest of the transaction, or until the next call, runs as PostgREST would for this person.
create function tests.act_as(person uuid) returns void language sql volatile as $$
  select set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', person)::text, true),
    set_config('role', 'authenticated', true)
$$;
create function tests.act_as_anon() returns void language sql volatile as $$
  select set_config('request.jwt.claims', '{"role": "anon"}', true), set_config('role', 'anon', true)
$$;
create function tests.act_as_service() returns void language sql volatile as $$
  select set_config('request.jwt.claims', '{"role": "service_role"}', true),
    set_config('role', 'service_role', true)
$$;
-- Back to the owner of the tables.
create function tests.act_as_owner() returns void language sql volatile as $$
  select set_config('request.jwt.claims', '', true), set_config('role', 'postgres', true)
$$;

create function tests.project(owner text, name text) returns uuid language sql volatile as $$
  insert into public.video_projects (id, user_id, title_i18n)
  values (tests.id(name), tests.id(owner), '{"en": "Trip"}') returning id
$$;

create function tests.path(owner text, project text, file text) returns text language sql immutable as $$
  select tests.id(owner)::text || '/' || tests.id(project)::text || '/' || file
$$;

-- Adds photos at the end of the project in one statement, as the current role.
create function tests.add_photos(owner text, project text, photos integer, bytes bigint default 1000)
returns void language sql volatile as $$
  insert into public.photos (project_id, file_url, file_size_bytes, mime_type)
  select tests.id(project), tests.path(owner, project, gen_random_uuid() || '.jpg'), bytes, 'image/jpeg'
  from generate_series(1, photos)
$$;

-- One photo's values with what a test wants to be different: an insert as the current role.
create function tests.add_photo(owner text, project text, differently jsonb default '{}') returns uuid
language plpgsql volatile as $$
declare
  document jsonb := jsonb_build_object('project_id', tests.id(project),
    'file_url', tests.path(owner, project, gen_random_uuid() || '.jpg'),
    'file_size_bytes', 1000, 'mime_type', 'image/jpeg') || differently;
  made uuid;
begin
  execute format(
    'insert into public.photos (%1$s) select %1$s from jsonb_populate_record(null::public.photos, $1) returning id',
    (select string_agg(quote_ident(key), ', ') from jsonb_object_keys(document) as key))
    into made using document;
  return made;
end
$$;

-- Passes when the statement fails with the SQLSTATE and a message that has the fragment in it.
create function tests.refused(statement text, state text, fragment text, description text)
returns text language plpgsql as $$
declare
  got_state text;
  got_message text;
begin
  begin
    execute statement;
    got_state := '00000';
    got_message := 'nothing was refused';
  exception when others then
    get stacked diagnostics got_state = returned_sqlstate, got_message = message_text;
  end;
  return tap.ok(got_state = state and strpos(got_message, fragment) > 0, description)
    || case when got_state = state and strpos(got_message, fragment) > 0 then ''
      else E'\n' || tap.diag(format('got %s: %s', got_state, got_message)) end;
end
$$;

-- Passes when the statement succeeds and touches so many rows.
create function tests.touches(statement text, expected bigint, description text)
returns text language plpgsql as $$
declare
  touched bigint;
begin
  begin
    execute statement;
    get diagnostics touched = row_count;
  exception when others then
    return tap.ok(false, description) || E'\n' || tap.diag(sqlstate || ': ' || sqlerrm);
  end;
  return tap.is(touched, expected, description);
end
$$;

grant execute on all functions in schema tests to public;
