-- A case whose time was over, or that nobody had used for five minutes, ended
-- then: what comes later does not end it again.
create or replace function end_staff_session() returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  officer staff_session;
  c assist_case;
begin
  select * into officer from current_staff();
  perform close_lapsed_cases();
  for c in update assist_case set ended_at = now(), ended_by = 'signed_out', ended_session = officer.id
            where staff_session = officer.id and ended_at is null returning * loop
    perform tell_case(c.id);
  end loop;
  update staff_session set ended_at = now() where id = officer.id;
end $$;

create or replace function set_trader_preference(help boolean, code boolean) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  s session;
  c assist_case;
begin
  select * into s from current_session();
  if s.id is null then
    return false;
  end if;
  insert into trader_preference as p (voen, telephone_help, code_required, changed_by) values (s.voen, help, code, s.id)
  on conflict (voen) do update set telephone_help = help, code_required = code, changed_at = now(), changed_by = s.id;
  if not help then
    perform close_lapsed_cases();
    for c in update assist_case set ended_at = now(), ended_by = 'trader' where voen = s.voen and ended_at is null returning * loop
      perform tell_case(c.id);
    end loop;
  end if;
  return true;
end $$;
