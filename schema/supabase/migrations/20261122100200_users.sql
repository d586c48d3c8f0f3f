-- Profiles. A row is made by sign-up and follows the account in auth.users.
begin;

do $$
begin
  if to_regclass('public.users') is not null then
    raise exception 'migration 20261122100200_users is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email varchar(255) unique not null,
  display_name varchar(100) not null,
  avatar_url text,
  language varchar(5) default 'en' not null,
  timezone varchar(50) default 'UTC' not null,
  subscription_plan varchar(20) default 'free' not null,
  total_storage_bytes bigint default 0 not null,
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_language check (language in ('en', 'ko', 'ja', 'zh', 'es', 'fr', 'de')),
  constraint valid_subscription check (subscription_plan in ('free', 'pro', 'enterprise')),
  constraint valid_display_name check (not private.is_blank(display_name)),
  constraint valid_timezone check (private.is_time_zone(timezone)),
  constraint valid_avatar_url check (
    private.is_https_url(avatar_url)
    or (private.is_object_path(avatar_url, 1) and split_part(avatar_url, '/', 1) = id::text)),
  constraint valid_total_storage check (total_storage_bytes >= 0)
);

comment on column public.users.avatar_url is 'Path `<user id>/<file>` in the bucket avatars, or an https address.';
comment on column public.users.total_storage_bytes is 'Bytes of the photos and media of the account; kept by triggers.';

create index idx_users_subscription on public.users (subscription_plan);

create trigger update_users_updated_at
  before update on public.users
  for each row execute function public.update_updated_at_column();

-- The address a profile carries: its account's, or a reserved one where there is none (sign-up by
-- phone, anonymously) or where another profile has it (single sign-on).
create function private.profile_email(account uuid, email text) returns text
language sql stable set search_path = ''
as $$
  select case
    when profile_email.email is null or profile_email.email = '' or exists (
      select 1 from public.users as other
      where other.email = profile_email.email and other.id <> profile_email.account)
    then profile_email.account::text || '@users.invalid'
    else profile_email.email
  end
$$;

-- Makes the profile of an account. What the sign-up data say is taken when it is valid and left
-- when it is not: bad data must never stop a sign-up.
create function private.make_profile(account uuid, email text, sign_up_data jsonb) returns void
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
    chosen_language, chosen_zone);
end
$$;

create function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.make_profile(new.id, new.email, new.raw_user_meta_data);
  return null;
end
$$;

create trigger on_auth_user_created
  after insert on auth.users
  for each row execute function private.handle_new_user();

create function private.handle_user_email() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.email is distinct from old.email then
    update public.users set email = private.profile_email(new.id, new.email) where id = new.id;
  end if;
  return null;
end
$$;

create trigger on_auth_user_email_changed
  after update of email on auth.users
  for each row execute function private.handle_user_email();

-- An account is deleted from the top (account, projects, photos) while its clients may be writing
-- from below: wait for them first, so that neither meets the other half way.
create function private.handle_user_deletion() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.lock_account(old.id);
  return old;
end
$$;

create trigger on_auth_user_deleted
  before delete on auth.users
  for each row execute function private.handle_user_deletion();

-- Accounts that were there before this migration.
do $$
declare
  account record;
begin
  for account in
    select present.id, present.email, present.raw_user_meta_data from auth.users as present
    where to_jsonb(present) ->> 'deleted_at' is null
    order by to_jsonb(present) ->> 'created_at', present.id
  loop
    perform private.make_profile(account.id, account.email, account.raw_user_meta_data);
  end loop;
end
$$;

revoke all on function private.profile_email(uuid, text),
  private.make_profile(uuid, text, jsonb), private.handle_new_user(),
  private.handle_user_email(), private.handle_user_deletion()
  from public, anon, authenticated, service_role;

commit;
