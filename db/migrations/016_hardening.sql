-- Rights narrowed further.

-- A text to sign serves one sign-in, and until then a few attempts: a signature
-- that does not hold leaves it to its browser. Attempts are counted before they
-- are looked at, so that many at once are no more than that, and what has
-- happened to a text stays.
alter table challenge add column attempts smallint not null default 0 check (attempts between 0 and 5);
grant update (attempts) on challenge to portal_app;
create function challenge_moves_on() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.used_at is not null or new.attempts < old.attempts then
    raise exception 'the challenge was used' using errcode = 'check_violation';
  end if;
  return new;
end $$;
revoke all on function challenge_moves_on() from public;
create trigger moves_on before update of used_at, attempts on challenge for each row execute function challenge_moves_on();

-- Attempts to sign in are deleted by age, 30 days at the least: the caller may
-- not make what happened lately unhappened.
create function sweep_sign_in_attempts(older_than interval) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  n bigint;
begin
  if older_than is null or older_than < interval '30 days' then
    raise exception 'attempts to sign in are kept for at least 30 days' using errcode = 'check_violation';
  end if;
  delete from sign_in_attempt where at < now() - older_than;
  get diagnostics n = row_count;
  return n;
end $$;
revoke all on function sweep_sign_in_attempts(interval) from public;
grant execute on function sweep_sign_in_attempts(interval) to portal_app;
