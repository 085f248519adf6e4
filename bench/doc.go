// Command bench measures the portal on one machine and prints what it finds
// beside what the same machine can do at most: `make bench`.
//
// It starts a durable private PostgreSQL, stores sample consignments the way
// the feed comes, runs the portal's own binary against it, signs traders in
// with certificates, and lets a small load generator ask for pages in a closed
// loop. Competitors run as processes of their own against the same database,
// in turns with the portal, so that a busy moment of the machine harms all of
// them alike. A figure is the median of the rounds, with its range; a ratio is
// taken within a round.
package main
