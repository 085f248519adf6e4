-- A search of a trader who has nothing that is bulk, as most have, is planned
-- once, as their list is: PostgreSQL reads and compares their rows in a fifth of
-- the time in which it puts together the query of those who have tens of
-- thousands, and plans it.

-- What LIKE takes for texts in which the words stand.
create function word_patterns(words text[]) returns text[]
language plpgsql immutable set search_path = pg_catalog, public, pg_temp
as $$
begin -- its plan is kept, which that of an SQL function would not be
  return array(select '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' from unnest(words) word);
end $$;
revoke all on function word_patterns(text[]) from public;

alter function find_page(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) rename to find_page_much;
revoke all on function find_page_much(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) from portal_app, portal_assist, portal_api;

create function find_page(words text[], at_checkpoint text, in_status text, by_mode smallint, waiting text, after timestamptz, before timestamptz,
                          sort text, page bigint, size integer)
returns table (kind integer, number bigint, registration text, checkpoint text, status text, status_at timestamptz, registered_at timestamptz, received_at timestamptz,
               mode smallint, vehicle text, document_type text, document_number text, goods_description text, commodity_code text, goods_count integer,
               packages bigint, gross_mass bigint, next_code text, next_who text, next_agency text, next_note text, next_since timestamptz, next_due timestamptz)
language plpgsql stable security definer
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  mine text := shown_voen();
  patterns text[] := word_patterns(words);
begin
  if exists (select from pending_count where voen = mine) then
    return query select * from find_page_much(words, at_checkpoint, in_status, by_mode, waiting, after, before, sort, page, size);
    return;
  end if;
  return query
    with found as materialized (
           select p.registration, p.checkpoint, p.packages, p.gross_mass,
                  row_number() over (order by p.checkpoint,
                    case find_page.sort when 'deadline' then p.next_due end nulls last,
                    case find_page.sort when 'weight' then p.gross_mass end desc nulls last,
                    case find_page.sort when 'oldest' then p.registered_at when 'waiting' then coalesce(p.next_since, p.status_at) end,
                    case when find_page.sort in ('oldest', 'waiting') then null else p.registered_at end desc,
                    p.registration) as place
             from pending p
            where p.voen = mine
              and p.search like all (patterns)
              and (at_checkpoint is null or p.checkpoint = at_checkpoint)
              and (in_status is null or p.status = in_status)
              and (by_mode is null or p.mode = by_mode)
              and (find_page.waiting is null or p.next_who = find_page.waiting)
              and (after is null or p.registered_at >= after)
              and (before is null or p.registered_at < before)),
         shown as materialized (
           select f.registration, f.place from found f order by f.place
            limit size offset least(size::bigint * (page - 1), greatest(0, (select count(*) from found) - 1) / size * size))
    select 0, 0::bigint, '', f.checkpoint, '', 'epoch'::timestamptz, 'epoch'::timestamptz, 'epoch'::timestamptz, 0::smallint, '', '', '', '', '', count(*)::integer,
           case when count(f.packages) > 0 then least(sum(f.packages), 9223372036854775807)::bigint end,
           case when count(f.gross_mass) > 0 then least(sum(f.gross_mass), 9223372036854775807)::bigint end, '', '', '', '', null::timestamptz, null::timestamptz
      from found f group by f.checkpoint
    union all
    select 1, s.place, p.registration, p.checkpoint, p.status, p.status_at, p.registered_at, p.received_at, p.mode, p.vehicle,
           p.document_type, p.document_number, p.goods_description, p.commodity_code, p.goods_count, p.packages, p.gross_mass,
           p.next_code, p.next_who, p.next_agency, p.next_note, p.next_since, p.next_due
      from shown s join pending p on p.registration = s.registration
     order by 1, 2, 4;
end $$;
revoke all on function find_page(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) from public;
grant execute on function find_page(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) to portal_app, portal_assist, portal_api;

-- The same for files and programs, which read everything that is found.
create or replace function find_pending(words text[]) returns setof pending
language plpgsql stable security definer
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  mine text := shown_voen();
  patterns text[] := word_patterns(words);
begin
  if exists (select from pending_count where voen = mine) then
    return query execute standing(mine, words);
    return;
  end if;
  return query
    select * from pending
     where voen = mine and search like all (patterns);
end $$;
