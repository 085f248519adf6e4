-- Drafts of complaints.
select 1;
