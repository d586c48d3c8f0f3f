-- Types, and the small functions that constraints and triggers stand on.
-- Nothing in the schema `private` is reachable through the API; it is not among the exposed schemas.
begin;

do $$
begin
  if to_regtype('public.project_status') is not null then
    raise exception 'migration 20261122100000_types_and_helpers is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

create type public.project_status as enum ('draft', 'processing', 'completed', 'failed', 'cancelled');
create type public.video_style as enum ('classic', 'modern', 'cinematic', 'vintage');
create type public.generation_status as enum ('queued', 'processing', 'completed', 'failed', 'cancelled');
create type public.subscription_status as enum ('active', 'past_due', 'cancelled', 'unpaid');
create type public.resource_type as enum ('video_generation', 'storage_bytes', 'project_creation');

-- auth.uid() for function bodies: a client role has no USAGE on the schema `auth` everywhere,
-- and only stored expressions (policies, defaults) do without it.
create function private.caller_id() returns uuid
language sql stable security definer set search_path = ''
as $$ select auth.uid() $$;

-- The first day of the month, in UTC, in which the moment falls.
create function private.billing_month(moment timestamptz default now()) returns date
language sql immutable set search_path = ''
as $$ select date_trunc('month', moment at time zone 'UTC')::date $$;

-- An i18n value: an object whose keys are the seven languages and whose values are strings.
create function public.validate_i18n_json(i18n_data jsonb) returns boolean
language sql immutable set search_path = ''
as $$
  select case
    when jsonb_typeof(i18n_data) = 'object' then not exists (
      select 1 from jsonb_each(i18n_data) as entry
      where jsonb_typeof(entry.value) <> 'string'
        or entry.key not in ('en', 'ko', 'ja', 'zh', 'es', 'fr', 'de'))
    else false
  end
$$;

-- True when no string of an i18n value has more code points than max_characters.
-- What is no object is left to validate_i18n_json.
create function private.i18n_within(i18n_data jsonb, max_characters integer) returns boolean
language sql immutable set search_path = ''
as $$
  select case
    when jsonb_typeof(i18n_data) = 'object' then not exists (
      select 1 from jsonb_each_text(i18n_data) as entry
      where char_length(entry.value) > max_characters)
    else true
  end
$$;

-- Serialises the writes of one account's clients until the end of their transactions. Row locks
-- alone cannot be taken in one order: a DELETE locks the photo before any trigger can lock its
-- project, a cascade locks the project first.
create function private.lock_account(account uuid) returns void
language sql volatile set search_path = ''
as $$ select pg_advisory_xact_lock(hashtextextended('photomemory account ' || account::text, 0)) $$;

-- Moves updated_at; the clock and not the transaction's time, so that two changes differ.
create function public.update_updated_at_column() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at = clock_timestamp();
  return new;
end
$$;

-- Guard of a statement: binds anon and authenticated only. Arguments: the operations that
-- authenticated may do; anon may do none. Says what the grants say, where a backend grants all.
create function private.guard_statement() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user = 'anon' or (current_user = 'authenticated' and tg_op <> all (tg_argv)) then
    raise exception 'permission denied for table %: % is not for clients', tg_table_name, lower(tg_op)
      using errcode = 'insufficient_privilege';
  end if;
  if current_user = 'authenticated' then
    perform private.lock_account(private.caller_id());
  end if;
  return null;
end
$$;

-- Guard of a row: binds anon and authenticated only. Arguments: the columns a client may insert,
-- the columns it may update (comma separated), and a JSON object with the defaults of the others;
-- a column named nowhere must be empty, timestamps must be the transaction's, an owner the caller.
create function private.guard_row() returns trigger
language plpgsql set search_path = ''
as $$
declare
  given jsonb;
  expected jsonb;
  forbidden text;
begin
  if current_user not in ('anon', 'authenticated') then
    return new;
  end if;
  if tg_op = 'INSERT' then
    given := to_jsonb(new) - string_to_array(tg_argv[0], ',');
    expected := tg_argv[2]::jsonb
      || jsonb_build_object('created_at', now(), 'updated_at', now(), 'user_id', private.caller_id());
    select string_agg(entry.key, ', ' order by entry.key) into forbidden
      from jsonb_each(given) as entry
      where entry.value <> 'null'::jsonb and entry.value is distinct from expected -> entry.key;
  else
    given := to_jsonb(new) - string_to_array(tg_argv[1], ',');
    expected := to_jsonb(old);
    select string_agg(entry.key, ', ' order by entry.key) into forbidden
      from jsonb_each(given) as entry
      where entry.value is distinct from expected -> entry.key;
  end if;
  if forbidden is not null then
    raise exception 'permission denied for table %: clients may not set %', tg_table_name, forbidden
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;

-- Guard of ownership: binds anon and authenticated only. A row they write is theirs.
create function private.guard_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user in ('anon', 'authenticated')
    and (new.user_id is null or new.user_id is distinct from private.caller_id()) then
    raise exception 'permission denied for table %: the row is not the caller''s', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;

revoke all on function private.caller_id(), private.billing_month(timestamptz),
  private.i18n_within(jsonb, integer), private.lock_account(uuid), private.guard_statement(),
  private.guard_row(), private.guard_owner() from public, anon, authenticated, service_role;
revoke all on function public.validate_i18n_json(jsonb), public.update_updated_at_column()
  from public, anon, authenticated, service_role;
grant execute on function
  private.caller_id(), private.billing_month(timestamptz), private.i18n_within(jsonb, integer),
  private.lock_account(uuid)
  to authenticated, service_role;
grant execute on function public.validate_i18n_json(jsonb) to authenticated, service_role;
grant usage on type public.project_status, public.video_style, public.generation_status,
  public.subscription_status, public.resource_type to anon, authenticated, service_role;

commit;
