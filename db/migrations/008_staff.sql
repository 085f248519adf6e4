-- Staff, their sessions, and cases on behalf of a caller. What staff may do is
-- decided here: the serving program calls functions that look at the session
-- and the list themselves, and can read or write none of the tables.
do $$
declare
  name text;
begin
  foreach name in array array['portal_assist', 'portal_supervision'] loop
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then
        null; -- made by another database of this cluster at this moment
      end;
    end if;
  end loop;
end $$;
grant usage on schema public to portal_assist, portal_supervision;

-- Who works for the Committee in which role. The owner changes it by command,
-- administrators by proposals that another one approves.
create table staff (
  pin         text primary key check (pin ~ '^[0-9A-Z]{5,20}$'),
  number      text not null unique check (number ~ '^[0-9A-Z][0-9A-Z-]{0,19}$'), -- the officer's mark, shown instead of the name
  name        text not null check (name <> '' and length(name) <= 200),
  unit        text not null check (unit <> '' and length(unit) <= 200),
  role        text not null check (role in ('operator', 'supervisor', 'administrator')),
  valid_until date not null,             -- the last day, in Azerbaijan
  changed_at  timestamptz not null default now()
);

-- A signed-in officer. It is kept: cases and entries of the register name it.
create table staff_session (
  id          uuid primary key,
  secret_hash bytea not null check (length(secret_hash) = 32), -- SHA-256 of the secret in the cookie
  pin         text not null,
  number      text not null,
  name        text not null,
  unit        text not null,
  role        text not null check (role in ('operator', 'supervisor', 'administrator')),
  method      text not null,             -- file, card, …
  issuer      text not null,             -- profile of the trust store
  serial      text not null,             -- of the certificate, hexadecimal
  fingerprint bytea not null,            -- SHA-256 of the certificate
  created_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now(),
  idle        interval not null,
  expires_at  timestamptz not null,
  ended_at    timestamptz
);
create index staff_session_pin on staff_session (pin) where ended_at is null;

-- What the list says of a person today: a role, or why there is none.
create function staff_standing(who text) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce((select case when baku_today() <= s.valid_until then s.role else 'staff_expired' end
                     from staff s where who <> '' and s.pin = who), 'staff_unknown')
$$;

-- Begins a session for the officer whose certificate was verified; the role,
-- the number and the name come from the list and from nowhere else. Answers
-- signed_in, staff_unknown or staff_expired.
create function start_staff_session(new_id uuid, new_secret_hash bytea, who text, how text, by_issuer text, with_serial text,
                                    with_fingerprint bytea, new_idle interval, new_life interval) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  standing text := staff_standing(who);
begin
  if standing in ('staff_unknown', 'staff_expired') then
    return standing;
  end if;
  insert into staff_session (id, secret_hash, pin, number, name, unit, role, method, issuer, serial, fingerprint, idle, expires_at)
  select new_id, new_secret_hash, s.pin, s.number, s.name, s.unit, s.role, how, by_issuer, with_serial, with_fingerprint,
         least(new_idle, interval '1 hour'), now() + least(new_life, interval '12 hours')
    from staff s where s.pin = who;
  return 'signed_in';
end $$;

-- The staff session that the transaction speaks for: portal.staff holds its id
-- and the SHA-256 of its secret in hexadecimal, separated by a space. Never set
-- is an error; wrong, ended, expired or no longer on the list is no row.
create function current_staff() returns setof staff_session
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select s.*
    from staff_session s
    join staff l on l.pin = s.pin and l.role = s.role and l.number = s.number
   where s.id = split_part(current_setting('portal.staff'), ' ', 1)::uuid
     and s.secret_hash = decode(split_part(current_setting('portal.staff'), ' ', 2), 'hex')
     and s.ended_at is null
     and now() < s.expires_at
     and now() < s.seen_at + s.idle
     and baku_today() <= l.valid_until
$$;

create function staff_role() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select role from current_staff() $$;

