-- A standby cannot note that a session is used. There a session that was alive
-- when the newest transaction that it has was committed is one still, until its
-- end in any case; how long it has not been used is known by who serves it
-- (db/standby_use.go), which asks for no more than this shows.
create or replace view signed_in with (security_barrier) as
select s.*
  from session s
 where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
   and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
   and s.ended_at is null
   and now() < s.expires_at
   and case when pg_is_in_recovery() then coalesce(pg_last_xact_replay_timestamp(), now()) else now() end < s.seen_at + s.idle;
