-- The register of requests (REG 3.4.1): one entry for each answered request,
-- durable before the first byte of the answer leaves. The serving role can add
-- and read, never change or remove.
create table register_entry (
  id         bigint generated always as identity,
  at         timestamptz not null default clock_timestamp(),
  request_id uuid not null,
  channel    text not null,            -- web, api, …
  actor      text not null,            -- role: trader, operator, …
  session_id uuid not null,
  subject    text not null check (subject ~ '^[0-9]{10}$'), -- whose data
  action     text not null,            -- goods.list, goods.detail, …
  asked      text not null,            -- path and query
  outcome    text not null check (outcome in ('answered', 'nothing_pending', 'not_found', 'failed')),
  results    integer not null,         -- consignments in the whole answer
  elapsed_us bigint not null,          -- processing time, microseconds
  primary key (id, at)
) partition by range (at);
create index register_entry_subject on register_entry (subject, at desc);
create index register_entry_request on register_entry (request_id);

-- Partitions are calendar months in UTC. A default partition takes what no
-- month was made for, so that an entry is never refused for want of one.
create table register_entry_default partition of register_entry default;

create function make_register_partitions() returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  first date;
begin
  perform pg_advisory_xact_lock(hashtext('make_register_partitions')); -- several programs sweep at once
  for n in 0..2 loop
    first := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => n))::date;
    if to_regclass(format('public.register_entry_%s', to_char(first, 'YYYY_MM'))) is null
       and not exists (select from register_entry_default
                        where at >= first::timestamp at time zone 'UTC'
                          and at < (first + interval '1 month') at time zone 'UTC') then
      execute format('create table public.register_entry_%s partition of public.register_entry for values from (%L) to (%L)',
        to_char(first, 'YYYY_MM'),
        first::timestamp at time zone 'UTC',
        (first + interval '1 month') at time zone 'UTC');
    end if;
  end loop;
end $$;
select make_register_partitions();

alter table register_entry enable row level security;
create policy add on register_entry for insert to portal_app with check (true);
create policy own on register_entry for select to portal_app using (subject = (select session_voen()));
grant select, insert on register_entry to portal_app;
grant execute on function make_register_partitions() to portal_app;
