-- Rights narrowed further.
select 1;
