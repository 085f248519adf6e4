-- What supervision sees.
select 1;
