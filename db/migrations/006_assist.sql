-- Staff, cases on behalf of a caller, questions about a view.
select 1;
