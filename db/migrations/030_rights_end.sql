-- When the right to act for a taxpayer ends that somebody has today, by the
-- list of representatives: a representative's at the end of the last day, also
-- over lines that follow each other; that of a certificate's holder at the
-- beginning of the day from which the list withdraws it. infinity: no end is
-- known; null: there is no such right.
create function right_ends(who text, taxpayer text, source text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, public, pg_temp
as $$
declare
  last date; -- the day that is the first without it
begin
  if source = 'representative' then
    if taxpayer not in (select r.voen from representations(who) r) then
      return null;
    end if;
    select upper(days) into last
      from unnest((select range_agg(daterange(r.from_day, r.to_day, '[]')) from representative r
                    where r.pin = who and r.voen = taxpayer and r.access)) days
     where days @> baku_today();
  else
    if exists (select from barred(who, array[taxpayer])) then
      return null;
    end if;
    select min(r.from_day) into last from representative r
     where who <> '' and r.pin = who and r.voen = taxpayer and not r.access and r.from_day > baku_today();
  end if;
  return coalesce((date_trunc('day', now() at time zone 'Asia/Baku') + make_interval(days => last - baku_today())) at time zone 'Asia/Baku', 'infinity');
end $$;
revoke all on function right_ends(text, text, text) from public;

-- The list is replaced by one at a time, and whoever begins what stands on it
-- waits meanwhile: what is asked in a statement of its own afterwards is asked of
-- the new list, and what began before is seen by whoever replaces it.
create function hold_representatives() returns void
language sql volatile set search_path = pg_catalog
as $$ select pg_advisory_xact_lock_shared(hashtext('representative')) $$;
create function take_representatives() returns void
language sql volatile set search_path = pg_catalog
as $$ select pg_advisory_xact_lock(hashtext('representative')) $$;
revoke all on function hold_representatives(), take_representatives() from public;

-- No session lives longer than the right that it stands on, whoever is asked
-- for its goods meanwhile. The session's row is written before its companies.
create function end_session_with_right() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform hold_representatives();
  update session s set expires_at = least(s.expires_at, coalesce(right_ends(s.pin, s.voen, new.source), now()))
   where s.id = new.session_id and s.voen = new.voen;
  return null;
end $$;
revoke all on function end_session_with_right() from public;
create trigger ends_with_right after insert on session_company for each row execute function end_session_with_right();

-- Ends the sessions that stand on a representation which the list no longer
-- holds, and cuts short those whose last day it has brought forward; so too the
-- codes for help by telephone, whose session may have ended before them.
create or replace function end_lost_representations() returns bigint
language sql volatile set search_path = pg_catalog, public, pg_temp
as $$
  with held as (
    select s.id, coalesce(right_ends(s.pin, s.voen, c.source), '-infinity') as until
      from session s join session_company c on c.session_id = s.id and c.voen = s.voen
     where s.ended_at is null and s.expires_at > now()
        or s.id in (select a.made_by_session from access_code a where a.expires_at > now() and a.used_at is null)
  ), codes as (
    update access_code a set expires_at = greatest(h.until, now()) from held h
     where a.made_by_session = h.id and a.used_at is null and a.expires_at > greatest(h.until, now())
  ), shortened as (
    update session s set expires_at = h.until from held h
     where s.id = h.id and s.ended_at is null and h.until > now() and h.until < s.expires_at
  ), ended as (
    update session s set ended_at = now() from held h
     where s.id = h.id and s.ended_at is null and s.expires_at > now() and h.until <= now() returning 1
  )
  select count(*) from ended
$$;
do $$ begin perform end_lost_representations(); end $$;

-- A new code of the trader whose session the transaction speaks for, which does
-- not outlive the right of who made it; answers until when it is good, null
-- without a session.
create or replace function make_access_code(hash bytea) returns timestamptz
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  good timestamptz;
begin
  perform hold_representatives();
  insert into access_code (voen, code_hash, made_by_session, expires_at)
  select s.voen, hash, s.id, least(now() + interval '10 minutes', s.expires_at) from current_session() s
  returning expires_at into good;
  return good;
end $$;

-- Whether who added an address may still act for its taxpayer.
create function mail_address_right(a mail_address) returns boolean
language sql stable set search_path = pg_catalog, public, pg_temp
as $$ select right_ends(a.pin, a.voen, case when a.by_representation then 'representative' else 'certificate' end) is not null $$;
revoke all on function mail_address_right(mail_address) from public;

-- Whether a mail that is on its way may go on: its address is confirmed, or
-- about to be, and not stopped, and who added it may still act for the taxpayer.
-- If not the mail is withdrawn; if the right is lost the address is stopped,
-- unless somebody is changing it at this moment.
create function mail_may_go(which uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  a mail_address;
  confirms boolean;
  lost boolean;
begin
  select o.kind = 'confirm' into confirms from mail_outbox o where o.id = which;
  select x.* into a from mail_outbox o join mail_address x on x.id = o.address where o.id = which;
  lost := not mail_address_right(a);
  if a.stopped_at is null and (confirms or a.confirmed_at is not null) and not lost then
    return true;
  end if;
  update mail_outbox set state = 'withdrawn', ended_at = now() where id = which and state in ('waiting', 'claimed');
  if lost then
    perform from mail_address x where x.id = a.id for no key update skip locked;
    if found then
      update mail_address x set stopped_at = now(), stopped_for = 'right' where x.id = a.id and x.stopped_at is null;
    end if;
  end if;
  return false;
end $$;
revoke all on function mail_may_go(uuid) from public;
grant execute on function mail_may_go(uuid) to portal_mail;

-- What a link in a mail is about, for whoever has the link; no row if it is
-- not, or no longer, good. Nobody confirms for a taxpayer for whom they may not
-- act any more; everybody may stop.
create or replace function mail_link(token_hash bytea, token text) returns table (id uuid, voen text, address text, lang text, stops boolean, stopped boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select a.id, a.voen, a.address, a.lang, a.stop_token = token, a.stopped_at is not null
    from mail_address a
   where a.stop_token = token
      or a.stopped_at is null and a.id = (select c.address from mail_confirmation c where c.hash = token_hash and c.expires_at > now())
         and mail_address_right(a)
$$;

-- Confirms the address that a token was sent to; once.
create or replace function confirm_mail_address(token_hash bytea) returns table (id uuid, voen text)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  which uuid;
begin
  delete from mail_confirmation c where c.hash = token_hash and c.expires_at > now() returning c.address into which;
  delete from mail_confirmation c where c.address = which;
  return query
    update mail_address a set confirmed_at = now(), failing_at = null, failures = 0
     where a.id = which and a.stopped_at is null and mail_address_right(a) returning a.id, a.voen;
end $$;
