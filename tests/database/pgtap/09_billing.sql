-- Subscriptions and the plan that follows them; payment methods; invoices.
begin;
set local search_path = public, tap;
select plan(37);
select tests.sign_up('ann');
select tests.sign_up('bob');
create function pg_temp.plan_of(person text) returns text language sql as $$
  select subscription_plan::text from public.users where id = tests.id(person) $$;

-- The plan follows.
insert into subscriptions (id, user_id, plan_id, stripe_subscription_id, current_period_start, current_period_end)
  values (tests.id('s'), tests.id('ann'), 'pro', 'sub_1', now() - interval '1 day', now() + interval '1 month');
select is(pg_temp.plan_of('ann'), 'pro', 'the plan follows a new subscription');
update subscriptions set plan_id = 'enterprise';
select is(pg_temp.plan_of('ann'), 'enterprise', 'a changed one');
update subscriptions set status = 'past_due';
select is(pg_temp.plan_of('ann'), 'free', 'one that is no longer active');
update subscriptions set status = 'active', user_id = tests.id('bob');
select results_eq($$select pg_temp.plan_of('ann'), pg_temp.plan_of('bob')$$, $$values ('free', 'enterprise')$$, 'one that went to another');
delete from subscriptions;
select is(pg_temp.plan_of('bob'), 'free', 'one that was deleted');
insert into subscriptions (user_id, plan_id, stripe_subscription_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'pro', 'sub_2', now() - interval '2 months', now() - interval '1 month');
select is(pg_temp.plan_of('ann'), 'free', 'one that is over gives nothing');

-- Expiry.
update subscriptions set current_period_end = now() + interval '1 hour';
select is(pg_temp.plan_of('ann'), 'pro', 'it runs');
alter table subscriptions disable trigger follow_subscription;
update subscriptions set current_period_end = now();
alter table subscriptions enable trigger follow_subscription;
insert into subscriptions (user_id, plan_id, stripe_subscription_id, current_period_start, current_period_end, cancel_at_period_end)
  values (tests.id('bob'), 'pro', 'sub_3', now() - interval '2 months', now(), true);
select tests.act_as_service();
select is(expire_subscriptions(), 2, 'two subscriptions are over');
select results_eq($$select stripe_subscription_id::text, status::text, cancelled_at is not null from subscriptions order by 1$$,
  $$values ('sub_2', 'past_due', false), ('sub_3', 'cancelled', true)$$, 'they stop being active');
select is((select subscription_plan::text from users where id = tests.id('ann')), 'free', 'and the plan follows');
select is(expire_subscriptions(), 0, 'once');
select tests.act_as(tests.id('ann'));
select tests.refused('select expire_subscriptions()', '42501', 'permission denied for function', 'clients do not run it');

-- Their rules.
select tests.act_as_owner();
select tests.refused($$insert into subscriptions (user_id, plan_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'pro', now(), now() + interval '1 day')$$, '23514', 'stripe_id_required', 'a paid plan has its id');
select tests.refused($$insert into subscriptions (user_id, plan_id, stripe_subscription_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'gold', 'sub_9', now(), now() + interval '1 day')$$, '23514', 'valid_plan', 'an unknown plan');
select tests.refused($$insert into subscriptions (user_id, plan_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'free', now(), now())$$, '23514', 'valid_period', 'a period that does not last');
insert into subscriptions (user_id, plan_id, current_period_start, current_period_end) values (tests.id('ann'), 'free', now(), now() + interval '1 day');
select tests.refused($$insert into subscriptions (user_id, plan_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'free', now(), now() + interval '1 day')$$, '23505', 'idx_subscriptions_user_active', 'one active subscription');

-- Payment methods.
insert into payment_methods (id, user_id, provider, external_id, is_default, card_last4, card_brand) values
  (tests.id('card 1'), tests.id('ann'), 'stripe', 'pm_1', true, '4242', 'visa'), (tests.id('card 2'), tests.id('ann'), 'stripe', 'pm_2', false, '1111', 'visa'),
  (tests.id('card 3'), tests.id('bob'), 'stripe', 'pm_3', true, null, null);
select tests.refused($$insert into payment_methods (user_id, provider, external_id, card_last4) values (tests.id('ann'), 'stripe', 'pm_9', '42a2')$$,
  '23514', 'valid_card_last4', 'four digits of a card');
select tests.refused($$insert into payment_methods (user_id, provider, external_id) values (tests.id('ann'), 'stripe', 'pm_1')$$,
  '23505', 'unique_external_id', 'the same method twice');
select tests.act_as(tests.id('ann'));
select results_eq('select external_id::text from payment_methods order by 1', $$values ('pm_1'), ('pm_2')$$, 'a person sees the own methods');
select results_eq($$select id, is_default from set_default_payment_method(tests.id('card 2'))$$, $$values (tests.id('card 2'), true)$$, 'and chooses the default');
select results_eq('select external_id::text, is_default from payment_methods order by 1', $$values ('pm_1', false), ('pm_2', true)$$, 'one at a time');
select tests.refused($$select set_default_payment_method(tests.id('card 3'))$$, 'PT404', 'no such payment method', 'another''s is not there');
select tests.refused($$update payment_methods set card_last4 = '0000'$$, '42501', 'permission denied', 'nothing else of it changes');
select tests.refused($$insert into payment_methods (user_id, provider, external_id) values (tests.id('ann'), 'stripe', 'pm_8')$$, '42501', 'permission denied', 'none is inserted');
select tests.touches($$delete from payment_methods where id = tests.id('card 1')$$, 1, 'one can be removed');
select tests.touches($$delete from payment_methods where id = tests.id('card 3')$$, 0, 'another''s cannot');

-- Invoices, subscriptions and usage are read only.
select tests.act_as_owner();
insert into invoices (user_id, amount_cents, stripe_id) values (tests.id('ann'), 900, 'in_1'), (tests.id('bob'), 900, 'in_2');
select tests.refused($$insert into invoices (user_id, amount_cents) values (tests.id('ann'), -1)$$, '23514', 'valid_amount', 'a negative amount');
select tests.refused($$insert into invoices (user_id, amount_cents, status) values (tests.id('ann'), 1, 'paid')$$, '23514', 'valid_payment', 'paid at no time');
select tests.act_as(tests.id('ann'));
select results_eq('select stripe_id::text from invoices', $$values ('in_1')$$, 'a person sees the own invoices');
select tests.refused('insert into invoices (amount_cents) values (1)', '42501', 'permission denied', 'invoices are not inserted');
select tests.refused('update invoices set amount_cents = 0', '42501', 'permission denied', 'nor changed');
select tests.refused('delete from invoices', '42501', 'permission denied', 'nor deleted');
select results_eq('select count(*) from subscriptions', 'values (2::bigint)', 'a person sees the own subscriptions');
select tests.refused($$insert into subscriptions (user_id, plan_id, current_period_start, current_period_end)
  values (tests.id('ann'), 'free', now(), now() + interval '1 day')$$, '42501', 'permission denied', 'subscriptions are not inserted');
select tests.refused('update subscriptions set plan_id = ''free''', '42501', 'permission denied', 'nor changed');
select tests.refused('delete from subscriptions', '42501', 'permission denied', 'nor deleted');
select tests.refused($$update users set subscription_plan = 'enterprise'$$, '42501', 'permission denied', 'and the plan is not written');

select * from finish();
rollback;
