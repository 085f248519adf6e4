-- Checkpoint systems that send the feed, and the archive of what is finished.

-- One row for each system that was ever heard of. A system that is late or
-- silent shows here, although it sends nothing.
create table sender (
  name       text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,59}$'),
  first_seen timestamptz not null default now(),
  last_seen  timestamptz not null default now(), -- when anything of it was last taken in
  stored_at  timestamptz,                        -- when it last brought something new
  lag        interval,                           -- how old its newest news was on arrival
  batch      text not null default '',           -- Feed-Batch: what it is sending, in its own words
  last_line  bigint not null default 0,          -- of that batch, everything up to it is answered for
  lines      bigint not null default 0,          -- taken in, ever
  rejected   bigint not null default 0           -- of them
);
grant select on sender to portal_app;
grant select, insert, update on sender to portal_feed;

-- A transaction that stores the feed says for which checkpoints it may:
-- portal.feed_scope is '*' or their codes with a blank before, between and
-- after. Never set is an error, so it fails closed; a line of another
-- checkpoint cannot be stored even if the program forgets to look.
create function feed_may(checkpoint text) returns boolean
language sql stable
as $$
  select current_setting('portal.feed_scope') = '*'
      or strpos(current_setting('portal.feed_scope'), ' ' || checkpoint || ' ') > 0
$$;
grant execute on function feed_may(text) to portal_feed;

-- The snapshot is kept as it was written: it is always read whole, and making
-- jsonb of it was half the cost of storing it.
alter table consignment alter column document type json;

drop policy feed on consignment;
create policy feed on consignment to portal_feed using (true) with check (feed_may(checkpoint));
drop policy feed on pending;
create policy feed on pending to portal_feed using (true) with check (feed_may(checkpoint));

-- The archive. Consignments whose clearance ended long ago leave the busy
-- tables; their traders can still open them. archived is the narrow way in and
-- keeps the feed from storing an old line as if it were news;
-- archive_document has one partition for each month in which clearance ended.
create table archived (
  registration text collate "C" primary key,
  revision     bigint not null,
  digest       bytea not null,
  checkpoint   text not null,
  voen         text not null,
  month        date not null
);
create table archive_document (
  registration text collate "C" not null,
  month        date not null,
  voen         text not null,
  received_at  timestamptz not null,
  archived_at  timestamptz not null default now(),
  document     json not null,
  events       jsonb not null,   -- of consignment_event: revision, status, status_at, received_at
  primary key (registration, month)
) partition by range (month);

alter table archived enable row level security;
alter table archive_document enable row level security;
create policy own on archived for select to portal_app using (voen = (select session_voen()));
create policy own on archive_document for select to portal_app using (voen = (select session_voen()));
create policy feed on archived for select to portal_feed using (true);
grant select on archived, archive_document to portal_app;
grant select on archived to portal_feed;

-- A late line of an archived consignment leaves its event where all are.
create policy own_archived on consignment_event for select to portal_app
  using (exists (select from archived a where a.registration = consignment_event.registration));

create index consignment_finished on consignment (status_at) where not pending;

-- Makes the partition of a month. It is attached rather than created in place,
-- since that lets readers of the archive go on.
create function make_archive_partition(month date) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  name text := 'archive_document_' || to_char(month, 'YYYY_MM');
begin
  if to_regclass('public.' || name) is null then
    execute format('create table public.%I (like public.archive_document including defaults including constraints)', name);
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.archive_document attach partition public.%I for values from (%L) to (%L)',
      name, month, (month + interval '1 month')::date);
  end if;
end $$;

-- Moves at most "most" consignments whose clearance ended before "before" and
-- answers how many. Rows that the feed holds at this moment wait for the next
-- turn; readers wait for nothing. What is pending cannot be moved, nor
-- anything that ended in the last 30 days.
create function archive_consignments(before timestamptz, most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  chosen text[];
  m date;
begin
  if before > now() - interval '30 days' then
    raise exception 'consignments stay for at least 30 days after their clearance ended' using errcode = 'check_violation';
  end if;
  if not pg_try_advisory_xact_lock(hashtext('archive_consignments')) then
    return 0; -- another process is at it
  end if;
  select array_agg(registration) into chosen
    from (select registration from consignment
           where not pending and status_at < before
           order by status_at limit most
             for update skip locked) c;
  if chosen is null then
    return 0;
  end if;
  for m in select distinct date_trunc('month', status_at at time zone 'UTC')::date
             from consignment where registration = any(chosen) loop
    perform make_archive_partition(m);
  end loop;
  -- What was archived before and came back is archived anew, with the events
  -- of both lives.
  with gone as (
    delete from consignment where registration = any(chosen) returning *
  ), former as (
    delete from archive_document where registration = any(chosen) returning registration, events
  ), events as (
    delete from consignment_event where registration = any(chosen)
    returning registration, jsonb_build_object('revision', revision, 'status', status, 'status_at', status_at, 'received_at', received_at) as event
  ), history as (
    select registration, jsonb_agg(event order by (event->>'revision')::bigint) as events
      from (select registration, event from events
            union
            select registration, jsonb_array_elements(former.events) from former) e
     group by registration
  ), kept as (
    insert into archive_document (registration, month, voen, received_at, document, events)
    select g.registration, date_trunc('month', g.status_at at time zone 'UTC')::date, g.voen, g.received_at, g.document,
           coalesce(h.events, '[]')
      from gone g left join history h on h.registration = g.registration
  )
  insert into archived as a (registration, revision, digest, checkpoint, voen, month)
  select registration, revision, digest, checkpoint, voen, date_trunc('month', status_at at time zone 'UTC')::date from gone
  on conflict (registration) do update
     set revision = excluded.revision, digest = excluded.digest, checkpoint = excluded.checkpoint,
         voen = excluded.voen, month = excluded.month;
  return cardinality(chosen);
end $$;
grant execute on function archive_consignments(timestamptz, integer) to portal_feed;
