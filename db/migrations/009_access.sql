-- Who looked at a trader's data, as the trader may know it, and what the trader
-- reports to supervision.

-- Whom a session named. Rows of ended sessions are swept away after a day; the
-- register's entries must name their person for as long as they name anything.
create table session_person (
  session_id uuid primary key,
  voen       text not null check (voen ~ '^[0-9]{10}$'),
  person     text not null,
  method     text not null,
  same       bytea not null check (length(same) = 32), -- equal for sessions of one person
  expires_at timestamptz not null                      -- no entry of the session is later
);
create index session_person_expiry on session_person (expires_at);

create function remember_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into session_person (session_id, voen, person, method, same, expires_at)
  values (new.id, new.voen, new.person, new.method,
          sha256(case when new.pin <> '' then convert_to(new.pin, 'UTF8') else new.fingerprint end), new.expires_at);
  return null;
end $$;
create trigger remember after insert on session for each row execute function remember_session();

insert into session_person (session_id, voen, person, method, same, expires_at)
select id, voen, person, method, sha256(case when pin <> '' then convert_to(pin, 'UTF8') else fingerprint end), expires_at from session;

-- Up to when the personal data of entries has been deleted: what is older can
-- no longer be shown to anybody.
create table register_retention (
  single boolean primary key default true check (single),
  before timestamptz not null
);

-- As before, and it notes how far it went and forgets whom the sessions of what
-- it deleted named.
create or replace function forget_register(older_than timestamptz, after_id bigint, at_most integer, out last_id bigint, out forgotten integer)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  with due as (
    select e.id, e.at from register_entry e
     where e.id > after_id and e.at < older_than and e.id <= (select coalesce(max(size), 0) from register_checkpoint)
     order by e.id limit at_most
  ), done as (
    update register_entry e
       set commitments = register_commitments(e.salts, e.subject, e.session_id, e.asked),
           salts = null, subject = null, session_id = null, asked = null
      from due where e.id = due.id and e.at = due.at and e.salts is not null
    returning 1
  )
  select (select max(id) from due), (select count(*) from done)::integer into last_id, forgotten;
  if forgotten > 0 then
    insert into register_retention as r (before) values (older_than)
    on conflict (single) do update set before = greatest(r.before, excluded.before);
  end if;
  if last_id is null then -- an unsealed entry is not forgotten yet and still names its person
    delete from session_person
     where expires_at < older_than
       and expires_at < (select e.at from register_entry e where e.id = (select max(size) from register_checkpoint));
  end if;
end $$;

-- What a trader reports: a question about an entry of the register, or that a
-- registration is not theirs. Supervision answers; the trader sees the answer,
-- not who wrote it.
create table report (
  id           uuid primary key default gen_random_uuid(),
  number       bigint generated always as identity unique, -- to read out on the telephone
  voen         text not null check (voen ~ '^[0-9]{10}$'),
  kind         text not null check (kind in ('question', 'not_mine')),
  entry_id     bigint,                          -- of the register
  entry_at     timestamptz,
  registration text collate "C",
  body         text not null check (char_length(body) between 1 and 2000),
  contact      text not null check (char_length(contact) <= 200),
  lang         text not null check (lang in ('az', 'en')), -- in which it was written
  person       text not null,                   -- who wrote it, and for whom
  organisation text not null,
  session_id   uuid not null,
  created_at   timestamptz not null default clock_timestamp(),
  answer       text check (char_length(answer) between 1 and 4000),
  answered_at  timestamptz,
  answered_by  uuid,                            -- staff_session
  answered_number text,                         -- of the officer, for supervision
  check (case kind when 'question' then entry_id is not null and entry_at is not null and registration is null
                   else registration is not null and entry_id is null end),
  check ((answer is null) = (answered_at is null) and (answer is null) = (answered_by is null) and (answer is null) = (answered_number is null))
);
create unique index report_open_entry on report (voen, entry_id) where answer is null and entry_id is not null;
create unique index report_open_registration on report (voen, registration) where answer is null and registration is not null;
create index report_entry on report (entry_id) where entry_id is not null;
create index report_own on report (voen, created_at desc);
create index report_open on report (created_at) where answer is null;

