-- Notifications by e-mail and their outbox. The feed only notes what is new for
-- an address; a mailer gathers that into mails and sends them. No serving role
-- can read another trader's addresses, and none but the mailer's the outbox.
do $$
begin
  if not exists (select from pg_roles where rolname = 'portal_mail') then
    begin
      create role portal_mail nologin;
    exception when duplicate_object or unique_violation then
      null; -- made by another database of this cluster at this moment
    end;
  end if;
end $$;
grant usage on schema public to portal_mail;
grant select on schema_version to portal_mail;

-- Where a trader wants to be told. The address never changes: another one is
-- another row, so a confirmation is of this address and no other.
create table mail_address (
  id                uuid primary key default gen_random_uuid(),
  voen              text not null check (voen ~ '^[0-9]{10}$'),
  pin               text not null default '',     -- of who added it
  by_representation boolean not null,             -- and acts by the list of representatives only
  address           text not null check (length(address) <= 254 and address ~ '^[!#-''*+\-/-9=?A-Z^-~.]{1,64}@[a-z0-9.-]{3,253}$'),
  lang              text not null check (lang in ('az', 'en')),
  events            text[] not null check (cardinality(events) between 1 and 4 and events <@ array['registered', 'action', 'status', 'completed']),
  digest            smallint check (digest between 0 and 23), -- hour in Baku; null: at once
  stop_token        text not null unique default replace(gen_random_uuid()::text, '-', ''), -- of 122 random bits; can do nothing but stop
  created_at        timestamptz not null default now(),
  asked_at          timestamptz not null default now(), -- when a confirmation was last asked for
  confirmed_at      timestamptz,
  failing_at        timestamptz,                  -- since when nothing is sent because the mailbox refuses
  failures          smallint not null default 0,  -- refused mails in a row
  stopped_at        timestamptz,
  stopped_for       text check (stopped_for in ('link', 'right')), -- the mail's own link; who added it may not act any more
  sent_at           timestamptz,                  -- when the last mail was taken over
  tat               timestamptz not null default '-infinity', -- of the flood guard, see rate_limit
  check ((stopped_at is null) = (stopped_for is null))
);
create unique index mail_address_once on mail_address (voen, lower(address));
create index mail_address_told on mail_address (voen)
  where confirmed_at is not null and failing_at is null and stopped_at is null;

alter table mail_address enable row level security;
create policy own on mail_address for all to portal_app using (voen = (select session_voen())) with check (voen = (select session_voen()));
create policy feed on mail_address for select to portal_feed using (true);
create policy mail on mail_address to portal_mail using (true) with check (true);
grant select (id, voen, address, lang, events, digest, created_at, asked_at, confirmed_at, failing_at, stopped_at, stopped_for, sent_at),
      update (lang, events, digest), delete on mail_address to portal_app;
grant select (id, voen, events, digest, confirmed_at, failing_at, stopped_at) on mail_address to portal_feed;
grant select (id, address, lang, stop_token, voen, confirmed_at, failing_at, stopped_at) on mail_address to portal_mail;

-- Hashes of the tokens in confirmation mails; each attempt to send has its own.
create table mail_confirmation (
  hash       bytea primary key check (length(hash) = 32), -- SHA-256
  address    uuid not null references mail_address on delete cascade,
  expires_at timestamptz not null
);
create index mail_confirmation_address on mail_confirmation (address);
grant insert, select (expires_at) on mail_confirmation to portal_mail;

-- Mails. "claimed" has not begun to be told; "sending" may have been, from just
-- before the end of the text on.
create table mail_outbox (
  id         uuid primary key default gen_random_uuid(), -- and the Message-ID's left part
  address    uuid not null references mail_address on delete cascade,
  kind       text not null check (kind in ('confirm', 'news')),
  state      text not null default 'waiting' check (state in ('waiting', 'claimed', 'sending', 'sent', 'failed', 'unknown', 'withdrawn')),
  created_at timestamptz not null default now(),
  due_at     timestamptz not null default now(),
  attempts   smallint not null default 0,
  claim      uuid,                     -- of the mailer that has it
  lease      timestamptz,              -- until when
  ended_at   timestamptz,
  code       smallint,                 -- the last refusal's SMTP reply code
  check ((state in ('claimed', 'sending')) <= (claim is not null and lease is not null)),
  check ((state in ('sent', 'failed', 'unknown', 'withdrawn')) = (ended_at is not null))
);
create index mail_outbox_due on mail_outbox (due_at) where state = 'waiting';
create index mail_outbox_lease on mail_outbox (lease) where state in ('claimed', 'sending');
create index mail_outbox_address on mail_outbox (address);
create index mail_outbox_ended on mail_outbox (ended_at) where ended_at is not null;
create unique index mail_outbox_open on mail_outbox (address) where kind = 'news' and state in ('waiting', 'claimed', 'sending');
grant select on mail_outbox to portal_mail;
grant update (state, due_at, attempts, claim, lease, ended_at, code) on mail_outbox to portal_mail;

