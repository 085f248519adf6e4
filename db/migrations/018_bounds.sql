-- Sessions from before 016 may live longer than it allows. It left their rows
-- as they were, and nothing could note that they are in use any more: neither
-- they nor those of other traders that were noted in the same statement.
update session
   set idle = least(idle, interval '1 day'), expires_at = least(expires_at, created_at + interval '7 days')
 where idle > interval '1 day' or expires_at > created_at + interval '7 days';
update session set ended_at = coalesce(ended_at, now()), idle = interval '1 second' where idle <= interval '0';
alter table session validate constraint session_bounds;
