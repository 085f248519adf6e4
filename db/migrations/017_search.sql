-- Search finds its page where the rows are, and a misspelt word is put right
-- instead of being compared with every text again.

-- The index of bulk rows is the only one that knows this form of the taxpayer
-- number. Where the form is asked for, no other can be mistaken for a better one
-- while the statistics of the table are old. What is not yet sorted into it, and
-- so read by every search, is kept short.
drop index pending_search;
create index pending_search on pending using gin ((voen || ''), search gin_trgm_ops) with (gin_pending_list_limit = 512) where bulk;

-- Whose goods the role in use may see: what the policies on pending ask.
create function shown_voen() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  return case current_setting('role')
    when 'portal_app' then session_voen() when 'portal_assist' then case_voen() when 'portal_api' then token_voen() end;
end $$;
revoke all on function shown_voen() from public;

-- Whether a word has three characters in a row, as the index of bulk rows holds
-- them; where a word ends or begins counts as one or two.
create function indexed_word(word text) returns boolean
language sql immutable set search_path = pg_catalog, public, pg_temp
as $$
  select word ~ '[[:alnum:]]{3}|[[:alnum:]]{2}[^[:alnum:]]|[^[:alnum:]][[:alnum:]]'
$$;
revoke all on function indexed_word(text) from public;

-- The condition that every one of these words stands in search, folded as that
-- column is: with LIKE where the index helps, else without.
create function words_stand(words text[], index boolean) returns text
language sql immutable set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(string_agg(case
           when index and indexed_word(word) then format(' and search like %L', '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%')
           else format(' and strpos(search, %L) > 0', word) end, ''), '')
    from unnest(words) word
$$;
revoke all on function words_stand(text[], boolean) from public;

-- The trader's pending rows in which these words stand, as a query: the bulk
-- rows by their index if it knows one of the words, the others one by one.
-- offset 0 keeps the planner from mixing in what else is asked.
create function standing(mine text, words text[]) returns text
language sql immutable set search_path = pg_catalog, public, pg_temp
as $$
  select format(case
    when (select bool_or(indexed_word(word)) from unnest(words) word) then '
      select * from pending where voen || '''' = %1$L and bulk %2$s
      union all
      select * from pending where voen = %1$L and not bulk %3$s offset 0'
    else '
      select * from pending where voen = %1$L %3$s offset 0' end, mine, words_stand(words, true), words_stand(words, false))
$$;
revoke all on function standing(text, text[]) from public;

-- The trader's pending consignments in which every word is found. It reads as
-- the owner, since row-level security lets no index help with LIKE, and
-- therefore asks itself whose goods to look through. It is planned anew each
-- time: whether the index helps depends on the trader and the word. The planner
-- cannot know that who has much has little that is not bulk, hence no table is
-- ever read as a whole, and nothing is compiled: in a large table its estimate
-- is above jit_above_cost, and compiling took ten times as long as searching.
drop function find_pending(text[], boolean);
create function find_pending(words text[]) returns setof pending
language plpgsql stable security definer set enable_seqscan = off set jit = off set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query execute standing(shown_voen(), words);
end $$;
grant execute on function find_pending(text[]) to portal_app, portal_assist, portal_api;

-- A page of what find_pending finds under more conditions (null: any), and the
-- counts of it by checkpoint. kind 0 is a count: checkpoint, and the sums in
-- goods_count, packages and gross_mass; kind 1 is a row of the page, number
-- being its place there. Past the last page means the last. Of all rows found
-- only what counts and orders is kept, and only the page's are read whole.
create function find_page(words text[], at_checkpoint text, in_status text, by_mode smallint, waiting text, after timestamptz, before timestamptz,
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
           least(sum(packages), 9223372036854775807)::bigint, least(sum(gross_mass), 9223372036854775807)::bigint, '''', '''', '''', '''', null::timestamptz, null::timestamptz
      from found group by checkpoint
    union all
    select 1, number, p.registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
           document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
           next_code, next_who, next_agency, next_note, next_since, next_due
      from shown join pending p on p.registration = shown.registration
     order by 1, 2, 4', rows, place, size, page, also);
end $$;
grant execute on function find_page(text[], text, text, smallint, text, timestamptz, timestamptz, text, bigint, integer) to portal_app, portal_assist, portal_api;

-- The words, each as it is if something pending of the trader has it, else the
-- word nearest to it in what they have; null if there is none. In much it looks
-- at the first forty texts that have something alike.
create function nearest_words(words text[]) returns text[]
language plpgsql stable security definer set enable_seqscan = off set jit = off set search_path = pg_catalog, public, pg_temp
as $$
declare
  mine text := shown_voen();
  nearest text[];
  word text;
  texts text[];
begin
  perform set_config('pg_trgm.word_similarity_threshold', '0.5', true); -- one letter left out of six is 0.57
  foreach word in array words loop
    execute format('select array(select search from (%s) p limit 1)', standing(mine, array[word])) into texts;
    if texts = '{}' then
      execute 'select array(select search from pending where voen || '''' = $1 and bulk and $2 <% search limit 40)' into texts using mine, word;
      if texts = '{}' then
        execute 'select array(select search from pending where voen = $1 and not bulk and $2 <% search limit 40)' into texts using mine, word;
      end if;
      select w into word
        from (select btrim(raw, '.,:;!?()[]«»„“”"''') as w, count(*) as often
                from unnest(texts) t, string_to_table(t, ' ') raw group by 1) have
       where word_similarity(word, w) >= 0.5
       order by similarity(word, w) desc, often desc, w limit 1;
      if not found then
        return null;
      end if;
    end if;
    nearest := nearest || word;
  end loop;
  return nearest;
end $$;
grant execute on function nearest_words(text[]) to portal_app, portal_assist;

-- Codes are found as people type them too, without hyphens and slashes.
alter table pending disable trigger count_changed; -- nothing that it counts changes
update pending
   set search = left(concat_ws(' ', search,
         nullif(lower(regexp_replace(vehicle, '[^[:alnum:]]', '', 'g')), lower(vehicle)),
         nullif(lower(regexp_replace(document_number, '[^[:alnum:]]', '', 'g')), lower(document_number))), 8000)
 where vehicle ~ '[^[:alnum:]]' or document_number ~ '[^[:alnum:]]';
alter table pending enable trigger count_changed;
