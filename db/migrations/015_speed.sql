-- What keeps a page's cost flat however much a trader has pending, and a
-- search quick.
--
-- A trader with some hundred consignments is served by reading them. One with
-- tens of thousands is not, and what serves them would cost the feed dearly if
-- it were kept for everybody. So a row is bulk when it comes while its trader
-- has many at its checkpoint already: only bulk rows are counted in advance and
-- indexed for search, and of the others a trader never has many. What a page
-- says does not depend on it.
alter table pending add column bulk boolean not null default false;

-- A filter is looked at in the index: only what it lets through is fetched.
drop index pending_list;
create index pending_list on pending (voen, checkpoint, registered_at desc, registration, status, next_who, mode);

-- What is counted one by one, close together.
create index pending_single on pending (voen, checkpoint) include (status, next_who, mode, packages, gross_mass) where not bulk;

-- How many bulk rows of a trader are alike in what the list counts and filters
-- by. The checkpoint is part of the key, so that the senders of two checkpoints
-- never wait for each other here.
create table pending_count (
  voen       text not null,
  checkpoint text not null,
  status     text not null,
  next_who   text not null,
  mode       smallint not null,
  count      integer not null,
  packages   numeric not null, -- sums of what is given; numeric: absurd masses must not stop a feed
  packed     integer not null, -- of how many consignments packages is the sum
  gross_mass numeric not null, -- grams
  weighed    integer not null,
  primary key (voen, checkpoint, status, next_who, mode)
) with (fillfactor = 80);
alter table pending_count enable row level security;
create policy own on pending_count for select to portal_app using (voen = (select session_voen()));
create policy by_case on pending_count for select to portal_assist using (voen = (select case_voen()));
create policy program on pending_count for select to portal_api using (voen = (select token_voen()));
create policy feed on pending_count for select to portal_feed using (true);
grant select on pending_count to portal_app, portal_assist, portal_api, portal_feed;

-- Adds and takes away what a statement changed in pending, whoever changed it,
-- in the same transaction.
create function count_pending() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  changed text := case tg_op
    when 'INSERT' then 'select 1 as n, * from added where bulk'
    when 'DELETE' then 'select -1 as n, * from removed where bulk'
    else 'select 1 as n, * from added where bulk union all select -1, * from removed where bulk' end;
begin
  execute '
    insert into pending_count as c (voen, checkpoint, status, next_who, mode, count, packages, packed, gross_mass, weighed)
    select voen, checkpoint, status, next_who, mode, sum(n), coalesce(sum(n * packages::numeric), 0), coalesce(sum(n) filter (where packages is not null), 0),
           coalesce(sum(n * gross_mass::numeric), 0), coalesce(sum(n) filter (where gross_mass is not null), 0)
      from (' || changed || ') t
     group by voen, checkpoint, status, next_who, mode
     order by voen, checkpoint, status, next_who, mode
    on conflict (voen, checkpoint, status, next_who, mode) do update
       set count = c.count + excluded.count, packages = c.packages + excluded.packages, packed = c.packed + excluded.packed,
           gross_mass = c.gross_mass + excluded.gross_mass, weighed = c.weighed + excluded.weighed';
  if tg_op <> 'INSERT' then
    delete from pending_count c using (select distinct voen, checkpoint from removed where bulk) r
     where c.voen = r.voen and c.checkpoint = r.checkpoint and c.count = 0;
  end if;
  return null;
end $$;
create trigger count_added after insert on pending
  referencing new table as added for each statement execute function count_pending();
create trigger count_changed after update on pending
  referencing new table as added old table as removed for each statement execute function count_pending();
create trigger count_removed after delete on pending
  referencing old table as removed for each statement execute function count_pending();

-- Search looks for parts of words: the index holds every three letters in a row.
create extension pg_trgm;
create extension btree_gin;
create index pending_search on pending using gin (voen, search gin_trgm_ops) where bulk;
-- Comparing a word with what statistics hold of so long a text would cost the
-- planner more than the search.
alter table pending alter column search set statistics 0;

-- The trader's pending consignments in which every word is found, or, if near,
-- something like it. Words are folded as the column search is. It reads as the
-- owner, since row-level security lets no index help with LIKE, and therefore
-- asks itself whose goods to look through, as the policies do. It is planned anew each
-- time: whether the index helps depends on the trader and the word. The planner
-- cannot know that who has much has little that is not bulk, hence no table is
-- ever read as a whole.
create function find_pending(words text[], near boolean) returns setof pending
language plpgsql stable security definer set enable_seqscan = off set search_path = pg_catalog, public, pg_temp
as $$
declare
  mine text := case current_setting('role')
    when 'portal_app' then session_voen() when 'portal_assist' then case_voen() when 'portal_api' then token_voen() end;
  word text;
  by_index text := '';
  by_row text := '';
begin
  foreach word in array words loop
    if near then
      by_index := by_index || format(' and %L <%% search', word);
      by_row := by_index;
    else
      by_index := by_index || format(' and search like %L', '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%');
      by_row := by_row || format(' and strpos(search, %L) > 0', word);
    end if;
  end loop;
  return query execute format('
    select * from pending where voen = %1$L and bulk %2$s
    union all
    select * from pending where voen = %1$L and not bulk %3$s', mine, by_index, by_row);
end $$;
grant execute on function find_pending(text[], boolean) to portal_app, portal_assist, portal_api;

-- Of each value of portal.session, in order, whether it is that of a live
-- session. Pages that only wait for news are asked about together.
create function alive_sessions(settings text[]) returns setof boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  setting text;
begin
  foreach setting in array settings loop
    if setting = '' then
      return next false;
    else
      perform set_config('portal.session', setting, true);
      return next exists (select from current_session());
    end if;
  end loop;
  perform set_config('portal.session', '', true);
end $$;
grant execute on function alive_sessions(text[]) to portal_app;

-- Whose goods a page shows is asked several times on each. A function in SQL is
-- parsed and planned anew in every statement that calls it; one in PL/pgSQL
-- keeps its plan with the connection and costs a quarter. They say the same as
-- before.
create or replace function current_session() returns setof session
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    select s.*
      from session s
     where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
       and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
       and s.ended_at is null
       and now() < s.expires_at
       and now() < s.seen_at + s.idle;
end $$;
create or replace function session_voen() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (select nullif(voen, '0000000000') from current_session());
end $$;
