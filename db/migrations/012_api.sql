-- Tokens of a trader's own programs.
select 1;
