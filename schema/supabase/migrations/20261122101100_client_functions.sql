-- What clients call. All run with the caller's rights: policies, grants and guards decide.
begin;

do $$
begin
  if to_regprocedure('public.create_project_with_photos(jsonb, jsonb)') is not null then
    raise exception 'migration 20261122101100_client_functions is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- Refuses a document that is no object, or has keys that are no columns a client may insert.
create function private.require_columns(document jsonb, columns text[]) returns void
language plpgsql stable set search_path = ''
as $$
declare
  surplus text;
begin
  if jsonb_typeof(document) is distinct from 'object' then
    raise exception 'expected an object' using errcode = 'invalid_parameter_value';
  end if;
  select min(name.name) into surplus
    from jsonb_object_keys(document) as name (name) where name.name <> all (columns);
  if surplus is not null then
    raise exception 'no column "%" that a client may insert', surplus
      using errcode = 'undefined_column';
  end if;
end
$$;

-- Inserts a project and its photos in one transaction: all of it or nothing. `project` has the
-- columns of video_projects that a client may insert, `photos` is an array of photo rows, in their
-- order; their project_id may be left out. Returns the project as it then is.
create function public.create_project_with_photos(project jsonb, photos jsonb default '[]'::jsonb)
returns public.video_projects
language plpgsql set search_path = ''
as $$
declare
  made public.video_projects;
  photo jsonb;
begin
  perform private.require_columns(project, array['id', 'user_id', 'title_i18n', 'description_i18n',
    'style', 'duration_minutes', 'ai_prompt', 'metadata']);
  if jsonb_typeof(photos) is distinct from 'array' then
    raise exception 'photos must be an array' using errcode = 'invalid_parameter_value';
  end if;
  for photo in select value from jsonb_array_elements(photos) loop
    perform private.require_columns(photo, array['id', 'project_id', 'file_url', 'thumbnail_url',
      'original_filename', 'file_size_bytes', 'mime_type', 'width', 'height', 'upload_order',
      'metadata']);
  end loop;

  insert into public.video_projects (id, user_id, title_i18n, description_i18n, style,
      duration_minutes, ai_prompt, metadata)
    select coalesce(draft.id, gen_random_uuid()), coalesce(draft.user_id, private.caller_id()),
      draft.title_i18n, draft.description_i18n, draft.style, draft.duration_minutes,
      draft.ai_prompt, draft.metadata
    from jsonb_populate_record(null::public.video_projects,
      '{"title_i18n": {}, "description_i18n": {}, "style": "classic", "duration_minutes": 1,
        "metadata": {}}'::jsonb || project) as draft
    returning * into made;

  insert into public.photos (id, project_id, file_url, thumbnail_url, original_filename,
      file_size_bytes, mime_type, width, height, upload_order, metadata)
    select coalesce(draft.id, gen_random_uuid()), coalesce(draft.project_id, made.id),
      draft.file_url, draft.thumbnail_url, draft.original_filename, draft.file_size_bytes,
      draft.mime_type, draft.width, draft.height, draft.upload_order, draft.metadata
    from jsonb_array_elements(photos) with ordinality as element (document, place),
      jsonb_populate_record(null::public.photos,
        '{"upload_order": -1, "metadata": {}}'::jsonb || element.document) as draft
    order by element.place;

  select * into made from public.video_projects as final where final.id = made.id;
  return made;
end
$$;

-- Puts a project's photos into the order of their ids. `ids` names each photo of the project once.
-- PT404: no such project or photo; PT409: being processed, or photos are missing in the list.
create function public.reorder_photos(project uuid, ids uuid[]) returns setof public.photos
language plpgsql set search_path = ''
as $$
declare
  held record;
  known integer;
  total integer;
