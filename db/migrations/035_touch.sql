-- To note that a session is in use is not to bring back one that has not been
-- used for too long: whoever notes it must see how long that is.
grant select (idle) on session to portal_app;
