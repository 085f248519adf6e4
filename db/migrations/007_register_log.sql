-- The register as a verifiable log: leaves, tiles, checkpoints.
select 1;
