-- Who looked at a trader's goods: questions, reports, what a trader allows the telephone help.
select 1;
