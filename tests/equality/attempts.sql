-- What a client of the API does with a document, tried and taken back: one answer for each document.
-- Made by the superuser, run by the role `authenticated` with that role's own rights.
create schema equality;
grant usage on schema equality to authenticated;

-- The statement that PostgREST makes of a body: the keys name the columns, json_to_record gives the values.
create function equality.statement(kind text, body json) returns text
language plpgsql stable set search_path = ''
as $$
declare
  target text := case kind when 'project' then 'video_projects' when 'photo' then 'photos'
    when 'media-item' then 'media_items' else 'users' end;
  names text;
  typed text;
  assignments text;
begin
  select
    string_agg(format('%I', keys.key), ', ' order by keys.key),
    string_agg(format('%I %s', keys.key, coalesce(format_type(columns.atttypid, columns.atttypmod), 'text')), ', ' order by keys.key),
    string_agg(format('%1$I = body.%1$I', keys.key), ', ' order by keys.key)
    into names, typed, assignments
    from (select distinct given.key from json_object_keys(body) as given (key)) as keys
      left join pg_catalog.pg_attribute as columns
        on columns.attrelid = format('public.%I', target)::regclass and columns.attname = keys.key and columns.attnum > 0;
  if kind = 'profile' then
    return case when names is null then 'select to_jsonb(users) from public.users where id = (select auth.uid())' else
      format('update public.users set %s from json_to_record($1) as body (%s) where users.id = (select auth.uid()) returning to_jsonb(users)',
        assignments, typed) end;
  end if;
  return case when names is null then format('insert into public.%I default values returning to_jsonb(%1$I)', target) else
    format('insert into public.%1$I (%2$s) select %2$s from json_to_record($1) as body (%3$s) returning to_jsonb(%1$I)', target, names, typed) end;
end
$$;

-- PT000: the statement went through and was taken back; any other state is the reason of the refusal.
create function equality.attempt(kind text, document text, out state text, out place text, out result jsonb)
language plpgsql volatile set search_path = ''
as $$
declare
  relation text;
  name text;
begin
  begin
    execute equality.statement(kind, document::json) into strict result using document::json;
    result := result - array['id', 'created_at', 'updated_at'];
    raise exception 'taken back' using errcode = 'PT000';
  exception when others then
    get stacked diagnostics state = returned_sqlstate, relation = table_name, name = constraint_name;
    if name = '' then
      get stacked diagnostics name = column_name;
    end if;
    place := relation || '.' || name;
    if state <> 'PT000' then
      result := null;
    end if;
  end;
end
$$;

create function equality.attempts(kinds text[], documents text[])
returns table (ordinal bigint, state text, place text, result jsonb)
language sql volatile set search_path = ''
as $$
  select given.ordinal, tried.state, tried.place, tried.result
  from unnest(kinds, documents) with ordinality as given (kind, document, ordinal),
    equality.attempt(given.kind, given.document) as tried
  order by given.ordinal
$$;

grant execute on all functions in schema equality to authenticated;
