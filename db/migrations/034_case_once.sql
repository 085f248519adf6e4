-- A case that nobody used for five minutes has ended: a second officer who comes
-- later does not open it.
create or replace function approve_case(which uuid) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  c assist_case;
begin
  select * into officer from current_staff();
  if officer.id is null or officer.role not in ('operator', 'supervisor') then
    return 'no_staff';
  end if;
  perform close_lapsed_cases();
  select * into c from assist_case a where a.id = which for update;
  if c.id is null or not c.sensitive or c.approved_at is not null or c.ended_at is not null
     or now() >= c.until or now() >= c.seen_at + interval '5 minutes' then
    return 'no_case';
  end if;
  if exists (select from staff_session s where s.id = c.staff_session and s.pin = officer.pin) then
    return 'own';
  end if;
  update assist_case set approved_by = officer.id, approved_at = now(), until = now() + interval '15 minutes', seen_at = now()
   where id = which;
  perform tell_case(which);
  return 'approved';
end $$;

-- extend_case for a page that shows so many extensions: sent several times at
-- once it is done once. Answers also again: another has done it.
create function extend_case(why text, why_text text, seen integer) returns text
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  has integer;
begin
  select a.extensions into has from current_case() k join assist_case a on a.id = k.id for update of a;
  if has <> seen then
    return 'again';
  end if;
  return extend_case(why, why_text);
end $$;
revoke all on function extend_case(text, text, integer) from public;
grant execute on function extend_case(text, text, integer) to portal_app;