-- The owner's own ways to change the list. Sessions that stand on a line as it
-- was end with it.
create function put_staff(who text, new_number text, new_name text, new_unit text, new_role text, until_day date) returns void
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$
  insert into staff as s (pin, number, name, unit, role, valid_until) values (who, new_number, new_name, new_unit, new_role, until_day)
  on conflict (pin) do update
     set number = new_number, name = new_name, unit = new_unit, role = new_role, valid_until = until_day, changed_at = now();
  update staff_session set ended_at = now()
   where pin = who and ended_at is null and (number, name, unit, role) is distinct from (new_number, new_name, new_unit, new_role);
$$;
create function remove_staff(who text) returns boolean
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$
  update staff_session set ended_at = now() where pin = who and ended_at is null;
  with gone as (delete from staff where pin = who returning 1) select exists (select from gone);
$$;

-- Sensitive taxpayers: a second officer must agree before anything is shown.
create table sensitive_voen (
  voen     text primary key check (voen ~ '^[0-9]{10}$'),
  note     text not null default '',
  added_at timestamptz not null default now()
);

-- What a trader allows the telephone help. No row: help is on, a code is not
-- demanded.
create table trader_preference (
  voen           text primary key check (voen ~ '^[0-9]{10}$'),
  telephone_help boolean not null default true,  -- off: nobody can open a case
  code_required  boolean not null default false, -- no case without a one-time code
  changed_at     timestamptz not null default now(),
  changed_by     uuid not null                   -- session of the trader
);
alter table trader_preference enable row level security;
create policy own on trader_preference for select to portal_app using (voen = (select session_voen()));
grant select on trader_preference to portal_app;

-- One-time codes that a trader makes in the portal and reads out on the
-- telephone. Only the newest counts, once, for ten minutes, for five tries.
create table access_code (
  id              uuid primary key default gen_random_uuid(),
  voen            text not null check (voen ~ '^[0-9]{10}$'),
  code_hash       bytea not null check (length(code_hash) = 32), -- SHA-256 of VÖEN, space and code
  made_by_session uuid not null,
  made_at         timestamptz not null default clock_timestamp(),
  expires_at      timestamptz not null,
  used_at         timestamptz,
  used_by_case    uuid,
  attempts        smallint not null default 0   -- wrong ones
);
create index access_code_voen on access_code (voen, made_at desc);
alter table access_code enable row level security;
create policy own on access_code for select to portal_app using (voen = (select session_voen()));
grant select (id, voen, made_at, expires_at, used_at, used_by_case, attempts) on access_code to portal_app;

-- Cases: why an officer looks at a trader's goods while the trader is on the
-- telephone.
create sequence assist_case_number;
create function next_case_number() returns text
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$ select to_char(now() at time zone 'Asia/Baku', '"M-"YYYY"-"') || lpad(nextval('assist_case_number')::text, 6, '0') $$;

create table assist_case (
  id             uuid primary key,
  number         text not null unique default next_case_number(),
  staff_session  uuid not null references staff_session,
  officer_number text not null,
  officer_unit   text not null,
  voen           text not null check (voen ~ '^[0-9]{10}$'),
  organisation   text not null default '',       -- as the goods name it
  caller         text not null check (length(caller) between 1 and 200),
  call_number    text not null check (length(call_number) between 1 and 40),
  call_id        text not null check (length(call_id) between 1 and 60),
  reason         text not null check (reason ~ '^[a-z_]{1,40}$'),
  reason_text    text not null default '' check (length(reason_text) <= 1000),
  verified_by    text not null check (verified_by ~ '^[a-z_]{1,40}$'),
  confirmed      boolean not null,               -- by the trader's own one-time code
  sensitive      boolean not null,               -- needs a second officer
  approved_by    uuid references staff_session,
  approved_at    timestamptz,
  opened_at      timestamptz not null default now(),
  until          timestamptz not null,           -- the hard stop
  seen_at        timestamptz not null default now(),
  extensions     smallint not null default 0,
  ended_at       timestamptz,
  ended_by       text check (ended_by in ('operator', 'supervisor', 'trader', 'time', 'idle', 'signed_out')),
  ended_session  uuid references staff_session,
  ended_reason   text not null default '' check (length(ended_reason) <= 1000),
  check (confirmed = (verified_by = 'code')),
  check ((ended_at is null) = (ended_by is null)),
  check (approved_by is distinct from staff_session)
);
-- One open case for each officer.
create unique index assist_case_open on assist_case (officer_number) where ended_at is null;
create index assist_case_officer on assist_case (officer_number, opened_at desc);
create index assist_case_voen on assist_case (voen, opened_at desc);
create index assist_case_opened on assist_case (opened_at desc);

