-- Access of a trader's own programs: tokens that the signed-in trader makes and
-- withdraws, and a role that reads the goods of a token's taxpayer and can do
-- nothing else. A token is no session and a session is no token: the policies
-- of portal_app ask for the one, those of portal_api for the other.
do $$
begin
  if not exists (select from pg_roles where rolname = 'portal_api') then
    create role portal_api nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made by another database of this cluster at this moment
end $$;
grant usage on schema public to portal_api;

-- Only the functions below reach this table: the serving program can neither
-- make a token for another taxpayer, nor bring an ended one back, nor read a
-- hash. A token is kept for a year after its end, since entries of the register
-- name it.
create table api_token (
  id           uuid primary key,
  secret_hash  bytea not null check (length(secret_hash) = 32), -- SHA-256 of the secret
  voen         text not null check (voen ~ '^[0-9]{10}$'),
  pin          text not null,            -- of the person who made it, and their name
  person       text not null,
  source       text not null check (source in ('certificate', 'representative')), -- of this person's right to the taxpayer
  name         text not null check (name ~ '\S' and length(name) <= 60),
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null check (expires_at > created_at and expires_at <= created_at + interval '366 days'),
  used_at      timestamptz,
  withdrawn_at timestamptz
);
create index api_token_voen on api_token (voen, created_at desc);
alter table api_token enable row level security;

-- Whether the person who made the token may still act for the taxpayer: asked
-- anew at each use, so that a right that ends takes its tokens with it.
create function token_stands(t api_token) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select case t.source
         when 'representative' then exists (select from representations(t.pin) r where r.voen = t.voen)
         else not exists (select from barred(t.pin, array[t.voen])) end
$$;

-- The token that the transaction speaks for: portal.token holds its id and the
-- SHA-256 of its secret in hexadecimal, separated by a space. Never set is an
-- error; wrong, withdrawn, expired or without its right is no row.
create function current_token() returns setof api_token
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select t.*
    from api_token t
   where t.id = split_part(current_setting('portal.token'), ' ', 1)::uuid
     and t.secret_hash = decode(split_part(current_setting('portal.token'), ' ', 2), 'hex')
     and t.withdrawn_at is null
     and now() < t.expires_at
     and token_stands(t)
$$;

create function token_voen() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select voen from current_token() $$;

-- Opens a call of the token that the transaction speaks for: whose it is, and
-- whether its rate allows one more, which is counted then (see db.Rate). No row
-- when there is no such token.
create function use_token(every interval, burst integer)
returns table (token uuid, taxpayer text, ends timestamptz, allowed boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  t api_token;
begin
  select * into t from current_token();
  if t.id is null then
    return;
  end if;
  insert into rate_limit as l (key, tat)
  values (sha256(convert_to('program ' || t.id, 'UTF8')), clock_timestamp() + every)
  on conflict (key) do update set tat = greatest(l.tat, clock_timestamp()) + every
   where greatest(l.tat, clock_timestamp()) + every <= clock_timestamp() + burst * every;
  allowed := found;
  update api_token a set used_at = now()
   where a.id = t.id and (a.used_at is null or a.used_at < now() - interval '20 seconds');
  token := t.id;
  taxpayer := t.voen;
  ends := t.expires_at;
  return next;
end $$;

-- Makes a token for the taxpayer and the person of the session that the
-- transaction speaks for: made; exists, if this id was made before, so that a
-- form that is sent twice makes one; too_many; or null without a session.
create function make_token(new_id uuid, new_secret_hash bytea, title text, days integer) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s session;
begin
  select * into s from current_session();
  if s.id is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('api_token ' || s.voen, 0)); -- the count below must hold
  if exists (select from api_token where id = new_id) then
    return 'exists';
  end if;
  if (select count(*) from api_token t where t.voen = s.voen and t.withdrawn_at is null and now() < t.expires_at) >= 20 then
    return 'too_many';
  end if;
  insert into api_token (id, secret_hash, voen, pin, person, source, name, expires_at)
  values (new_id, new_secret_hash, s.voen, s.pin, s.person,
          coalesce((select c.source from session_company c where c.session_id = s.id and c.voen = s.voen), 'certificate'),
          title, now() + make_interval(days => days));
  return 'made';
end $$;

-- The tokens of the session's taxpayer, whoever made them: everybody who may
-- look at the goods may know which programs do.
create function own_tokens()
returns table (id uuid, name text, person text, created_at timestamptz, expires_at timestamptz, used_at timestamptz,
               withdrawn_at timestamptz, stands boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select t.id, t.name, t.person, t.created_at, t.expires_at, t.used_at, t.withdrawn_at, token_stands(t)
    from api_token t
   where t.voen = (select session_voen())
   order by t.created_at desc, t.id
   limit 200
$$;

-- Withdraws a token of the session's taxpayer; false if it is none, or has
-- been withdrawn before.
create function withdraw_token(which uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update api_token t set withdrawn_at = now()
   where t.id = which and t.voen = (select session_voen()) and t.withdrawn_at is null;
  return found;
end $$;

create function forget_tokens() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$ delete from api_token where least(withdrawn_at, expires_at) < now() - interval '1 year' $$;

revoke all on function token_stands(api_token), current_token(), token_voen(), use_token(interval, integer),
  make_token(uuid, bytea, text, integer), own_tokens(), withdraw_token(uuid), forget_tokens() from public;
grant execute on function use_token(interval, integer), make_token(uuid, bytea, text, integer), own_tokens(), withdraw_token(uuid),
  forget_tokens() to portal_app;
grant execute on function current_token(), token_voen() to portal_api;

-- What a program may read: the same rows as its trader's pages, and no word
-- about sessions or the register.
create policy program on consignment for select to portal_api using (voen = (select token_voen()));
create policy program on pending for select to portal_api using (voen = (select token_voen()));
create policy program on archived for select to portal_api using (voen = (select token_voen()));
create policy program on archive_document for select to portal_api using (voen = (select token_voen()));
create policy program on consignment_event for select to portal_api
  using (exists (select from consignment c where c.registration = consignment_event.registration)
         or exists (select from archived a where a.registration = consignment_event.registration));
grant select on consignment, pending, consignment_event, archived, archive_document, checkpoint to portal_api;

-- The order in which a program reads: a page of fifty thousand costs what a
-- page of fifty costs.
create index pending_program on pending (voen, registered_at, registration);
