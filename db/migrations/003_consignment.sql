-- How fresh each checkpoint's data is.
create table checkpoint (
  code        text primary key,
  as_of       timestamptz,             -- by its own heartbeat
  received_at timestamptz              -- when anything of it was last stored
);
grant select on checkpoint to portal_app;
grant select, insert, update on checkpoint to portal_feed;

-- The newest snapshot of each registration.
create table consignment (
  registration  text collate "C" primary key,
  revision      bigint not null,
  digest        bytea not null,        -- of the snapshot: same revision, other content is a conflict
  checkpoint    text not null,
  voen          text not null check (voen ~ '^[0-9]{10}$'),
  status        text not null,
  status_at     timestamptz not null,
  registered_at timestamptz not null,
  received_at   timestamptz not null default now(),
  pending       boolean generated always as (status not in ('released', 're_exported', 'completed')) stored,
  document      jsonb not null         -- the whole snapshot
);

-- Every status that a revision brought, also of revisions that arrived late:
-- history does not depend on the order of arrival.
create table consignment_event (
  registration text collate "C" not null,
  revision     bigint not null,
  status       text not null,
  status_at    timestamptz not null,
  received_at  timestamptz not null default now(),
  primary key (registration, revision)
);

-- The read model of the list: one narrow row for each consignment whose
-- clearance is not complete, kept by the transaction that stores the snapshot.
create table pending (
  registration      text collate "C" primary key,
  voen              text not null,
  checkpoint        text not null,
  status            text not null,
  status_at         timestamptz not null,
  registered_at     timestamptz not null,
  received_at       timestamptz not null default now(),
  mode              smallint not null,
  vehicle           text not null,
  document_type     text not null,
  document_number   text not null,
  goods_description text not null,
  commodity_code    text not null,
  goods_count       integer not null,
  packages          bigint,
  gross_mass        bigint,            -- grams
  next_code         text not null,
  next_who          text not null,
  next_agency       text not null,
  next_note         text not null,
  next_since        timestamptz,
  next_due          timestamptz,
  search            text not null      -- folded text of everything one may look for
);
create index pending_list on pending (voen, checkpoint, registered_at desc, registration);

-- Row-level security: the session row, not the program, decides whose goods a
-- page can hold. A forgotten condition shows nothing of a stranger.
alter table consignment enable row level security;
alter table consignment_event enable row level security;
alter table pending enable row level security;

create policy own on consignment for select to portal_app using (voen = (select session_voen()));
create policy own on pending for select to portal_app using (voen = (select session_voen()));
create policy own on consignment_event for select to portal_app
  using (exists (select from consignment c where c.registration = consignment_event.registration));

create policy feed on consignment to portal_feed using (true) with check (true);
create policy feed on consignment_event to portal_feed using (true) with check (true);
create policy feed on pending to portal_feed using (true) with check (true);

grant select on consignment, consignment_event, pending to portal_app;
grant select, insert, update on consignment to portal_feed;
grant select, insert on consignment_event to portal_feed;
grant select, insert, update, delete on pending to portal_feed;
