-- Two group roles carry every right of the serving program; neither owns
-- anything, so neither can change the schema. The login role is a NOINHERIT
-- member of both: a connection starts as portal_app, under row-level security,
-- and becomes portal_feed only inside a transaction that says so.
do $$
declare
  name text;
begin
  foreach name in array array['portal_app', 'portal_feed'] loop
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then
        null; -- made by another database of this cluster at this moment
      end;
    end if;
  end loop;
end $$;

revoke create on schema public from public;
grant usage on schema public to portal_app, portal_feed;
alter default privileges revoke execute on functions from public;

-- The serving program must be able to tell which version of the schema it meets.
grant select on schema_version to portal_app, portal_feed;
