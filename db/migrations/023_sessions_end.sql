-- An open page is told at once when its session ends, and need not be asked
-- about before each word that is said to it: whoever listens hears of every
-- session that ends, or that will end sooner than its row said, before anything
-- that happens later. The notice names the session and none of its secrets.
create function tell_session_end() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_notify('sessions', old.id::text);
  return null;
end $$;
revoke all on function tell_session_end() from public;
create trigger session_ends after update on session for each row
  when (new.ended_at is not null and old.ended_at is null
    or new.secret_hash <> old.secret_hash
    or least(new.expires_at, new.seen_at + new.idle) < least(old.expires_at, old.seen_at + old.idle))
  execute function tell_session_end();
create trigger session_goes after delete on session for each row
  when (old.ended_at is null and old.expires_at > now())
  execute function tell_session_end();

-- Of each value of portal.session, in order, how long its session lives if
-- nothing more is asked with it; 0: it does not. Pages that only wait for news
-- are asked about together.
create function sessions_left(settings text[]) returns setof interval
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  setting text;
begin
  foreach setting in array settings loop
    if setting = '' then
      return next interval '0';
    else
      perform set_config('portal.session', setting, true);
      return next coalesce((select least(expires_at, seen_at + idle) - now() from signed_in), interval '0');
    end if;
  end loop;
  perform set_config('portal.session', '', true);
end $$;
revoke all on function sessions_left(text[]) from public;
grant execute on function sessions_left(text[]) to portal_app;
drop function alive_sessions(text[]);
