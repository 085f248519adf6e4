-- A checkpoint of which nothing was ever accepted is none: of a line that was
-- refused no page says when it was received. The row is made before anything is
-- decided, since it is the lock under which that happens.
create function forget_unheard(codes text[]) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from checkpoint where code = any(codes) and received_at is null and as_of is null;
end;
revoke all on function forget_unheard(text[]) from public;
grant execute on function forget_unheard(text[]) to portal_feed;

delete from checkpoint where received_at is null and as_of is null;
