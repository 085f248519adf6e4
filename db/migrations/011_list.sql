-- How long clearance takes at each checkpoint: one row for each at which
-- anything was completed in the last 28 days. Traders see it of all traders
-- together, so fewer than five registrations tell nothing.
create table checkpoint_time (
  checkpoint  text primary key,
  completed   integer not null check (completed > 0),
  median      interval,                 -- from registration to completion
  p90         interval,
  measured_at timestamptz not null default now(),
  check ((completed >= 5) = (median is not null)),
  check ((median is null) = (p90 is null))
);
grant select on checkpoint_time to portal_app;

-- Measures anew, unless it was done a short time ago or is being done: several
-- programs sweep. Completion is the first event of a status that ends
-- clearance. The archive takes nothing that ended in the last 30 days, so
-- whatever counts is here; what was completed and archived before counts no more.
create function measure_checkpoint_times() returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtext('measure_checkpoint_times'))
     or exists (select from checkpoint_time where measured_at > now() - interval '50 minutes') then
    return false;
  end if;
  delete from checkpoint_time;
  insert into checkpoint_time (checkpoint, completed, median, p90)
  select checkpoint, count(*),
         case when count(*) >= 5 then percentile_cont(0.5) within group (order by took) end,
         case when count(*) >= 5 then percentile_cont(0.9) within group (order by took) end
    from (select c.checkpoint, e.ended - c.registered_at as took
            from consignment c
            cross join lateral (select min(status_at) as ended
                                  from consignment_event e
                                 where e.registration = c.registration
                                   and e.status in ('released', 're_exported', 'completed')) e
           where not c.pending and c.status_at >= now() - interval '28 days'
             and e.ended between greatest(c.registered_at, now() - interval '28 days') and now()) t
   group by checkpoint;
  return true;
end $$;
grant execute on function measure_checkpoint_times() to portal_app;
