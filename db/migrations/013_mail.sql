-- Notifications by e-mail and their outbox.
select 1;
