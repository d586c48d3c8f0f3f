-- Roles of a Supabase project that a private cluster needs before its first database. Run as the
-- superuser supabase_admin. `postgres` is no superuser there, as on a hosted project.
create role postgres login nosuperuser createdb createrole bypassrls replication;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
grant anon, authenticated, service_role to postgres;
grant anon, authenticated, service_role to authenticator;
-- Stands for the hosted setting that lets postgres make policies on the tables of Storage.
grant supabase_storage_admin to postgres;
