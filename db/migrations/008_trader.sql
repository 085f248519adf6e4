-- What a trader keeps: tokens, notifications, drafts, reports.
select 1;
