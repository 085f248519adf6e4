-- What is archived of a registration, from the partition of its month alone. As
-- a join of the partitioned table every look at the details of anything opened
-- each month there is, to find almost always that nothing of it is archived:
-- after five years that was a third of its cost. Row-level security is the
-- reader's own.
create function archive_of(of_registration text, of_month date) returns setof archive_document
language plpgsql stable set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query select * from archive_document where registration = of_registration and month = of_month;
end $$;
revoke all on function archive_of(text, date) from public;
grant execute on function archive_of(text, date) to portal_app, portal_assist, portal_api;