-- What has happened to a mail cannot be made unhappened: one that may have been
-- taken over is never sent again, whatever the program believes.
create function mail_moves_on() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.ended_at is not null
     or old.state = 'sending' and new.state = 'claimed'
     or old.state = 'sending' and new.state = 'waiting' and new.code is null then
    raise exception 'a mail does not go back from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger moves_on before update on mail_outbox for each row execute function mail_moves_on();

-- What is new for an address. No reference to the address: the feed must never
-- wait for, or fail by, somebody who removes one at this moment.
create table mail_item (
  id           bigint generated always as identity primary key,
  address      uuid not null,
  registration text collate "C" not null,
  kinds        text[] not null,
  status       text not null,
  at           timestamptz not null default now(),
  due_at       timestamptz not null,
  mail         uuid references mail_outbox on delete cascade,
  told         smallint not null default 0 -- in so many mails of which nobody knows whether they arrived
);
create index mail_item_due on mail_item (due_at) where mail is null;
create index mail_item_address on mail_item (address) where mail is null;
create index mail_item_mail on mail_item (mail) where mail is not null;
grant insert (address, registration, kinds, status, due_at) on mail_item to portal_feed;
grant select on mail_item to portal_mail;

-- When something new is due: now, or at the next such hour in Baku.
create function mail_due(digest smallint) returns timestamptz
language sql stable set search_path = pg_catalog
as $$
  select case when digest is null then now()
    else (date_trunc('day', now() at time zone 'Asia/Baku')
          + make_interval(hours => digest + case when extract(hour from now() at time zone 'Asia/Baku') >= digest then 24 else 0 end))
         at time zone 'Asia/Baku' end
$$;
grant execute on function mail_due(smallint) to portal_feed;

-- What waits is due when its address now says, and goes with its address.
create function mail_address_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    delete from mail_item where address = old.id and mail is null;
  elsif new.digest is distinct from old.digest then
    update mail_item set due_at = mail_due(new.digest) where address = new.id and mail is null;
  end if;
  return null;
end $$;
create trigger changes after update of digest or delete on mail_address for each row execute function mail_address_changes();

-- Adds an address for the trader of the session, and the mail that asks for its
-- confirmation. MA001: there are ten; MA002: it is there already.
create function add_mail_address(new_address text, new_lang text, new_events text[], new_digest smallint) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s record;
  made uuid;
begin
  select c.voen, c.pin, exists (select from session_company x where x.session_id = c.id and x.voen = c.voen and x.source = 'representative') as represents
    into s from current_session() c;
  if s.voen is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtext('mail_address'), hashtext(s.voen));
  if exists (select from mail_address a where a.voen = s.voen and lower(a.address) = lower(new_address)) then
    raise exception 'the address is there already' using errcode = 'MA002';
  end if;
  if (select count(*) from mail_address a where a.voen = s.voen) >= 10 then
    raise exception 'there are ten addresses' using errcode = 'MA001';
  end if;
  insert into mail_address (voen, pin, by_representation, address, lang, events, digest)
  values (s.voen, s.pin, s.represents, new_address, new_lang, new_events, new_digest) returning id into made;
  insert into mail_outbox (address, kind) values (made, 'confirm');
  return made;
end $$;