-- Each extension has a reason of its own.
create table assist_extension (
  case_id     uuid not null references assist_case,
  at          timestamptz not null default now(),
  until       timestamptz not null,
  reason      text not null check (reason ~ '^[a-z_]{1,40}$'),
  reason_text text not null default '' check (length(reason_text) <= 1000),
  primary key (case_id, at)
);

-- Cases that were not opened, and why: to limit guessing, and for supervision.
create table assist_refusal (
  id             bigint generated always as identity primary key,
  at             timestamptz not null default clock_timestamp(),
  staff_session  uuid not null references staff_session,
  officer_number text not null,
  voen           text not null,
  outcome        text not null
);
create index assist_refusal_officer on assist_refusal (officer_number, at desc);

-- The case that the transaction speaks for: portal.case holds its id. It must
-- be open, belong to the staff session of portal.staff, and its time not be
-- over: 15 minutes in all, 5 without a look.
create function current_case() returns setof assist_case
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.*
    from current_staff() s
    join assist_case c on c.staff_session = s.id
   where c.id = nullif(current_setting('portal.case', true), '')::uuid
     and s.role = 'operator'
     and c.ended_at is null
     and now() < c.until
     and now() < c.seen_at + interval '5 minutes'
     and (not c.sensitive or c.approved_at is not null)
$$;

-- Whose goods the transaction may read under its case: of that one trader, and
-- only if the register already holds the look, as the request of portal.request.
create function case_voen() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.voen
    from current_case() c
   where exists (select from register_entry e
                  where e.request_id = nullif(current_setting('portal.request', true), '')::uuid
                    and e.at > now() - interval '30 seconds'
                    and e.case_id = c.id and e.subject = c.voen and e.session_id = c.staff_session
                    and e.actor = 'operator' and e.action in ('goods.list', 'goods.detail'))
$$;