begin
  -- Before the project's row, as every statement of a client does by its guard.
  perform private.lock_account(private.caller_id());
  select own.id, own.status into held from public.video_projects as own
    where own.id = reorder_photos.project for no key update;
  if not found then
    raise exception 'no such project' using errcode = 'PT404';
  end if;
  if held.status = 'processing' then
    raise exception 'the project is being processed: its photos do not change now'
      using errcode = 'PT409';
  end if;
  if ids is null or array_position(ids, null) is not null
    or (select count(distinct named.id) from unnest(ids) as named (id)) <> cardinality(ids) then
    raise exception 'ids must name each photo once' using errcode = 'invalid_parameter_value';
  end if;
  select count(*), count(*) filter (where photo.id = any (ids)) into total, known
    from public.photos as photo where photo.project_id = held.id;
  if known < cardinality(ids) then
    raise exception 'no such photo in the project' using errcode = 'PT404';
  end if;
  if known < total then
    raise exception 'the project has photos that ids does not name' using errcode = 'PT409';
  end if;

  update public.photos as photo
    set upload_order = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where photo.id = wanted.id and photo.project_id = held.id
      and photo.upload_order <> wanted.place - 1;

  return query select * from public.photos as photo
    where photo.project_id = held.id order by photo.upload_order;
end
$$;

-- Whether the caller may use `amount` more of a resource, what it has used, and its plan's limit
-- (NULL: none).
create function public.check_quota(resource public.resource_type, amount numeric default 1)
returns table (allowed boolean, used numeric, quota numeric)
language plpgsql stable set search_path = ''
as $$
begin
  if amount is null or amount < 0 then
    raise exception 'amount must not be negative' using errcode = 'invalid_parameter_value';
  end if;
  return query
    select state.quota is null or state.used + amount <= state.quota, state.used, state.quota
    from private.quota_state(private.caller_id(), resource) as state
    where state.used is not null;
  if not found then
    raise exception 'no profile' using errcode = 'PT404';
  end if;
end
$$;

-- Asks for a video of the project; without a prompt, by the project's own.
-- PT404: no such project; PT409: one is being made already; PT402: over the quota.
create function public.request_video_generation(project uuid, prompt text default null)
returns public.generated_videos
language plpgsql set search_path = ''
as $$
declare
  held record;
  video public.generated_videos;
begin
  select own.id, own.ai_prompt into held from public.video_projects as own
    where own.id = request_video_generation.project;
  if not found then
    raise exception 'no such project' using errcode = 'PT404';
  end if;
  insert into public.generated_videos (project_id, ai_prompt)
    values (held.id, coalesce(prompt, held.ai_prompt))
    returning * into video;
  return video;
end
$$;

-- Cancels a video that is not ready; a cancelled one stays so.
-- PT404: no such video; PT409: it is completed or has failed.
create function public.cancel_video_generation(video uuid) returns public.generated_videos
language plpgsql set search_path = ''
as $$
declare
  cancelled public.generated_videos;
begin
  update public.generated_videos as own set status = 'cancelled'
    where own.id = cancel_video_generation.video
    returning * into cancelled;
  if not found then
    raise exception 'no such video' using errcode = 'PT404';
  end if;
  return cancelled;
end
$$;

-- Makes one of the caller's payment methods the default. PT404: no such method.
create function public.set_default_payment_method(id uuid) returns public.payment_methods
language plpgsql set search_path = ''
as $$
declare
  chosen public.payment_methods;
begin
  update public.payment_methods as own set is_default = true
    where own.id = set_default_payment_method.id
    returning * into chosen;
  if not found then
    raise exception 'no such payment method' using errcode = 'PT404';
  end if;
  return chosen;
end
$$;

revoke all on function
  private.require_columns(jsonb, text[]),
  public.create_project_with_photos(jsonb, jsonb), public.reorder_photos(uuid, uuid[]),
  public.check_quota(public.resource_type, numeric),
  public.request_video_generation(uuid, text), public.cancel_video_generation(uuid),
  public.set_default_payment_method(uuid)
  from public, anon, authenticated, service_role;
grant execute on function
  private.require_columns(jsonb, text[]),
  public.create_project_with_photos(jsonb, jsonb), public.reorder_photos(uuid, uuid[]),
  public.check_quota(public.resource_type, numeric),
  public.request_video_generation(uuid, text), public.cancel_video_generation(uuid),
  public.set_default_payment_method(uuid)
  to authenticated;

commit;
