-- A search of a trader who has little is planned once, as their list is. Most
-- have nothing that is bulk: of their rows PostgreSQL read and compared the text
-- in a tenth of the time in which it put together the query of those who have
-- tens of thousands, and planned it.
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
begin
  if exists (select from pending_count where voen = mine) then
    return query select * from find_page_much(words, at_checkpoint, in_status, by_mode, waiting, after, before, sort, page, size);
    return;
  end if;
  return query
    with found as materialized (
           select p.registration, p.checkpoint, p.status, p.status_at, p.registered_at, p.received_at, p.mode, p.vehicle,
                  p.document_type, p.document_number, p.goods_description, p.commodity_code, p.goods_count, p.packages, p.gross_mass,
                  p.next_code, p.next_who, p.next_agency, p.next_note, p.next_since, p.next_due,
                  row_number() over (order by p.checkpoint,
                    case find_page.sort when 'deadline' then p.next_due end nulls last,
                    case find_page.sort when 'weight' then p.gross_mass end desc nulls last,
                    case find_page.sort when 'oldest' then p.registered_at when 'waiting' then coalesce(p.next_since, p.status_at) end,
                    case when find_page.sort in ('oldest', 'waiting') then null else p.registered_at end desc,
                    p.registration) as place
             from pending p
            where p.voen = mine
              and p.search like all (array(select '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' from unnest(words) word))
              and (at_checkpoint is null or p.checkpoint = at_checkpoint)
              and (in_status is null or p.status = in_status)
              and (by_mode is null or p.mode = by_mode)
              and (find_page.waiting is null or p.next_who = find_page.waiting)
              and (after is null or p.registered_at >= after)
              and (before is null or p.registered_at < before)),
         shown as (
           select least(size::bigint * (page - 1), greatest(0, count(*) - 1) / size * size) as start from found)
    select 0, 0::bigint, '', f.checkpoint, '', 'epoch'::timestamptz, 'epoch'::timestamptz, 'epoch'::timestamptz, 0::smallint, '', '', '', '', '', count(*)::integer,
           case when count(f.packages) > 0 then least(sum(f.packages), 9223372036854775807)::bigint end,
           case when count(f.gross_mass) > 0 then least(sum(f.gross_mass), 9223372036854775807)::bigint end, '', '', '', '', null::timestamptz, null::timestamptz
      from found f group by f.checkpoint
    union all
    select 1, f.place, f.registration, f.checkpoint, f.status, f.status_at, f.registered_at, f.received_at, f.mode, f.vehicle,
           f.document_type, f.document_number, f.goods_description, f.commodity_code, f.goods_count, f.packages, f.gross_mass,
           f.next_code, f.next_who, f.next_agency, f.next_note, f.next_since, f.next_due
      from shown, found f where f.place > shown.start and f.place <= shown.start + size
     order by 1, 2, 4;
end $$;
grant execute on function find_page(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) to portal_app, portal_assist, portal_api;
