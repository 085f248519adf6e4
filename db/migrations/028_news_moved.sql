-- News of a registration that the feed has given to another taxpayer is no
-- longer the former one's to read. A mail that has no other is not sent.
create function forget_news(of_registrations text[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  mails uuid[];
begin
  with gone as (
    delete from mail_item i using mail_address a, consignment c
     where i.registration = any(of_registrations) and a.id = i.address and c.registration = i.registration and a.voen <> c.voen
    returning i.mail
  )
  select array_agg(distinct mail) into mails from gone where mail is not null;
  update mail_outbox o set state = 'withdrawn', ended_at = now()
   where o.id = any(mails) and o.kind = 'news' and o.state = 'waiting' and not exists (select from mail_item i where i.mail = o.id);
end $$;
revoke all on function forget_news(text[]) from public;
grant execute on function forget_news(text[]) to portal_feed;
