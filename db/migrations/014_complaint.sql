-- Drafts of complaints (REG 3.5). A draft belongs to one person within one
-- company: colleagues, who see the same goods, do not see it, nor does staff.
create table complaint_draft (
  id         uuid primary key,
  voen       text not null check (voen ~ '^[0-9]{10}$'),
  owner      text not null check (owner <> ''),  -- the person, see session_person()
  content    jsonb not null check (jsonb_typeof(content) = 'object' and octet_length(content::text) <= 131072),
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  -- What the portal held about the registration when the document was drawn up,
  -- and the register's entry that names the SHA-256 of these bytes.
  drawn_at   timestamptz,
  request_id uuid,
  evidence   bytea check (octet_length(evidence) <= 1048576),
  check (drawn_at is not null or (request_id is null and evidence is null)),
  check ((request_id is null) = (evidence is null))
);
create index complaint_draft_owner on complaint_draft (voen, owner, changed_at desc);
create index complaint_draft_changed on complaint_draft (changed_at);

-- The person of the session that the transaction speaks for: by the personal
-- number, which stays the same with another certificate; without one, by the
-- certificate.
create function session_person() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select case when pin <> '' then 'pin ' || pin else 'certificate ' || encode(fingerprint, 'hex') end from current_session() $$;
revoke all on function session_person() from public;
grant execute on function session_person() to portal_app;

alter table complaint_draft enable row level security;
create policy own on complaint_draft to portal_app
  using (voen = (select session_voen()) and owner = (select session_person()))
  with check (voen = (select session_voen()) and owner = (select session_person()));
grant select, insert, delete on complaint_draft to portal_app;
grant update (content, changed_at, drawn_at, request_id, evidence) on complaint_draft to portal_app;

-- A person may keep so many drafts in a company; the one that is too many is
-- refused, nothing is thrown away.
create function limit_complaint_drafts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('complaint_draft ' || new.voen || new.owner, 0));
  if (select count(*) from complaint_draft where voen = new.voen and owner = new.owner) >= 50 then
    raise exception 'too many drafts' using errcode = 'program_limit_exceeded';
  end if;
  return new;
end $$;
revoke all on function limit_complaint_drafts() from public;
create trigger limited before insert on complaint_draft for each row execute function limit_complaint_drafts();

-- Deletes drafts that nobody has changed for 180 days; the age is not the
-- caller's to choose.
create function sweep_complaint_drafts() returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$ delete from complaint_draft where changed_at < now() - interval '180 days' $$;
revoke all on function sweep_complaint_drafts() from public;
grant execute on function sweep_complaint_drafts() to portal_app;