-- What a look under the case will answer, without what it shows: the register
-- must have it first.
create function case_answer(asked_registration text, out pending bigint, out found boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select (select count(*) from pending p where p.voen = c.voen),
         exists (select from consignment g where g.registration = asked_registration and g.voen = c.voen)
         or exists (select from archived a where a.registration = asked_registration and a.voen = c.voen)
    from current_case() c
$$;

create policy by_case on consignment for select to portal_assist using (voen = (select case_voen()));
create policy by_case on pending for select to portal_assist using (voen = (select case_voen()));
create policy by_case on archived for select to portal_assist using (voen = (select case_voen()));
create policy by_case on archive_document for select to portal_assist using (voen = (select case_voen()));
create policy by_case on consignment_event for select to portal_assist
  using (exists (select from consignment c where c.registration = consignment_event.registration)
         or exists (select from archived a where a.registration = consignment_event.registration));
grant select on consignment, pending, consignment_event, archived, archive_document, checkpoint to portal_assist;

-- An entry that names a case must agree with it, so that no program can make
-- up a look under a case, or hide one under another's. Who acts under a case
-- are its own officer, and supervisors and second officers in their own name.
create function check_case_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not exists (select from assist_case c join staff_session s on s.id = new.session_id and s.role = new.actor
                  where c.id = new.case_id and c.voen = new.subject
                    and (s.id = c.staff_session or new.action not in ('goods.list', 'goods.detail', 'case.open', 'case.extend'))) then
    raise exception 'the entry does not agree with its case' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger case_entry before insert on register_entry for each row
  when (new.case_id is not null) execute function check_case_entry();

-- Cases whose time is over, or whose officer is silent, end where they lapsed.
create function close_lapsed_cases() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
  update assist_case
     set ended_at = least(until, seen_at + interval '5 minutes'),
         ended_by = case when until <= seen_at + interval '5 minutes' then 'time' else 'idle' end
   where ended_at is null and now() >= least(until, seen_at + interval '5 minutes')
$$;

-- Tells open pages of a case to look again.
create function tell_case(which uuid) returns void
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$ select pg_notify('goods', 'case:' || which), pg_notify('goods', 'cases') $$;

-- Opens a case. outcome: opened; waiting (for a second officer); no_staff;
-- already_open (see which); limit; help_off; code_required; code_wrong;
-- code_blocked.
create function open_case(new_id uuid, whose text, who_calls text, from_number text, from_call text, why text, why_text text,
                          how text, code bytea, per_hour integer, out outcome text, out which uuid)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  preference trader_preference;
  made access_code;
  guarded boolean;
begin
  select * into officer from current_staff();
  if officer.id is null or officer.role <> 'operator' then
    outcome := 'no_staff';
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('assist'), hashtext(officer.number));
  perform close_lapsed_cases();
  select id into which from assist_case where officer_number = officer.number and ended_at is null;
  if which is not null then
    outcome := 'already_open';
    return;
  end if;
  select * into preference from trader_preference p where p.voen = whose;
  select * into made from access_code a where a.voen = whose order by a.made_at desc limit 1 for update;
  outcome := case
    when (select count(*) from assist_case c where c.officer_number = officer.number and c.opened_at > now() - interval '1 hour')
         >= least(per_hour, 60) then 'limit'
    when not coalesce(preference.telephone_help, true) then 'help_off'
    when code is null and coalesce(preference.code_required, false) then 'code_required'
    when code is not null and (select count(*) from assist_refusal r where r.officer_number = officer.number
                                and r.outcome = 'code_wrong' and r.at > now() - interval '1 hour') >= 5 then 'code_blocked'
    when code is not null and (made.id is null or made.code_hash <> code or made.used_at is not null
                               or made.expires_at <= now() or made.attempts >= 5) then 'code_wrong'
  end;
  if outcome is not null then
    insert into assist_refusal (staff_session, officer_number, voen, outcome) values (officer.id, officer.number, whose, outcome);
    if outcome = 'code_wrong' then
      update access_code set attempts = attempts + 1 where id = made.id and attempts < 5;
    end if;
    return;
  end if;
  if code is not null then
    update access_code set used_at = now(), used_by_case = new_id where id = made.id;
  end if;
  guarded := exists (select from sensitive_voen v where v.voen = whose);
  insert into assist_case (id, staff_session, officer_number, officer_unit, voen, organisation, caller, call_number, call_id,
                           reason, reason_text, verified_by, confirmed, sensitive, until)
  values (new_id, officer.id, officer.number, officer.unit, whose,
          coalesce((select c.document->'consignee'->>'name' from consignment c where c.voen = whose and c.pending
                     order by c.registered_at desc limit 1), ''),
          who_calls, from_number, from_call, why, why_text,
          case when code is null then how else 'code' end, code is not null, guarded, now() + interval '15 minutes');
  which := new_id;
  outcome := case when guarded then 'waiting' else 'opened' end;
  perform tell_case(new_id);
end $$;

-- A second officer agrees to a case about a sensitive taxpayer; its time begins
-- then. Answers approved, own, no_case or no_staff.
create function approve_case(which uuid) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  c assist_case;
begin
  select * into officer from current_staff();
  if officer.id is null or officer.role not in ('operator', 'supervisor') then
    return 'no_staff';
  end if;
  select * into c from assist_case a where a.id = which for update;
  if c.id is null or not c.sensitive or c.approved_at is not null or c.ended_at is not null or now() >= c.until then
    return 'no_case';
  end if;
  if exists (select from staff_session s where s.id = c.staff_session and s.pin = officer.pin) then
    return 'own';
  end if;
  update assist_case set approved_by = officer.id, approved_at = now(), until = now() + interval '15 minutes', seen_at = now()
   where id = which;
  perform tell_case(which);
  return 'approved';
