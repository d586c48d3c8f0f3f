-- Plans and their limits, subscriptions, payment methods, invoices.
begin;

do $$
begin
  if to_regclass('public.plan_limits') is not null then
    raise exception 'migration 20261122100600_billing is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.plan_limits (
  plan_id varchar(50) primary key,
  projects_per_month integer,
  videos_per_month integer,
  max_storage_bytes bigint,

  constraint valid_plan check (plan_id in ('free', 'pro', 'enterprise')),
  constraint valid_limits check (
    projects_per_month >= 0 and videos_per_month >= 0 and max_storage_bytes >= 0)
);

comment on table public.plan_limits is 'NULL is no limit. Months are calendar months in UTC.';

insert into public.plan_limits (plan_id, projects_per_month, videos_per_month, max_storage_bytes)
values
  ('free', 20, 3, 1073741824),
  ('pro', 500, 100, 53687091200),
  ('enterprise', null, null, null);

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  plan_id varchar(50) not null,
  status public.subscription_status not null default 'active',
  stripe_subscription_id varchar(255) unique,
  stripe_customer_id varchar(255),
  current_period_start timestamptz not null,
  current_period_end timestamptz not null,
  cancel_at_period_end boolean default false,
  cancelled_at timestamptz,
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,

  constraint valid_plan check (plan_id in ('free', 'pro', 'enterprise')),
  constraint valid_period check (current_period_end > current_period_start),
  constraint stripe_id_required check (plan_id = 'free' or stripe_subscription_id is not null)
);

create unique index idx_subscriptions_user_active on public.subscriptions (user_id)
  where status = 'active';
create index idx_subscriptions_user_id on public.subscriptions (user_id);

create trigger update_subscriptions_updated_at
  before update on public.subscriptions
  for each row execute function public.update_updated_at_column();

-- users.subscription_plan follows the active subscription, or is free.
create function private.follow_subscription() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  account uuid;
begin
  for account in
    select distinct named.id from unnest(array[old.user_id, new.user_id]) as named (id)
    where named.id is not null order by named.id
  loop
    perform from public.users where id = account for no key update;
    update public.users as profile
      set subscription_plan = paid.plan_id
      from (select coalesce((
          select active.plan_id from public.subscriptions as active
          where active.user_id = account and active.status = 'active'
            and active.current_period_end > now()), 'free') as plan_id) as paid
      where profile.id = account and profile.subscription_plan <> paid.plan_id;
  end loop;
  return null;
end
$$;

create trigger follow_subscription
  after insert or update or delete on public.subscriptions
  for each row execute function private.follow_subscription();

-- Ends the active subscriptions whose period is over; returns how many.
create function public.expire_subscriptions() returns integer
language plpgsql set search_path = ''
as $$
declare
  ended integer;
begin
  update public.subscriptions
    set status = case when cancel_at_period_end then 'cancelled' else 'past_due' end
          ::public.subscription_status,
        cancelled_at = case when cancel_at_period_end then coalesce(cancelled_at, now())
          else cancelled_at end
    where status = 'active' and current_period_end <= now();
  get diagnostics ended = row_count;
  return ended;
end
$$;

create table public.payment_methods (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  provider varchar(50) not null,
  external_id varchar(255) not null,
  is_default boolean not null default false,
  card_last4 varchar(4),
  card_brand varchar(50),
  expires_at timestamptz,
  created_at timestamptz default now() not null,

  constraint valid_card_last4 check (card_last4 ~ '^[0-9]{4}$'),
  constraint valid_provider check (not private.is_blank(provider)),
  constraint unique_external_id unique (provider, external_id)
);

create index idx_payment_methods_user_id on public.payment_methods (user_id);
create unique index idx_payment_methods_user_default on public.payment_methods (user_id)
  where is_default;

-- A new default method takes the place of the old one.
create function private.keep_one_default_payment_method() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform from public.users where id = new.user_id for no key update;
  update public.payment_methods set is_default = false
    where user_id = new.user_id and is_default and id <> new.id;
  return new;
end
$$;

create trigger keep_one_default_payment_method
  before insert or update of is_default on public.payment_methods
  for each row when (new.is_default)
  execute function private.keep_one_default_payment_method();

create table public.invoices (
  id uuid primary key default gen_random_uuid(),
  -- An invoice outlives the account it was written to.
  user_id uuid references public.users (id) on delete set null,
  amount_cents bigint not null,
  currency varchar(3) not null default 'usd',
  status varchar(20) not null default 'open',
  stripe_id varchar(255) unique,
  issued_at timestamptz not null default now(),
  paid_at timestamptz,
  created_at timestamptz default now() not null,

  constraint valid_amount check (amount_cents >= 0),
  constraint valid_currency check (currency ~ '^[a-z]{3}$'),
  constraint valid_status check (status in ('draft', 'open', 'paid', 'uncollectible', 'void')),
  constraint valid_payment check (status <> 'paid' or paid_at is not null)
);

create index idx_invoices_user_issued on public.invoices (user_id, issued_at desc);

revoke all on function private.follow_subscription(), private.keep_one_default_payment_method(),
  public.expire_subscriptions() from public, anon, authenticated, service_role;
grant execute on function public.expire_subscriptions() to service_role;

commit;
