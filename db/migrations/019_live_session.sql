-- Whose goods a page shows is asked by a policy of each table that it reads.
-- Asking the session directly, not through current_session(), makes that a
-- third cheaper. What a live session is stands in one place; PostgreSQL puts
-- the body of so plain a function into the statement that calls it.
create function live_session() returns setof session
language sql stable
as $$
  select s.*
    from session s
   where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
     and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
     and s.ended_at is null
     and now() < s.expires_at
     and now() < s.seen_at + s.idle
$$;

create or replace function current_session() returns setof session
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query select * from live_session();
end $$;
create or replace function session_voen() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (select nullif(voen, '0000000000') from live_session());
end $$;
