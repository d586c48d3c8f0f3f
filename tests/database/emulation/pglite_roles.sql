-- The same roles inside PGlite, whose only login is the superuser postgres.
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator noinherit;
create role supabase_auth_admin noinherit;
create role supabase_storage_admin noinherit;
grant anon, authenticated, service_role to authenticator;
