-- What supervision sees (REG 3.4): the register by time, counters that cost the
-- same on a register of any size, how much waits at each checkpoint, and the
-- portal's own request that proves each minute that answers come about.

create index register_entry_at on register_entry (at, id);
create index register_entry_failed on register_entry (at, id) where outcome = 'failed';
create index register_entry_staff on register_entry (actor, at, id) where actor <> 'trader';
create index register_entry_case on register_entry (case_id) where case_id is not null;
create index register_checkpoint_sealed on register_checkpoint (sealed_at, size);

-- Entries by hour and by processing time. A bucket holds times that differ by
-- less than 4.5 percent: 16 · log2(microseconds + 1), rounded down.
create table register_hour (
  hour    timestamptz not null,
  actor   text not null,
  channel text not null,
  action  text not null,
  outcome text not null,
  bucket  smallint not null,
  n       bigint not null check (n > 0),
  primary key (hour, actor, channel, action, outcome, bucket)
);
-- Up to which entry they are counted, and when that was found out.
create table register_counted (
  single boolean primary key default true check (single),
  upto   bigint not null,
  at     timestamptz not null
);
insert into register_counted (upto, at) values (0, now());

-- Counts the entries that were not counted yet, at most 200,000, and answers how
-- many ids that took; null: another process is at it, or a write of an earlier
-- id is still under way, and the next turn will do. An entry is counted once and
-- none is left out: it waits, like the sealer, until every transaction that was
-- writing when the last id was read has ended.
create function count_register() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  done bigint;
  last bigint;
  seen timestamptz := clock_timestamp();
  busy text[];
begin
  if not pg_try_advisory_xact_lock(hashtext('count_register')) then
    return null;
  end if;
  select upto into done from register_counted;
  select id into last from register_entry order by id desc limit 1;
  if last is null or last <= done then
    update register_counted set at = seen;
    return 0;
  end if;
  if last > done + 200000 then
    last := done + 200000;
    select least(seen, min(e.at)) into seen from (select at from register_entry where id > last order by id limit 1) e;
  end if;
  select coalesce(array_agg(distinct virtualtransaction), '{}') into busy
    from pg_locks
   where locktype = 'relation' and relation = 'register_entry'::regclass and granted
     and database = (select oid from pg_database where datname = current_database())
     and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
     and pid is distinct from pg_backend_pid();
  for turn in 1..50 loop
    exit when cardinality(busy) = 0;
    perform pg_sleep(0.02);
    select coalesce(array_agg(distinct virtualtransaction), '{}') into busy from pg_locks
     where locktype = 'relation' and relation = 'register_entry'::regclass and virtualtransaction = any (busy);
  end loop;
  if cardinality(busy) > 0 then
    return null;
  end if;
  insert into register_hour as h (hour, actor, channel, action, outcome, bucket, n)
  select date_trunc('hour', e.at), e.actor, e.channel, e.action, e.outcome,
         floor(16 * ln((e.elapsed_us + 1)::float8) / ln(2::float8)), count(*)
    from register_entry e where e.id > done and e.id <= last
   group by 1, 2, 3, 4, 5, 6
  on conflict (hour, actor, channel, action, outcome, bucket) do update set n = h.n + excluded.n;
  update register_counted set upto = last, at = seen;
  return last - done;
end $$;

-- What waits at each checkpoint: the newest look of each hour, and the most
-- that any look of the hour saw.
create table checkpoint_hour (
  hour       timestamptz not null,
  checkpoint text not null,
  at         timestamptz not null,       -- of the look
  pending    bigint not null,
  most       bigint not null,
  oldest_at  timestamptz,                -- when the oldest pending registration was made
  as_of      timestamptz,                -- of the feed, by the checkpoint's own heartbeat
  silent     interval not null,          -- the longest that the feed was behind at a look
  primary key (hour, checkpoint)
);

-- Looks, unless somebody has within 50 seconds; answers whether it did.
create function look_at_checkpoints() returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtext('look_at_checkpoints'))
     or exists (select from checkpoint_hour where hour >= date_trunc('hour', now()) - interval '1 hour' and at > now() - interval '50 seconds') then
    return false;
  end if;
  insert into checkpoint_hour as h (hour, checkpoint, at, pending, most, oldest_at, as_of, silent)
  select date_trunc('hour', now()), code, now(), coalesce(p.n, 0), coalesce(p.n, 0), p.oldest, c.as_of,
         coalesce(greatest(now() - coalesce(c.as_of, c.received_at), interval '0'), interval '0')
    from checkpoint c
    full join (select checkpoint as code, count(*) as n, min(registered_at) as oldest from pending group by checkpoint) p using (code)
  on conflict (hour, checkpoint) do update
     set at = excluded.at, pending = excluded.pending, most = greatest(h.most, excluded.most),
         oldest_at = excluded.oldest_at, as_of = excluded.as_of, silent = greatest(h.silent, excluded.silent);
  return true;
end $$;

-- The portal's own request. It comes in a session of its own kind, under a
-- number that no taxpayer has and no certificate can name; that session sees
-- nothing at all, since to every policy it has no number.
alter table session add constraint session_system check ((voen = '0000000000') = (method = 'system'));
create or replace function session_voen() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select nullif(voen, '0000000000') from current_session() $$;

-- An entry about nobody in the name of the system is one of that session: no
-- look at a trader's goods can be hidden so.
create function check_system_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not exists (select from session s where s.id = new.session_id and s.method = 'system') then
    raise exception 'the entry does not come from the portal itself' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger system_entry before insert on register_entry for each row
  when (new.actor = 'system' and new.subject is null) execute function check_system_entry();
create index register_entry_system on register_entry (at) where actor = 'system' and subject is null;

-- How the newest of these requests went, and when one went well last.
create function last_probe(out at timestamptz, out outcome text, out elapsed_us bigint, out good_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select e.at, e.outcome, e.elapsed_us,
         (select g.at from register_entry g where g.actor = 'system' and g.subject is null and g.outcome in ('answered', 'nothing_pending')
           order by g.at desc limit 1)
    from (select 1) one left join lateral (
      select at, outcome, elapsed_us from register_entry where actor = 'system' and subject is null order by at desc limit 1) e on true
$$;

-- By which methods people signed in since a time.
create function supervised_sign_ins(since timestamptz) returns table (method text, n bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select a.method, count(*) from sign_in_attempt a
   where (select staff_role()) = 'supervisor' and a.at >= since and a.outcome = 'signed_in'
   group by a.method order by 2 desc, 1
$$;

-- By which method the session of an entry began, as long as that is known.
create function supervised_method(of_session uuid) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select s.method from session s where s.id = of_session and (select staff_role()) = 'supervisor' $$;

revoke all on function count_register(), look_at_checkpoints(), check_system_entry(), last_probe(), supervised_sign_ins(timestamptz),
  supervised_method(uuid) from public;
grant execute on function count_register(), look_at_checkpoints(), last_probe() to portal_app;
grant execute on function last_probe(), supervised_sign_ins(timestamptz), supervised_method(uuid) to portal_supervision;

-- Supervision reads all of it, and nobody else does.
alter table register_hour enable row level security;
alter table register_counted enable row level security;
alter table checkpoint_hour enable row level security;
create policy supervisor on register_entry for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on register_hour for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on register_counted for select to portal_supervision using ((select staff_role()) = 'supervisor');
create policy supervisor on checkpoint_hour for select to portal_supervision using ((select staff_role()) = 'supervisor');
grant select on register_entry, register_hour, register_counted, checkpoint_hour, checkpoint, sender, register_checkpoint, register_tile
  to portal_supervision;