end $$;

-- Another 15 minutes for the case of the transaction, for a reason of their
-- own, at most three times. Answers extended, limit or no_case.
create function extend_case(why text, why_text text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  c assist_case;
begin
  select a.* into c from current_case() k join assist_case a on a.id = k.id for update of a;
  if c.id is null or c.ended_at is not null then
    return 'no_case';
  end if;
  if c.extensions >= 3 then
    return 'limit';
  end if;
  insert into assist_extension (case_id, until, reason, reason_text) values (c.id, now() + interval '15 minutes', why, why_text);
  update assist_case set until = now() + interval '15 minutes', seen_at = now(), extensions = extensions + 1 where id = c.id;
  perform tell_case(c.id);
  return 'extended';
end $$;

-- Ends a case: an officer their own, a supervisor any, with a reason. False:
-- there is none to end.
create function end_case(which uuid, why text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
begin
  select * into officer from current_staff();
  perform close_lapsed_cases();
  update assist_case c
     set ended_at = now(), ended_by = officer.role, ended_session = officer.id, ended_reason = why
   where c.id = which and c.ended_at is null
     and (officer.role = 'supervisor' and why <> '' or officer.role = 'operator' and c.officer_number = officer.number);
  if found then
    perform tell_case(which);
  end if;
  return found;
end $$;

-- The officer's own cases, also of earlier sessions, newest first.
create function own_cases(since interval) returns setof assist_case
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.* from current_staff() s join assist_case c on c.officer_number = s.number
   where s.role = 'operator' and c.opened_at > now() - since
   order by c.opened_at desc
$$;

-- Cases of others that wait for a second officer.
create function waiting_cases() returns setof assist_case
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.* from current_staff() s, assist_case c
   where s.role in ('operator', 'supervisor') and c.officer_number <> s.number
     and c.sensitive and c.approved_at is null and c.ended_at is null and now() < c.until and now() < c.seen_at + interval '5 minutes'
   order by c.opened_at
$$;

-- Notes that the officer works, and under the case of the transaction.
create function staff_seen() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
  update staff_session set seen_at = now()
   where id = (select id from current_staff()) and seen_at < now() - interval '15 seconds';
  update assist_case set seen_at = now()
   where id in (select c.id from current_staff() s join assist_case c on c.staff_session = s.id
                 where c.id = nullif(current_setting('portal.case', true), '')::uuid and c.ended_at is null
                   and now() < c.until and now() < c.seen_at + interval '5 minutes')
     and seen_at < now() - interval '5 seconds'
$$;

-- Ends the session that the transaction speaks for, with its open case.
create function end_staff_session() returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  c assist_case;
begin
  select * into officer from current_staff();
  for c in update assist_case set ended_at = now(), ended_by = 'signed_out', ended_session = officer.id
            where staff_session = officer.id and ended_at is null and now() < until returning * loop
    perform tell_case(c.id);
  end loop;
  update staff_session set ended_at = now() where id = officer.id;
end $$;

-- A new code of the trader whose session the transaction speaks for; answers
-- until when it is good, null without a session.
create function make_access_code(hash bytea) returns timestamptz
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
  insert into access_code (voen, code_hash, made_by_session, expires_at)
  select s.voen, hash, s.id, now() + interval '10 minutes' from current_session() s
  returning expires_at
$$;

-- Sets what the trader of the session allows the telephone help. Switching it
-- off ends what runs. False: there is no session.
create function set_trader_preference(help boolean, code boolean) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s session;
  c assist_case;
begin
  select * into s from current_session();
  if s.id is null then
    return false;
  end if;
  insert into trader_preference as p (voen, telephone_help, code_required, changed_by) values (s.voen, help, code, s.id)
  on conflict (voen) do update set telephone_help = help, code_required = code, changed_at = now(), changed_by = s.id;
  if not help then
    for c in update assist_case set ended_at = now(), ended_by = 'trader' where voen = s.voen and ended_at is null returning * loop
      perform tell_case(c.id);
    end loop;
  end if;
  return true;
end $$;

-- What needs tidying once an hour.
create function sweep_staff() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
  select close_lapsed_cases();
  delete from access_code where expires_at < now() - interval '30 days'
$$;

revoke all on function next_case_number(), tell_case(uuid), check_case_entry() from public;
grant execute on function
  staff_standing(text), start_staff_session(uuid, bytea, text, text, text, text, bytea, interval, interval), current_staff(), staff_role(),
  current_case(), case_answer(text), close_lapsed_cases(), approve_case(uuid), extend_case(text, text), end_case(uuid, text),
  open_case(uuid, text, text, text, text, text, text, text, bytea, integer), own_cases(interval), waiting_cases(), staff_seen(),
  end_staff_session(), make_access_code(bytea), set_trader_preference(boolean, boolean), sweep_staff() to portal_app;
grant execute on function current_staff(), staff_role(), current_case(), case_voen() to portal_assist;

-- Supervision reads, and nobody else sees which officer it was.
alter table assist_case enable row level security;
alter table assist_extension enable row level security;
alter table assist_refusal enable row level security;
alter table staff_session enable row level security;
create policy supervisor on assist_case for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on assist_extension for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on assist_refusal for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on staff_session for select to portal_supervision using ((select staff_role()) = 'supervisor');
grant select on assist_case, assist_extension, assist_refusal to portal_supervision;
grant select (id, number, name, unit, role, method, created_at, seen_at, expires_at, ended_at) on staff_session to portal_supervision;
grant execute on function current_staff(), staff_role() to portal_supervision;

-- The staff list with four eyes: an administrator proposes, another one
-- approves, and nobody both. The owner's commands leave a line here too.
create table staff_change (
  id            uuid primary key default gen_random_uuid(),
  kind          text not null check (kind in ('put', 'remove')),
  pin           text not null check (pin ~ '^[0-9A-Z]{5,20}$'),
  number        text not null default '',
  name          text not null default '',
  unit          text not null default '',
  role          text not null default '',
  valid_until   date,
  proposed_by   uuid references staff_session, -- null: by command
  proposed_pin  text not null default '',
  proposed_at   timestamptz not null default now(),
  decided_by    uuid references staff_session,
  decided_pin   text,
  decided_at    timestamptz,
  decision      text check (decision in ('approved', 'rejected', 'withdrawn', 'command')),
  check ((decided_at is null) = (decision is null)),
  check (decision <> 'approved' or decided_pin is not null and decided_pin <> proposed_pin),
  check (kind = 'remove' or valid_until is not null)
);
create unique index staff_change_open on staff_change (pin) where decision is null;
create index staff_change_at on staff_change (proposed_at desc);

create function keep_staff_change() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and old.decision is null
     and (new.kind, new.pin, new.number, new.name, new.unit, new.role, new.valid_until, new.proposed_by, new.proposed_pin, new.proposed_at)
         is not distinct from (old.kind, old.pin, old.number, old.name, old.unit, old.role, old.valid_until, old.proposed_by, old.proposed_pin, old.proposed_at) then
    return new;
  end if;
  raise exception 'a proposal is decided once and stays as it was made' using errcode = 'insufficient_privilege';
end $$;
create trigger keep before update or delete on staff_change for each row execute function keep_staff_change();

create function put_staff_by_command() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if coalesce(current_setting('portal.staff_change', true), '') = '' then -- not by a proposal
    if tg_op = 'DELETE' then
      insert into staff_change (kind, pin, number, name, unit, role, decided_at, decision)
      values ('remove', old.pin, old.number, old.name, old.unit, old.role, now(), 'command');
    else
      insert into staff_change (kind, pin, number, name, unit, role, valid_until, decided_at, decision)
      values ('put', new.pin, new.number, new.name, new.unit, new.role, new.valid_until, now(), 'command');
    end if;
  end if;
  return null;
end $$;
create trigger by_command after insert or update or delete on staff for each row execute function put_staff_by_command();

-- The list and the changes, for administrators only.
create function staff_members() returns setof staff
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select s.* from staff s where (select staff_role()) = 'administrator' order by s.number $$;

create function staff_changes() returns table (
  id uuid, kind text, pin text, number text, name text, unit text, role text, valid_until date, proposed_at timestamptz,
  proposed_number text, proposed_name text, own boolean, decided_at timestamptz, decision text, decided_number text, decided_name text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select c.id, c.kind, c.pin, c.number, c.name, c.unit, c.role, c.valid_until, c.proposed_at,
         coalesce(p.number, ''), coalesce(p.name, ''), c.proposed_pin = me.pin, c.decided_at, coalesce(c.decision, ''),
         coalesce(d.number, ''), coalesce(d.name, '')
    from current_staff() me, staff_change c
    left join staff_session p on p.id = c.proposed_by
    left join staff_session d on d.id = c.decided_by
   where me.role = 'administrator'
   order by c.decision is null desc, coalesce(c.decided_at, c.proposed_at) desc limit 100
$$;

-- Proposes a line of the list (put), or to take one off it (remove). Answers
-- proposed, no_staff, unknown, taken (the number is another officer's) or
-- pending (there is a proposal about this person already).
create function propose_staff(what text, who text, new_number text, new_name text, new_unit text, new_role text, until_day date) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  me staff_session;
begin
  select * into me from current_staff();
  if me.id is null or me.role <> 'administrator' then
    return 'no_staff';
  end if;
  if what = 'remove' and not exists (select from staff s where s.pin = who) then
    return 'unknown';
  end if;
  if what = 'put' and exists (select from staff s where s.number = new_number and s.pin <> who) then
    return 'taken';
  end if;
  if what = 'remove' then
    insert into staff_change (kind, pin, number, name, unit, role, proposed_by, proposed_pin)
    select what, s.pin, s.number, s.name, s.unit, s.role, me.id, me.pin from staff s where s.pin = who
    on conflict do nothing;
  else
    insert into staff_change (kind, pin, number, name, unit, role, valid_until, proposed_by, proposed_pin)
    values (what, who, new_number, new_name, new_unit, new_role, until_day, me.id, me.pin)
    on conflict do nothing;
  end if;
  return case when found then 'proposed' else 'pending' end;
end $$;

-- Decides a proposal. Answers approved, rejected, withdrawn, no_staff, gone,
-- own (nobody approves what they proposed) or taken.
create function decide_staff(which uuid, verdict text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  me staff_session;
  c staff_change;
begin
  select * into me from current_staff();
  if me.id is null or me.role <> 'administrator' then
    return 'no_staff';
  end if;
  if verdict is null or verdict not in ('approved', 'rejected', 'withdrawn') then
    raise exception 'an administrator approves, rejects or withdraws' using errcode = 'check_violation';
  end if;
  select * into c from staff_change s where s.id = which for update;
  if c.id is null or c.decision is not null then
    return 'gone';
  end if;
  if verdict = 'approved' and c.proposed_pin = me.pin then
    return 'own';
  end if;
  if verdict = 'withdrawn' and c.proposed_pin <> me.pin then
    return 'gone';
  end if;
  if verdict = 'approved' then
    perform set_config('portal.staff_change', c.id::text, true);
    if c.kind = 'remove' then
      perform remove_staff(c.pin);
    else
      if exists (select from staff s where s.number = c.number and s.pin <> c.pin) then
        return 'taken';
      end if;
      perform put_staff(c.pin, c.number, c.name, c.unit, c.role, c.valid_until);
    end if;
    perform set_config('portal.staff_change', '', true);
  end if;
  update staff_change set decision = verdict, decided_at = now(), decided_by = me.id, decided_pin = me.pin where id = which;
  return verdict;
end $$;
grant execute on function staff_members(), staff_changes(), propose_staff(text, text, text, text, text, text, date), decide_staff(uuid, text) to portal_app;
