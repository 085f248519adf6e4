-- Rights narrowed further.

-- A session's row is begun by the serving role, which alone has seen the
-- signature. What it may say is bounded: neither when it began nor that it never
-- ends; and it cannot be removed without a trace.
revoke insert on session from portal_app;
grant insert (id, secret_hash, voen, pin, person, organisation, method, issuer, serial, fingerprint, idle, expires_at, companies)
  on session to portal_app;
alter table session
  add constraint session_bounds check (idle > '0' and idle <= '1 day' and expires_at <= created_at + interval '7 days') not valid;

-- What a session may switch to is what its sign-in proved: rows are added in the
-- transaction that begins it, whose time is the session's, and never later.
create function keep_session_companies() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not exists (select from session s where s.id = new.session_id and s.created_at = now()) then
    raise exception 'a session acts for the companies of its sign-in only' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
revoke all on function keep_session_companies() from public;
create trigger keep before insert on session_company for each row execute function keep_session_companies();

-- Every session that ever began, by the database's own hand. Nobody but the
-- owner reads it, and no serving role can change it: a session made with a
-- stolen password of the serving login, and deleted again, stays here, to be
-- compared with the attempts to sign in and with the register.
create table session_begun (
  session_id uuid primary key,
  at         timestamptz not null default now(),
  login      text not null default session_user,
  voen       text not null,
  method     text not null,
  issuer     text not null,
  serial     text not null
);
create index session_begun_at on session_begun (at);
create function note_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into session_begun (session_id, voen, method, issuer, serial) values (new.id, new.voen, new.method, new.issuer, new.serial);
  return null;
end $$;
revoke all on function note_session() from public;
create trigger note after insert on session for each row execute function note_session();

-- Sessions that are over are deleted by age, which is not the caller's to
-- choose; so are notes that no session and no investigation needs any more.
create function sweep_sessions() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
  delete from session where expires_at < now() - interval '1 day';
  delete from session_begun where at < now() - interval '400 days';
$$;
revoke all on function sweep_sessions() from public;
grant execute on function sweep_sessions() to portal_app;
revoke delete on session from portal_app;

-- A registration that the feed gives to another taxpayer: a correction, which
-- happens, or the way to show somebody another's goods. It is kept who had it.
-- A change in place is noted by the database; what comes back from the archive
-- under another number, by the program.
create table consignment_moved (
  id           bigint generated always as identity primary key,
  at           timestamptz not null default now(),
  registration text collate "C" not null,
  checkpoint   text not null,
  revision     bigint not null,
  former       text not null check (former ~ '^[0-9]{10}$'),
  voen         text not null check (voen ~ '^[0-9]{10}$' and voen <> former),
  sender       text not null default coalesce(nullif(current_setting('portal.feed_sender', true), ''), 'operator')
);
create index consignment_moved_at on consignment_moved (at);
alter table consignment_moved enable row level security;
create policy feed on consignment_moved for insert to portal_feed with check (feed_may(checkpoint));
create policy supervisor on consignment_moved for select to portal_supervision using ((select staff_role()) = 'supervisor');
grant insert (registration, checkpoint, revision, former, voen) on consignment_moved to portal_feed;
grant select on consignment_moved to portal_supervision;

create function note_moved() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into consignment_moved (registration, checkpoint, revision, former, voen)
  values (new.registration, new.checkpoint, new.revision, old.voen, new.voen);
  return null;
end $$;
revoke all on function note_moved() from public;
create trigger moved after update on consignment for each row when (old.voen is distinct from new.voen) execute function note_moved();

alter table sender add column moved bigint not null default 0; -- registrations given to another taxpayer, ever

-- A text to sign serves one sign-in, and until then a few attempts: a signature
-- that does not hold leaves it to its browser. Attempts are counted before they
-- are looked at, so that many at once are no more than that, and what has
-- happened to a text stays.
alter table challenge add column attempts smallint not null default 0 check (attempts between 0 and 5);
grant update (attempts) on challenge to portal_app;
create function challenge_moves_on() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.used_at is not null or new.attempts < old.attempts then
    raise exception 'the challenge was used' using errcode = 'check_violation';
  end if;
  return new;
end $$;
revoke all on function challenge_moves_on() from public;
create trigger moves_on before update of used_at, attempts on challenge for each row execute function challenge_moves_on();

-- Attempts to sign in are deleted by age, 30 days at the least: the caller may
-- not make what happened lately unhappened.
create function sweep_sign_in_attempts(older_than interval) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  n bigint;
begin
  if older_than is null or older_than < interval '30 days' then
    raise exception 'attempts to sign in are kept for at least 30 days' using errcode = 'check_violation';
  end if;
  delete from sign_in_attempt where at < now() - older_than;
  get diagnostics n = row_count;
  return n;
end $$;
revoke all on function sweep_sign_in_attempts(interval) from public;
grant execute on function sweep_sign_in_attempts(interval) to portal_app;
