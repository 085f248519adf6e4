-- A standby cannot note that a session is used. There how long it has not been
-- used is known by who serves it (db/standby_use.go), and this view shows every
-- session that has not ended.
create or replace view signed_in with (security_barrier) as
select s.*
  from session s
 where s.id = split_part(current_setting('portal.session'), ' ', 1)::uuid
   and s.secret_hash = decode(split_part(current_setting('portal.session'), ' ', 2), 'hex')
   and s.ended_at is null
   and now() < s.expires_at
   and (now() < s.seen_at + s.idle or pg_is_in_recovery());
