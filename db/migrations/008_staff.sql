-- Staff, their sessions, and cases on behalf of a caller.
select 1;
