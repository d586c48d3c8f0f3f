-- Usage records, partitioned by month. They outlive the account: who they were about is forgotten.
begin;

do $$
begin
  if to_regclass('public.usage_records') is not null then
    raise exception 'migration 20261122100700_usage is installed already'
      using errcode = 'duplicate_object';
  end if;
end
$$;

create table public.usage_records (
  id uuid not null default gen_random_uuid(),
  user_id uuid references public.users (id) on delete set null,
  resource_type public.resource_type not null,
  amount numeric(24, 2) not null,  -- any bigint of bytes
  unit varchar(20) not null,
  billing_month date not null default private.billing_month(),
  metadata jsonb default '{}',
  recorded_at timestamptz default now() not null,

  primary key (id, billing_month),
  constraint positive_amount check (amount >= 0),
  constraint valid_unit check (unit in ('count', 'bytes', 'seconds')),
  constraint valid_resource_unit check (
    case resource_type
      when 'storage_bytes' then unit = 'bytes'
      when 'project_creation' then unit = 'count'
      else unit in ('count', 'seconds')
    end),
  constraint valid_billing_month check (extract(day from billing_month) = 1),
  constraint valid_metadata check (private.is_metadata(metadata))
) partition by range (billing_month);

comment on column public.usage_records.billing_month is 'First day of the month, in UTC.';

create index idx_usage_user_month on public.usage_records (user_id, billing_month);
create index idx_usage_type_month on public.usage_records (resource_type, billing_month);
create index idx_usage_user_type_month
  on public.usage_records (user_id, resource_type, billing_month);

-- Partitions live in `private`: the API reads them through the parent and its policies only.
create table private.usage_records_default partition of public.usage_records default;
alter table private.usage_records_default enable row level security;
revoke all on private.usage_records_default from public, anon, authenticated, service_role;

-- Makes the partitions of this month and of the coming ones that are missing; rows of such a month
-- that the default partition caught meanwhile move over. Returns how many it made.
create function public.create_usage_partitions(months integer default 3) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  first_day date;
  name text;
  made integer := 0;
begin
  if months is null or months < 0 or months > 120 then
    raise exception 'months must be between 0 and 120' using errcode = 'invalid_parameter_value';
  end if;
  -- One at a time: two callers would both find the same partition missing.
  perform pg_advisory_xact_lock(hashtextextended('photomemory usage partitions', 0));
  for step in 0 .. months loop
    first_day := (private.billing_month() + make_interval(months => step))::date;
    name := 'usage_records_' || to_char(first_day, 'YYYY_MM');
    continue when to_regclass('private.' || name) is not null;
    execute format(
      'create table private.%I (like public.usage_records including defaults including constraints)',
      name);
    execute format('alter table private.%I enable row level security', name);
    execute format(
      'revoke all on private.%I from public, anon, authenticated, service_role', name);
    execute format(
      'with moved as (delete from private.usage_records_default where billing_month = %L returning *) '
      'insert into private.%I select * from moved', first_day, name);
    execute format(
      'alter table public.usage_records attach partition private.%I for values from (%L) to (%L)',
      name, first_day, (first_day + interval '1 month')::date);
    made := made + 1;
  end loop;
  return made;
end
$$;

revoke all on function public.create_usage_partitions(integer)
  from public, anon, authenticated, service_role;
grant execute on function public.create_usage_partitions(integer) to service_role;

select public.create_usage_partitions(12);

commit;
