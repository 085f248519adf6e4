-- The register as a verifiable log. Entry N is leaf N-1 of an RFC 6962 tree;
-- what a leaf says of a person is a salted commitment, so that the person's
-- data can be deleted and every proof stays valid.
do $$
begin
  if not exists (select from pg_roles where rolname = 'portal_sealer') then
    begin
      create role portal_sealer nologin;
    exception when duplicate_object or unique_violation then
      null; -- made by another database of this cluster at this moment
    end;
  end if;
end $$;
grant usage on schema public to portal_sealer;
grant select on schema_version to portal_sealer;

-- Three salts of 122 random bits: of subject, session_id and asked, in this
-- order. No writer can forget them, choose them, or choose id and time.
alter table register_entry
  add column case_id uuid,             -- the case under which staff looked, if any
  add column salts bytea default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
  add column commitments bytea,        -- in place of the personal data once that is deleted
  alter column session_id drop not null,
  alter column subject drop not null,
  alter column asked drop not null,
  add constraint register_entry_words check (channel ~ '^[a-z0-9_.-]{1,40}$' and actor ~ '^[a-z0-9_.-]{1,40}$' and action ~ '^[a-z0-9_.-]{1,40}$'),
  add constraint register_entry_numbers check (id > 0 and results >= 0 and elapsed_us >= 0),
  add constraint register_entry_open check (
    case when commitments is null
         then salts is not null and length(salts) = 48 and session_id is not null and asked is not null and (subject is not null or actor <> 'trader')
         else length(commitments) = 96 and salts is null and session_id is null and asked is null and subject is null end);

do $$
declare
  columns text;
begin
  select string_agg(quote_ident(attname), ', ') into columns
    from pg_attribute
   where attrelid = 'register_entry'::regclass and attnum > 0 and not attisdropped
     and attname not in ('id', 'at', 'salts', 'commitments');
  revoke insert on register_entry from portal_app;
  execute format('grant insert (%s) on register_entry to portal_app', columns);
end $$;

create function register_commitments(salts bytea, subject text, session_id uuid, asked text) returns bytea
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select sha256(substr(salts, 1, 16) || convert_to(coalesce(subject, ''), 'UTF8'))
      || sha256(substr(salts, 17, 16) || convert_to(coalesce(session_id::text, ''), 'UTF8'))
      || sha256(substr(salts, 33, 16) || convert_to(coalesce(asked, ''), 'UTF8'))
$$;

-- An entry can change in one way only: its personal data gives way to the
-- commitments that the log already holds.
create function keep_register_entry() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  kept register_entry := old;
begin
  if tg_op = 'UPDATE' and old.salts is not null then
    kept.commitments := register_commitments(old.salts, old.subject, old.session_id, old.asked);
    kept.salts := null;
    kept.subject := null;
    kept.session_id := null;
    kept.asked := null;
    if new is not distinct from kept then
      return new;
    end if;
  end if;
  raise exception 'entries of the register are never changed or removed' using errcode = 'insufficient_privilege';
end $$;
create trigger keep before update or delete on register_entry for each row execute function keep_register_entry();

create function keep_register() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$ begin raise exception 'the register is never changed or removed' using errcode = 'insufficient_privilege'; end $$;
create trigger keep_all before truncate on register_entry for each statement execute function keep_register();

-- The tree, in tiles of 256 hashes (C2SP tlog-tiles): hash I of tile N at
-- level L covers 256^L leaves. Tiles only grow.
create table register_tile (
  level  smallint not null check (level between 0 and 7),
  n      bigint not null check (n >= 0),
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0),
  primary key (level, n)
);
alter table register_tile alter column hashes set storage external; -- hashes do not compress

create function grow_register_tile() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.level, new.n) = (old.level, old.n) and substr(new.hashes, 1, length(old.hashes)) = old.hashes then
    return new;
  end if;
  raise exception 'the tree of the register only grows' using errcode = 'insufficient_privilege';
end $$;
create trigger grow before update on register_tile for each row execute function grow_register_tile();
create trigger keep before delete or truncate on register_tile for each statement execute function keep_register();

-- Signed heads of the tree (C2SP tlog-checkpoint).
create table register_checkpoint (
  size      bigint primary key check (size > 0), -- leaves, so also the last sealed entry's id
  root      bytea not null check (length(root) = 32),
  note      text not null,                       -- with its signatures
  sealed_at timestamptz not null default clock_timestamp()
);
create trigger keep before update or delete or truncate on register_checkpoint for each statement execute function keep_register();

grant select on register_tile, register_checkpoint to portal_sealer;
grant insert, update (hashes) on register_tile to portal_sealer;
grant insert (size, root, note) on register_checkpoint to portal_sealer;
grant select on register_tile, register_checkpoint to portal_app; -- nothing personal in them

-- What the leaves of entries say, from the first id on: nothing personal. The
-- sealer seals from this, so that no serving process reads other people's data;
-- a page may show one to whoever knows its leaf's hash.
create function register_leaves(first_id bigint, at_most integer)
returns table (id bigint, at timestamptz, request_id uuid, channel text, actor text, case_id uuid, action text,
               outcome text, results integer, elapsed_us bigint, commitments bytea)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select e.id, e.at, e.request_id, e.channel, e.actor, e.case_id, e.action, e.outcome, e.results, e.elapsed_us,
         coalesce(e.commitments, register_commitments(e.salts, e.subject, e.session_id, e.asked))
    from register_entry e where e.id >= first_id order by e.id limit at_most
$$;
grant execute on function register_leaves(bigint, integer) to portal_app, portal_sealer;

-- Deletes the personal data of sealed entries older than a time, at most so
-- many of them after an id, and answers the last id looked at; null: none left.
-- For the owner only: nobody else may execute it.
create function forget_register(older_than timestamptz, after_id bigint, at_most integer, out last_id bigint, out forgotten integer)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  with due as (
    select e.id, e.at from register_entry e
     where e.id > after_id and e.at < older_than and e.id <= (select coalesce(max(size), 0) from register_checkpoint)
     order by e.id limit at_most
  ), done as (
    update register_entry e
       set commitments = register_commitments(e.salts, e.subject, e.session_id, e.asked),
           salts = null, subject = null, session_id = null, asked = null
      from due where e.id = due.id and e.at = due.at and e.salts is not null
    returning 1
  )
  select (select max(id) from due), (select count(*) from done)::integer into last_id, forgotten;
end $$;
