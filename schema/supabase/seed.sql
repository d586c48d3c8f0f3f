-- People and rows for development. Both sign in with the password `photomemory`. The seed has no
-- photos: a row never stands without its file, and SQL cannot store one.
do $$
declare
  people jsonb := '[
    {"id": "11111111-1111-4111-8111-111111111111", "email": "mina@example.com", "facts": {"display_name": "Mina", "language": "ko", "timezone": "Asia/Seoul"}},
    {"id": "22222222-2222-4222-8222-222222222222", "email": "leo@example.com", "facts": {"display_name": "Leo", "language": "de", "timezone": "Europe/Zurich"}}]';
  person jsonb;
  gap text;
begin
  for person in select value from jsonb_array_elements(people) loop
    continue when exists (select 1 from auth.users where id = (person ->> 'id')::uuid);
    insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at,
        raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
      values ((person ->> 'id')::uuid, 'authenticated', 'authenticated', person ->> 'email',
        '$2b$10$Woiu91oGZilcCeFiGOvosOBSABzFUGZHImTXCjjXHZqhYAisXgDKy', now(),
        '{"provider": "email", "providers": ["email"]}', person -> 'facts', now(), now());
    insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
      values (gen_random_uuid(), 'email', person ->> 'id', (person ->> 'id')::uuid,
        jsonb_build_object('sub', person ->> 'id', 'email', person ->> 'email'), now(), now());
  end loop;

  -- The hosted sign-in service reads these as texts and stumbles over NULL; not every server has them.
  for gap in
    select column_name from information_schema.columns
    where table_schema = 'auth' and table_name = 'users' and is_generated = 'NEVER'
      and column_name in ('confirmation_token', 'recovery_token', 'email_change_token_new', 'email_change')
  loop
    execute format('update auth.users set %1$I = '''' where %1$I is null', gap);
  end loop;
  if exists (select 1 from information_schema.columns
      where table_schema = 'auth' and table_name = 'users' and column_name = 'instance_id') then
    execute 'update auth.users set instance_id = ''00000000-0000-0000-0000-000000000000'' where instance_id is null';
  end if;
end
$$;

insert into public.subscriptions (id, user_id, plan_id, stripe_subscription_id, stripe_customer_id,
    current_period_start, current_period_end)
  values ('33333333-3333-4333-8333-333333333333', '22222222-2222-4222-8222-222222222222', 'pro',
    'sub_seed', 'cus_seed', now(), now() + interval '1 month')
  on conflict do nothing;

insert into public.payment_methods (id, user_id, provider, external_id, is_default, card_last4, card_brand, expires_at)
  values ('44444444-4444-4444-8444-444444444444', '22222222-2222-4222-8222-222222222222', 'stripe',
    'pm_seed', true, '4242', 'visa', now() + interval '2 years')
  on conflict do nothing;

insert into public.invoices (id, user_id, amount_cents, currency, status, stripe_id, paid_at)
  values ('55555555-5555-4555-8555-555555555555', '22222222-2222-4222-8222-222222222222', 1900, 'eur',
    'paid', 'in_seed', now())
  on conflict do nothing;

insert into public.video_projects (id, user_id, title_i18n, description_i18n, style, duration_minutes, ai_prompt)
  select draft.id, draft.user_id, draft.title, draft.description, draft.style, draft.minutes, draft.prompt
  from (values
    ('66666666-6666-4666-8666-666666666661'::uuid, '11111111-1111-4111-8111-111111111111'::uuid,
      '{"ko": "제주의 봄", "en": "Spring on Jeju"}'::jsonb, '{"ko": "가족 여행"}'::jsonb,
      'cinematic'::public.video_style, 2, 'Slow waves, warm light'),
    ('66666666-6666-4666-8666-666666666662', '22222222-2222-4222-8222-222222222222',
      '{"de": "Wanderung"}', '{}', 'vintage', 1, null)
  ) as draft (id, user_id, title, description, style, minutes, prompt)
  where not exists (select 1 from public.video_projects as present where present.id = draft.id);