-- Asks again for the confirmation of an own address, also of one that refuses
-- mail or was stopped; until then nothing else is sent there.
create function ask_mail_address_again(which uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s record;
begin
  select c.voen, c.pin, exists (select from session_company x where x.session_id = c.id and x.voen = c.voen and x.source = 'representative') as represents
    into s from current_session() c;
  update mail_address set asked_at = now(), confirmed_at = null, failing_at = null, failures = 0, stopped_at = null, stopped_for = null,
         pin = s.pin, by_representation = s.represents
   where id = which and voen = s.voen and (confirmed_at is null or failing_at is not null or stopped_at is not null);
  if not found then
    return false;
  end if;
  delete from mail_confirmation where address = which;
  delete from mail_item where address = which and mail is null;
  update mail_outbox set state = 'withdrawn', ended_at = now() where address = which and state = 'waiting';
  insert into mail_outbox (address, kind) values (which, 'confirm');
  return true;
end $$;
grant execute on function add_mail_address(text, text, text[], smallint), ask_mail_address_again(uuid) to portal_app;

-- What a link in a mail is about, for whoever has the link; no row if it is
-- not, or no longer, good.
create function mail_link(token_hash bytea, token text) returns table (id uuid, voen text, address text, lang text, stops boolean, stopped boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select a.id, a.voen, a.address, a.lang, a.stop_token = token, a.stopped_at is not null
    from mail_address a
   where a.stop_token = token
      or a.stopped_at is null and a.id = (select c.address from mail_confirmation c where c.hash = token_hash and c.expires_at > now())
$$;

-- Confirms the address that a token was sent to; once.
create function confirm_mail_address(token_hash bytea) returns table (id uuid, voen text)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  which uuid;
begin
  delete from mail_confirmation c where c.hash = token_hash and c.expires_at > now() returning c.address into which;
  delete from mail_confirmation c where c.address = which;
  return query
    update mail_address a set confirmed_at = now(), failing_at = null, failures = 0
     where a.id = which and a.stopped_at is null returning a.id, a.voen;
end $$;

-- Stops a subscription; one that was stopped before is no error.
create function stop_mail_address(token text) returns table (id uuid, voen text)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update mail_address a set stopped_at = now(), stopped_for = 'link' where a.stop_token = token and a.stopped_at is null;
  delete from mail_item i using mail_address a where a.stop_token = token and i.address = a.id and i.mail is null;
  delete from mail_confirmation c using mail_address a where a.stop_token = token and c.address = a.id;
  update mail_outbox o set state = 'withdrawn', ended_at = now()
    from mail_address a where a.stop_token = token and o.address = a.id and o.state = 'waiting';
  return query select a.id, a.voen from mail_address a where a.stop_token = token;
end $$;
grant execute on function mail_link(bytea, text), confirm_mail_address(bytea), stop_mail_address(text) to portal_app;

-- Gathers what is due into mails, one open mail an address: what comes while it
-- waits goes with it. The flood guard lets "burst" mails through at once and
-- then one in "every"; what is over waits, and nothing is left out. Who added an
-- address must still be one who may act.
create function gather_mail(wait interval, every interval, burst integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  a record;
  m uuid;
  n integer := 0;
begin
  for a in
    select x.* from mail_address x
     where x.id in (select i.address from mail_item i where i.mail is null and i.due_at <= now() - wait limit 1000)
       for no key update skip locked
  loop
    if a.stopped_at is null and (a.by_representation and not exists (select from representations(a.pin) r where r.voen = a.voen)
                                 or exists (select from barred(a.pin, array[a.voen]))) then
      update mail_address set stopped_at = now(), stopped_for = 'right' where id = a.id;
      update mail_outbox set state = 'withdrawn', ended_at = now() where address = a.id and state = 'waiting';
      a.stopped_at := now();
    end if;
    if a.confirmed_at is null or a.failing_at is not null or a.stopped_at is not null then
      delete from mail_item where address = a.id and mail is null;
      continue;
    end if;
    select o.id into m from mail_outbox o where o.address = a.id and o.kind = 'news' and o.state = 'waiting' for update skip locked;
    if m is null then
      if exists (select from mail_outbox o where o.address = a.id and o.kind = 'news' and o.state in ('waiting', 'claimed', 'sending')) then
        continue; -- it is on its way; the rest goes with the next
      end if;
      if greatest(a.tat, now()) + every > now() + burst * every then
        update mail_item set due_at = a.tat - (burst - 1) * every where address = a.id and mail is null and due_at <= now();
        continue;
      end if;
      insert into mail_outbox (address, kind) values (a.id, 'news') returning id into m;
      update mail_address set tat = greatest(a.tat, now()) + every where id = a.id;
    end if;
    update mail_item set mail = m where address = a.id and mail is null;
    n := n + 1;
  end loop;
  return n;
end $$;

-- Ends a mail of which nobody knows whether it was taken over. The same mail is
-- never sent again; its news goes once more with a later one, which says so.
create function mail_unknown(which uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update mail_outbox set state = 'unknown', ended_at = now() where id = which and state = 'sending';
  if found then
    insert into mail_item (address, registration, kinds, status, at, due_at, told)
    select address, registration, kinds, status, at, now() + interval '10 minutes', told + 1
      from mail_item where mail = which and told < 2 order by id;
  end if;
end $$;

-- Takes mails back from mailers that ended with them.
create function expire_mail() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  o record;
  n integer := 0;
begin
  for o in select id, state from mail_outbox where state in ('claimed', 'sending') and lease < now() for update skip locked loop
    if o.state = 'claimed' then
      update mail_outbox set state = 'waiting', due_at = now() where id = o.id;
    else
      perform mail_unknown(o.id);
    end if;
    n := n + 1;
  end loop;
  return n;
end $$;

-- Notes how a mail ended for its address: taken over, or refused for good. The
-- address counts as failing when the mailbox itself is refused, or the third
-- mail in a row.
create function mail_ended(which uuid, refused boolean, mailbox boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update mail_address a
     set sent_at = case when refused then a.sent_at else now() end,
         failures = case when refused then least(a.failures + 1, 100) else 0 end,
         failing_at = case when refused and (mailbox or a.failures >= 2) then coalesce(a.failing_at, now()) else null end
    from mail_outbox o where o.id = which and a.id = o.address;
end $$;

-- Deletes what is no longer needed: addresses that nobody confirmed in a week,
-- and what became of mails a month ago.
create function sweep_mail() returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from mail_address where confirmed_at is null and stopped_at is null and asked_at < now() - interval '7 days';
  delete from mail_address where stopped_at < now() - interval '400 days';
  delete from mail_outbox where ended_at < now() - interval '30 days';
  delete from mail_confirmation where expires_at < now();
  delete from mail_item i where i.mail is null and i.at < now() - interval '1 hour'
     and not exists (select from mail_address a where a.id = i.address);
end $$;
grant execute on function gather_mail(interval, interval, integer), mail_unknown(uuid), expire_mail(), mail_ended(uuid, boolean, boolean) to portal_mail;
grant execute on function sweep_mail() to portal_app;