alter table report enable row level security;
create policy own on report for select to portal_app using (voen = (select session_voen()));
grant select (id, number, voen, kind, entry_id, entry_at, registration, body, contact, lang, person, created_at, answer, answered_at)
  on report to portal_app;

-- Who looked, in the words of the trader's page.
create function access_viewer(actor text, channel text) returns text
language sql immutable parallel safe
as $$
  select case
    when actor = 'trader' and channel = 'api' then 'token'
    when actor = 'trader' then 'own'
    when actor = 'operator' then 'operator'
    when actor in ('supervisor', 'administrator') then 'supervision'
    else 'system' end
$$;
grant execute on function access_viewer(text, text) to portal_app;

-- The name of an API token of a taxpayer. A later migration makes the table;
-- this language looks for it at the first call.
create function token_name(which uuid, whose text) returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ begin return (select t.name from api_token t where t.id = which and t.voen = whose); end $$;

-- The entries about the taxpayer of the session that the transaction speaks
-- for, newest first, and of who looked only what that taxpayer may know: people
-- of its own by name, staff by role and unit, never an officer. viewer '' is
-- everybody. What staff typed to find an entry is theirs, not shown.
create function access_entries(from_at timestamptz, to_at timestamptz, viewer text, at_most bigint, skip bigint)
returns table (id bigint, at timestamptz, request_id uuid, viewer text, channel text, action text, asked text, outcome text, results integer,
               person text, method text, self boolean, unit text, case_number text, reason text, reason_text text, caller text,
               confirmed boolean, report text, answered boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select e.id, e.at, e.request_id, access_viewer(e.actor, e.channel), e.channel, e.action,
         case when e.actor in ('trader', 'operator') then e.asked else '' end, e.outcome, e.results,
         case when e.actor = 'trader' and e.channel = 'api' then coalesce(token_name(e.session_id, e.subject), '') else coalesce(p.person, '') end,
         coalesce(p.method, ''), coalesce(p.same = (select o.same from session_person o where o.session_id = (select c.id from current_session() c)), false),
         coalesce(o.unit, k.officer_unit, ''), coalesce(k.number, ''), coalesce(k.reason, ''), coalesce(k.reason_text, ''),
         coalesce(k.caller, ''), coalesce(k.confirmed, false),
         coalesce(t.id::text, ''), coalesce(t.answered, false)
    from (select * from register_entry r
           where r.subject = session_voen() and r.at >= from_at and r.at < to_at
             and (access_entries.viewer = '' or access_viewer(r.actor, r.channel) = access_entries.viewer)
           order by r.at desc, r.id desc limit at_most offset skip) e
    left join session_person p on e.actor = 'trader' and p.session_id = e.session_id and p.voen = e.subject
    left join assist_case k on k.id = e.case_id and k.voen = e.subject
    left join staff_session o on e.actor in ('operator', 'supervisor', 'administrator') and o.id = e.session_id
    left join lateral (select q.id, q.answer is not null as answered from report q
                        where q.entry_id = e.id and q.voen = e.subject order by q.created_at desc limit 1) t on true
   order by e.at desc, e.id desc
$$;

create function access_counts(from_at timestamptz, to_at timestamptz) returns table (viewer text, n bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select access_viewer(e.actor, e.channel), count(*) from register_entry e
   where e.subject = session_voen() and e.at >= from_at and e.at < to_at
   group by 1
$$;

-- How far back the taxpayer's entries go, and since when others were deleted.
create function access_reach() returns table (first_at timestamptz, forgotten_before timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select (select min(e.at) from register_entry e where e.subject = session_voen()),
         (select r.before from register_retention r where session_voen() is not null)
$$;
grant execute on function access_entries(timestamptz, timestamptz, text, bigint, bigint), access_counts(timestamptz, timestamptz),
  access_reach() to portal_app;

-- Makes a report for the session that the transaction speaks for. Whose it is
-- and who wrote it is the session's; what it is about must be that taxpayer's
-- own. No row: nobody is signed in, or there is no such thing. An open report
-- about the same thing comes back in place of a second one.
create function make_report(about_entry bigint, about_registration text, body text, contact text, lang text)
returns table (report uuid, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s session;
  seen timestamptz;
begin
  select * into s from current_session();
  if s.id is null then
    return;
  end if;
  if about_entry is not null then
    select e.at into seen from register_entry e where e.id = about_entry and e.subject = s.voen;
    if seen is null then
      return;
    end if;
  elsif not exists (select from consignment c where c.registration = about_registration and c.voen = s.voen)
    and not exists (select from archived a where a.registration = about_registration and a.voen = s.voen) then
    return;
  end if;
  insert into report (voen, kind, entry_id, entry_at, registration, body, contact, lang, person, organisation, session_id)
  values (s.voen, case when about_entry is null then 'not_mine' else 'question' end, about_entry, seen,
          case when about_entry is null then about_registration end, make_report.body, make_report.contact, make_report.lang, s.person, s.organisation,
          s.id)
  on conflict do nothing
  returning id into report;
  fresh := report is not null;
  if not fresh then
    select r.id into report from report r
     where r.voen = s.voen and r.answer is null
       and case when about_entry is null then r.registration = about_registration else r.entry_id = about_entry end;
  end if;
  return next;
end $$;
grant execute on function make_report(bigint, text, text, text, text) to portal_app;

-- Supervision reads all reports, and who answered.
create policy supervisor on report for select to portal_supervision using ((select staff_role()) = 'supervisor');
grant select on report to portal_supervision;
grant execute on function access_viewer(text, text) to portal_supervision;

-- What a report is about as supervision sees it: the entry, and the officer who
-- made it.
create function report_entry(which uuid)
returns table (id bigint, at timestamptz, request_id uuid, viewer text, channel text, action text, asked text, outcome text, results integer,
               person text, method text, unit text, case_number text, reason text, reason_text text, caller text, confirmed boolean,
               officer_number text, officer_name text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select e.id, e.at, e.request_id, access_viewer(e.actor, e.channel), e.channel, e.action, coalesce(e.asked, ''), e.outcome, e.results,
         coalesce(p.person, ''), coalesce(p.method, ''), coalesce(o.unit, k.officer_unit, ''), coalesce(k.number, ''), coalesce(k.reason, ''),
         coalesce(k.reason_text, ''), coalesce(k.caller, ''), coalesce(k.confirmed, false), coalesce(o.number, ''), coalesce(o.name, '')
    from report r
    join register_entry e on e.id = r.entry_id and e.at = r.entry_at
    left join session_person p on e.actor = 'trader' and p.session_id = e.session_id
    left join assist_case k on k.id = e.case_id
    left join staff_session o on e.actor in ('operator', 'supervisor', 'administrator') and o.id = e.session_id
   where r.id = which and staff_role() = 'supervisor'
$$;
grant execute on function report_entry(uuid) to portal_supervision;

-- Answers an open report in the name of the supervisor that the transaction
-- speaks for, once. Answers answered, already, no_report or no_staff.
create function answer_report(which uuid, words text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  r report;
begin
  select * into officer from current_staff();
  if officer.id is null or officer.role <> 'supervisor' then
    return 'no_staff';
  end if;
  select * into r from report q where q.id = which for update;
  if r.id is null then
    return 'no_report';
  elsif r.answer is not null then
    return 'already';
  end if;
  update report set answer = words, answered_at = clock_timestamp(), answered_by = officer.id, answered_number = officer.number
   where id = which;
  return 'answered';
end $$;
grant execute on function answer_report(uuid, text) to portal_app;
