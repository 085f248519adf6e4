-- Sign-in: attempts, rate limits, SİMA operations, requests to mygov ID,
-- representatives, and the companies that a session may switch to.

-- Attempts to sign in: the serving role adds and nothing else. What it knows of
-- a person is the certificate's issuer and serial number.
create table sign_in_attempt (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default clock_timestamp(),
  method  text not null check (method ~ '^[a-z]{2,20}$'),
  issuer  text not null default '',    -- profile of the trust store, once known
  serial  text not null default '',    -- of the certificate, once the issuer is known
  voen    text not null default '' check (voen ~ '^([0-9]{10})?$'), -- of the session that began
  outcome text not null check (outcome ~ '^[a-z_]{2,60}$')          -- signed_in, or the reason's code
);
create index sign_in_attempt_certificate on sign_in_attempt (issuer, serial, at desc) where serial <> '';
create index sign_in_attempt_voen on sign_in_attempt (voen, at desc) where voen <> '';
create index sign_in_attempt_at on sign_in_attempt (at);
grant insert on sign_in_attempt to portal_app;

-- What the person of the session that the transaction speaks for should know
-- about earlier attempts. The session's own sign-in is left out.
create function sign_in_history() returns table (
  last_at timestamptz, last_method text, failed bigint, failed_at timestamptz, failed_outcome text, other_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  with s as (select issuer, serial, voen, created_at from current_session()),
  own as (
    select a.at, a.method, a.outcome from sign_in_attempt a, s
     where a.serial <> '' and a.issuer = s.issuer and a.serial = s.serial and a.at < s.created_at),
  last as (select at, method from own where outcome = 'signed_in' order by at desc limit 1),
  failure as (
    select at, outcome from own
     where outcome <> 'signed_in' and at > coalesce((select at from last), '-infinity') and at > now() - interval '400 days')
  select (select at from last), (select method from last),
         (select count(*) from failure), (select max(at) from failure),
         (select outcome from failure order by at desc limit 1),
         (select max(a.at) from sign_in_attempt a, s
           where a.voen = s.voen and a.outcome = 'signed_in' and (a.issuer, a.serial) <> (s.issuer, s.serial) and a.at < s.created_at)
    from s
$$;
grant execute on function sign_in_history() to portal_app;

-- Rate limits shared by all processes: the theoretical arrival time of the
-- generic cell rate algorithm, by hashed key. Not logged: what a crash of the
-- server forgets is a few minutes of counting.
create unlogged table rate_limit (
  key bytea primary key check (length(key) = 32),
  tat timestamptz not null
);
create index rate_limit_tat on rate_limit (tat);
grant select, insert, update, delete on rate_limit to portal_app;

-- One sign-in by SİMA İmza: made for one browser, fetched and answered by one
-- certificate, finished once. Rights on columns keep what was issued as it was.
create table sima_operation (
  id           uuid primary key,
  browser_hash bytea not null check (length(browser_hash) = 32),
  challenge    bytea not null check (length(challenge) >= 32),
  query        text not null,             -- the contract in base64, exactly as issued
  query_hash   bytea not null unique check (length(query_hash) = 32),
  assignee     text not null default '',  -- PIN typed first, or nothing
  back         text not null default '',  -- page to open afterwards
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null check (expires_at <= created_at + interval '5 minutes'),
  fetched_at   timestamptz,
  certificate  bytea check (length(certificate) = 32), -- SHA-256 of the one that fetched it
  answered_at  timestamptz,
  outcome      text check (outcome ~ '^[a-z_]{2,60}$'), -- confirmed, or the reason's code
  identity     jsonb,
  cancelled_at timestamptz,
  finished_at  timestamptz,
  check ((outcome is null) = (answered_at is null)),
  check (identity is null or outcome = 'confirmed'),
  check (outcome is distinct from 'confirmed' or (identity is not null and certificate is not null)),
  check (finished_at is null or outcome = 'confirmed')
);
create index sima_operation_expiry on sima_operation (expires_at);
grant select, insert, delete on sima_operation to portal_app;
grant update (fetched_at, certificate, answered_at, outcome, identity, cancelled_at, finished_at) on sima_operation to portal_app;

-- What has happened to an operation cannot be made unhappened: neither by a
-- second answer, nor by another certificate, nor after its time.
create function sima_operation_moves_on() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.finished_at is not null or old.cancelled_at is not null then
    raise exception 'the operation has ended' using errcode = 'check_violation';
  end if;
  if old.certificate is not null and new.certificate is distinct from old.certificate
     or old.fetched_at is not null and new.fetched_at is distinct from old.fetched_at
     or old.answered_at is not null and (new.answered_at, new.outcome, new.identity::text)
        is distinct from (old.answered_at, old.outcome, old.identity::text) then
    raise exception 'the operation has gone further' using errcode = 'check_violation';
  end if;
  if clock_timestamp() >= old.expires_at and old.answered_at is null and new.answered_at is not null then
    raise exception 'the operation has expired' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger moves_on before update on sima_operation for each row execute function sima_operation_moves_on();

-- A sign-in at mygov ID on its way: state, nonce and PKCE verifier, once.
create table mygov_request (
  state_hash   bytea primary key check (length(state_hash) = 32), -- SHA-256 of state
  browser_hash bytea not null check (length(browser_hash) = 32),
  nonce        text not null,
  verifier     text not null,
  back         text not null default '',
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  used_at      timestamptz
);
create index mygov_request_expiry on mygov_request (expires_at);
grant select, insert, update (used_at), delete on mygov_request to portal_app;

-- Who may act for a taxpayer: imported as a whole by the owner. The serving
-- role can only ask, by the functions below, so it cannot make anybody a
-- representative.
create table representative (
  voen         text not null check (voen ~ '^[0-9]{10}$'),
  pin          text not null check (pin ~ '^[0-9A-Z]{5,20}$'),
  organisation text not null,
  position     text not null,
  from_day     date not null,
  to_day       date check (to_day >= from_day), -- inclusive; null: until further notice
  access       boolean not null,
  liquidated   boolean not null,
  primary key (pin, voen, from_day)
);
create index representative_voen on representative (voen);

-- Today where the law counts days.
create function baku_today() returns date
language sql stable set search_path = pg_catalog
as $$ select (now() at time zone 'Asia/Baku')::date $$;

-- The taxpayers for which a personal number may act today.
create function representations(who text) returns table (voen text, organisation text, "position" text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select distinct on (r.voen) r.voen, r.organisation, r.position
    from representative r
   where who <> '' and r.pin = who and r.access
     and baku_today() between r.from_day and coalesce(r.to_day, 'infinity')
     and not exists (select from representative x where x.voen = r.voen and x.liquidated)
   order by r.voen, r.from_day desc
$$;

-- The taxpayers of a certificate that may not be chosen all the same: the
-- taxpayer is liquidated, or this person's access to it was withdrawn.
create function barred(who text, taxpayers text[]) returns table (voen text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select distinct r.voen from representative r
   where r.voen = any (taxpayers)
     and (r.liquidated or who <> '' and r.pin = who and not r.access
          and baku_today() between r.from_day and coalesce(r.to_day, 'infinity'))
$$;
revoke all on function representations(text), barred(text, text[]), baku_today() from public;
grant execute on function representations(text), barred(text, text[]), baku_today() to portal_app;

-- The taxpayers among which a session may switch: what its sign-in proved.
create table session_company (
  session_id   uuid not null references session on delete cascade,
  voen         text not null check (voen ~ '^[0-9]{10}$'),
  organisation text not null default '',
  position     text not null default '',
  source       text not null check (source in ('certificate', 'representative')),
  primary key (session_id, voen)
);
grant insert on session_company to portal_app;
alter table session add column companies smallint not null default 1 check (companies > 0);

-- The companies of the session that the transaction speaks for, as they may be
-- chosen at this moment.
create function session_companies() returns table (voen text, organisation text, "position" text, source text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.voen, c.organisation, c.position, c.source
    from current_session() s join session_company c on c.session_id = s.id
   where c.source = 'certificate' and c.voen not in (select b.voen from barred(s.pin, array[c.voen]) b)
      or c.source = 'representative' and c.voen in (select r.voen from representations(s.pin) r)
   order by c.voen
$$;

-- Switches the session that the transaction speaks for to another of its own
-- companies: a new session with the same person and the same end, and the old
-- one ends. Whether the company is one of them is decided here.
create function switch_company(new_id uuid, new_secret_hash bytea, chosen text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  old session;
  company record;
begin
  select s.* into old from current_session() c join session s on s.id = c.id for update of s;
  select * into company from session_companies() c where c.voen = chosen;
  if old.id is null or old.ended_at is not null or company.voen is null then
    return false;
  end if;
  insert into session (id, secret_hash, voen, pin, person, organisation, method, issuer, serial, fingerprint, idle, expires_at, companies)
  values (new_id, new_secret_hash, company.voen, old.pin, old.person, company.organisation, old.method, old.issuer, old.serial,
          old.fingerprint, old.idle, old.expires_at, old.companies);
  insert into session_company (session_id, voen, organisation, position, source)
  select new_id, c.voen, c.organisation, c.position, c.source from session_company c where c.session_id = old.id;
  update session set ended_at = now() where id = old.id;
  return true;
end $$;
revoke all on function session_companies(), switch_company(uuid, bytea, text) from public;
grant execute on function session_companies(), switch_company(uuid, bytea, text) to portal_app;

-- Ends the sessions that stand on a representation which the list no longer
-- holds. Only the owner, who imports the list, runs it.
create function end_lost_representations() returns bigint
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$
  with ended as (
    update session s set ended_at = now()
      from session_company c
     where c.session_id = s.id and c.voen = s.voen and s.ended_at is null and s.expires_at > now()
       and case c.source
           when 'representative' then not exists (select from representations(s.pin) r where r.voen = s.voen)
           else exists (select from barred(s.pin, array[s.voen])) end
    returning s.id)
  select count(*) from ended
$$;
revoke all on function end_lost_representations() from public;
