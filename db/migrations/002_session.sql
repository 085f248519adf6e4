-- Who is signed in. The row decides whose goods a connection may see; the
-- program can neither read the hash of a secret nor change whom a row names.
create table session (
  id           uuid primary key,
  secret_hash  bytea not null check (length(secret_hash) = 32), -- SHA-256 of the secret in the cookie
  voen         text not null check (voen ~ '^[0-9]{10}$'),
  pin          text not null default '',
  person       text not null default '',  -- name in the certificate
  organisation text not null default '',
  method       text not null,             -- file, card, …
  issuer       text not null,             -- profile of the trust store
  serial       text not null,             -- of the certificate, hexadecimal
  fingerprint  bytea not null,            -- SHA-256 of the certificate
  created_at   timestamptz not null default now(),
  seen_at      timestamptz not null default now(),
  idle         interval not null,
  expires_at   timestamptz not null,
  ended_at     timestamptz
);
create index session_expiry on session (expires_at);

-- The session that the transaction speaks for: portal.session holds its id and
-- the SHA-256 of its secret in hexadecimal, separated by a space. Never set is
-- an error; wrong, ended or expired is no row.
create function current_session() returns setof session
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select s.*
    from session s
   where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
     and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
     and s.ended_at is null
     and now() < s.expires_at
     and now() < s.seen_at + s.idle
$$;

create function session_voen() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select voen from current_session() $$;

-- Ends the session that the transaction speaks for; ends nothing else.
create function end_session() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$ update session set ended_at = now() where id = (select id from current_session()) $$;

grant insert on session to portal_app;
grant select (id, seen_at, expires_at, ended_at), update (seen_at), delete on session to portal_app;
grant execute on function current_session(), session_voen(), end_session() to portal_app;

-- A one-time text to sign. Its digests find it again from a detached signature.
create table challenge (
  id           uuid primary key,
  browser_hash bytea not null check (length(browser_hash) = 32), -- SHA-256 of the browser's secret
  content      bytea not null,
  sha256       bytea not null unique,
  sha384       bytea not null unique,
  sha512       bytea not null unique,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  used_at      timestamptz
);
create index challenge_expiry on challenge (expires_at);
grant select, insert, update (used_at), delete on challenge to portal_app;

-- A sign-in that is finished on another listener or by another device and
-- brought home by a one-time code, to the browser that started it only.
create table handover (
  id           uuid primary key,
  browser_hash bytea not null check (length(browser_hash) = 32),
  home         text not null,             -- address of the listener that started it
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  code_hash    bytea,                     -- SHA-256 of the one-time code, once verified
  identity     jsonb,                     -- whom the certificate names, once verified
  used_at      timestamptz
);
create index handover_expiry on handover (expires_at);
grant select, insert, update (code_hash, identity, used_at), delete on handover to portal_app;
