-- Whose goods a page shows is asked once by each statement that reads them. As
-- a view PostgreSQL makes that part of the statement's own plan; calling a
-- function for it cost as much as all else that a short statement does. The
-- view looks as its owner and shows nobody more than the session of whose key
-- portal.session holds the hash. What a live session is still stands in one
-- place.
create view signed_in with (security_barrier) as
select s.*
  from session s
 where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
   and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
   and s.ended_at is null
   and now() < s.expires_at
   and now() < s.seen_at + s.idle;

-- The portal's own session is nobody's: it owns no goods.
create view own_voen with (security_barrier) as
select nullif(voen, '0000000000') as voen from signed_in;
grant select on own_voen to portal_app;
grant select (id, voen, pin, person, organisation, method, issuer, serial, fingerprint, created_at, seen_at, idle, expires_at, companies)
  on signed_in to portal_app;

create or replace function current_session() returns setof session
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query select * from signed_in;
end $$;
create or replace function session_voen() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (select voen from own_voen);
end $$;
drop function live_session();

alter policy own on pending using (voen = (select voen from own_voen));
alter policy own on pending_count using (voen = (select voen from own_voen));
alter policy own on consignment using (voen = (select voen from own_voen));
alter policy own on archived using (voen = (select voen from own_voen));
alter policy own on archive_document using (voen = (select voen from own_voen));
