-- Metadata hold any number, and end where reading them would be a load: ten kilobytes of 1e131071 were 131 MB of text and
-- seconds of the database's time, whenever their owner read the row.
begin;

do $$
begin
  if to_regprocedure('private.numbers_within(jsonb, integer)') is not null then
    raise exception 'migration 20261128100700_long_metadata is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- Whether all numbers of a value, written out, have at most so many characters. It stops at the first one beyond: what is
-- refused costs no more than what is taken.
create function private.numbers_within(value jsonb, max_characters integer) returns boolean
language plpgsql immutable parallel safe
set search_path = ''
as $$
declare
  number jsonb;
  characters bigint := 0;
begin
  for number in
    select leaf from jsonb_path_query(value, 'strict $.** ? (@.type() == "number")') as leaf
  loop
    characters := characters + length(number::text);
    if characters > max_characters then
      return false;
    end if;
  end loop;
  return true;
end
$$;

-- As before, and of bounded length: numbers as many characters as a document that the core takes has bytes, the whole four
-- times as many, which no such document comes to.
create or replace function private.is_metadata(value jsonb) returns boolean
language sql immutable parallel safe
set search_path = ''
as $$
  select case
    when pg_catalog.jsonb_typeof(value) <> 'object' then false
    when pg_catalog.jsonb_path_exists(value, 'strict $.**{101}') then false
    when not private.numbers_within(value, 4194304) then false
    when value is not null then pg_catalog.octet_length(value::text) <= 16777216
  end
$$;

revoke all on function private.numbers_within(jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function private.numbers_within(jsonb, integer) to authenticated, service_role;

commit;
