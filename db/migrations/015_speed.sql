-- The read model at national scale.
select 1;
