-- Entries of answers that were given from a standby while the primary was gone
-- (db/journal.go): they come later than the answers, with the time of these. A
-- key for each lets the register take it once, and the row tells for ever that
-- the entry came late, and when.
create table register_late (
  key      uuid primary key,
  entry    bigint not null unique,
  taken_at timestamptz not null default clock_timestamp()
);
create trigger keep before update or delete or truncate on register_late for each statement execute function keep_register();
alter table register_late enable row level security;
create policy supervisor on register_late for select to portal_supervision using ((select staff_role()) = 'supervisor');
grant select on register_late to portal_supervision;

-- Takes entries as the journal holds them. What can be written so is only what
-- is answered from a standby: a trader's look at goods, not older than a month.
create function take_late_entries(entries jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  e record;
  n bigint;
begin
  perform pg_advisory_xact_lock(hashtext('take_late_entries')); -- a try that was given up may still be at it
  for e in
    select * from jsonb_to_recordset(entries) as t (
      key uuid, at timestamptz, request_id uuid, channel text, actor text, session_id uuid, subject text, action text, asked text,
      outcome text, results integer, elapsed_us bigint)
  loop
    continue when exists (select from register_late l where l.key = e.key);
    if (e.channel = 'web' and e.actor = 'trader' and e.action in ('goods.list', 'goods.detail') and e.outcome in ('answered', 'nothing_pending')
        and e.at >= now() - interval '31 days') is not true then
      raise exception 'the register does not take such an entry late' using errcode = 'check_violation';
    end if;
    insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
    values (least(e.at, clock_timestamp()), e.request_id, e.channel, e.actor, e.session_id, e.subject, e.action, e.asked, e.outcome, e.results, e.elapsed_us)
    returning id into n;
    insert into register_late (key, entry) values (e.key, n);
  end loop;
end $$;
revoke execute on function take_late_entries(jsonb) from public;
grant execute on function take_late_entries(jsonb) to portal_app;
