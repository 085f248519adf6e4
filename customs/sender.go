package customs

import "time"

// Sender is what is known of a checkpoint system that sends the feed.
type Sender struct {
	Name      string
	FirstSeen time.Time
	LastSeen  time.Time      // when anything of it was last taken in
	StoredAt  *time.Time     // when it last brought something new, nil if never
	Lag       *time.Duration // how old its newest news was on arrival, nil if unknown
	Batch     string         // what it is sending, in its own words
	LastLine  int64          // of that batch, everything up to it is answered for
	Lines     int64          // taken in, ever
	Rejected  int64          // of them
	Moved     int64          // registrations that it gave to another taxpayer, ever
}
