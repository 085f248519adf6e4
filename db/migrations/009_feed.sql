-- Checkpoint systems that send the feed, and the archive of what is finished.
select 1;
