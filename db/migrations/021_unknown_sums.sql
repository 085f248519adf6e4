-- A sum of nothing known is not known. least() passes over null, so that of
-- found goods without a number of packages the largest number was shown.
create or replace function find_page(words text[], at_checkpoint text, in_status text, by_mode smallint, waiting text, after timestamptz, before timestamptz,
                          sort text, page bigint, size integer)
returns table (kind integer, number bigint, registration text, checkpoint text, status text, status_at timestamptz, registered_at timestamptz, received_at timestamptz,
               mode smallint, vehicle text, document_type text, document_number text, goods_description text, commodity_code text, goods_count integer,
               packages bigint, gross_mass bigint, next_code text, next_who text, next_agency text, next_note text, next_since timestamptz, next_due timestamptz)
language plpgsql stable security definer set enable_seqscan = off set jit = off set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  mine text := shown_voen();
  place text := case sort
    when 'oldest' then 'checkpoint, registered_at, registration'
    when 'waiting' then 'checkpoint, since, registration'
    when 'deadline' then 'checkpoint, next_due nulls last, registered_at desc, registration'
    when 'weight' then 'checkpoint, gross_mass desc nulls last, registered_at desc, registration'
    else 'checkpoint, registered_at desc, registration' end;
  also text := concat(
    ' and checkpoint = ' || quote_literal(at_checkpoint), ' and status = ' || quote_literal(in_status), ' and mode = ' || by_mode,
    ' and next_who = ' || quote_literal(waiting), ' and registered_at >= ' || quote_literal(after), ' and registered_at < ' || quote_literal(before));
  rows text := case words when '{}' then format('select * from pending where voen = %L', mine) else standing(mine, words) end;
begin
  return query execute format('
    with found as materialized (
           select registration, checkpoint, registered_at, next_due, coalesce(next_since, status_at) as since, packages, gross_mass
             from (%1$s) p where true %5$s),
         shown as materialized (
           select registration, row_number() over (order by %2$s) as number from found order by %2$s
            limit %3$s offset least(%3$s::bigint * (%4$s - 1), greatest(0, (select count(*) from found) - 1) / %3$s * %3$s))
    select 0, 0::bigint, '''', checkpoint, '''', ''epoch''::timestamptz, ''epoch''::timestamptz, ''epoch''::timestamptz, 0::smallint, '''', '''', '''', '''', '''', count(*)::integer,
           case when count(packages) > 0 then least(sum(packages), 9223372036854775807)::bigint end,
           case when count(gross_mass) > 0 then least(sum(gross_mass), 9223372036854775807)::bigint end, '''', '''', '''', '''', null::timestamptz, null::timestamptz
      from found group by checkpoint
    union all
    select 1, number, p.registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
           document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
           next_code, next_who, next_agency, next_note, next_since, next_due
      from shown join pending p on p.registration = shown.registration
     order by 1, 2, 4', rows, place, size, page, also);
end $$;
