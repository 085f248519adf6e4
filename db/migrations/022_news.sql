-- How late a sender is, is how old the newest news was that it ever brought,
-- not the newest of its last batch, which may be a correction of something old.
alter table sender add column news_at timestamptz; -- a status or a heartbeat
