-- Sign-in: attempts, limits, revocation, representatives, providers.
select 1;
