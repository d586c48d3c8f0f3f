-- Two accounts that come to one address at the same moment: each gets its profile.
begin;

do $$
begin
  if to_regprocedure('private.reserved_email(uuid)') is not null then
    raise exception 'migration 20261128100100_sign_up_at_once is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

-- What a profile carries in the place of an address that it cannot have.
create function private.reserved_email(account uuid) returns text
language sql immutable set search_path = ''
as $$ select account::text || '@users.invalid' $$;

create or replace function private.profile_email(account uuid, email text) returns text
language sql stable set search_path = ''
as $$
  select case
    when profile_email.email is null or profile_email.email = '' or exists (
      select 1 from public.users as other
      where other.email = profile_email.email and other.id <> profile_email.account)
    then private.reserved_email(profile_email.account)
    else profile_email.email
  end
$$;

-- As before, but for the end: the look at the other profiles sees none that is being made.
create or replace function private.make_profile(account uuid, email text, sign_up_data jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  facts jsonb := case when jsonb_typeof(sign_up_data) = 'object' then sign_up_data else '{}'::jsonb end;
  candidate text;
  chosen_name text := null;
  chosen_language text := 'en';
  chosen_zone text := 'UTC';
  chosen_avatar text := null;
begin
  foreach candidate in array array[
    facts ->> 'display_name', facts ->> 'full_name', facts ->> 'name', facts ->> 'user_name',
    split_part(make_profile.email, '@', 1), 'User']
  loop
    candidate := left(btrim(candidate), 100);
    if chosen_name is null and candidate is not null and not private.is_blank(candidate) then
      chosen_name := candidate;
    end if;
  end loop;

  candidate := lower(left(coalesce(facts ->> 'language', facts ->> 'locale'), 2));
  if candidate in ('en', 'ko', 'ja', 'zh', 'es', 'fr', 'de') then
    chosen_language := candidate;
  end if;

  candidate := coalesce(facts ->> 'timezone', facts ->> 'time_zone', facts ->> 'zoneinfo');
  if private.is_time_zone(candidate) then
    chosen_zone := candidate;
  end if;

  candidate := coalesce(facts ->> 'avatar_url', facts ->> 'picture');
  if private.is_https_url(candidate) then
    chosen_avatar := candidate;
  end if;

  insert into public.users (id, email, display_name, avatar_url, language, timezone)
  values (account, private.profile_email(account, make_profile.email), chosen_name, chosen_avatar,
    chosen_language, chosen_zone)
  on conflict on constraint users_email_key do nothing;
  if not found then
    insert into public.users (id, email, display_name, avatar_url, language, timezone)
    values (account, private.reserved_email(account), chosen_name, chosen_avatar, chosen_language, chosen_zone);
  end if;
end
$$;

create or replace function private.handle_user_email() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.email is distinct from old.email then
    begin
      update public.users set email = private.profile_email(new.id, new.email) where id = new.id;
    exception when unique_violation then
      update public.users set email = private.reserved_email(new.id) where id = new.id;
    end;
  end if;
  return null;
end
$$;

revoke all on function private.reserved_email(uuid) from public, anon, authenticated, service_role;

commit;
