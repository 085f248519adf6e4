-- What the leaf of one entry says, for who holds its receipt: the salt of its
-- subject is what only the receipt has, as the hashes of leaves are public.
-- Once the personal data is deleted there is no salt to compare, and open is
-- false; who asks must then know which subject and salt were committed.
create function register_leaf(entry bigint, salt bytea)
returns table (id bigint, at timestamptz, request_id uuid, channel text, actor text, case_id uuid, action text,
               outcome text, results integer, elapsed_us bigint, commitments bytea, open boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select e.id, e.at, e.request_id, e.channel, e.actor, e.case_id, e.action, e.outcome, e.results, e.elapsed_us,
         coalesce(e.commitments, register_commitments(e.salts, e.subject, e.session_id, e.asked)), e.salts is not null
    from register_entry e where e.id = entry and (e.salts is null or substr(e.salts, 1, 16) = salt)
$$;
revoke all on function register_leaf(bigint, bytea) from public;
grant execute on function register_leaf(bigint, bytea) to portal_app;

-- All leaves, one after the other, are the sealer's alone.
revoke execute on function register_leaves(bigint, integer) from portal_app;
