-- What came back from the archive keeps its former document and history there.
-- If the feed then gives it to another taxpayer, they go with it: left with the
-- former one, they let that one read on, also what happened since, and hid from
-- the other what was before. The number is the live consignment's.
create function follow_archived(of_registrations text[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update archive_document d set voen = c.voen
    from archived a join consignment c using (registration)
   where a.registration = any(of_registrations) and d.registration = a.registration and d.month = a.month and d.voen <> c.voen;
  update archived a set voen = c.voen
    from consignment c
   where a.registration = any(of_registrations) and c.registration = a.registration and a.voen <> c.voen;
end $$;
revoke all on function follow_archived(text[]) from public;
grant execute on function follow_archived(text[]) to portal_feed;

select follow_archived(array(select a.registration from archived a join consignment c using (registration) where a.voen <> c.voen));
