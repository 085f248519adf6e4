package customs

import "time"

// Pace is how long clearance took at a checkpoint, from registration to
// completion, over the registrations completed in a period before MeasuredAt.
type Pace struct {
	Checkpoint string
	Completed  int           // registrations it rests on
	Median     time.Duration // 0 where they are too few
	P90        time.Duration // nine of ten took no longer; 0 where they are too few
	MeasuredAt time.Time
}

// PaceDays is the period of a Pace in days.
const PaceDays = 28

// PaceLeast is the least number of registrations that say anything. The
// database keeps to it too: fewer would tell of single traders.
const PaceLeast = 5

// Known reports whether there is enough to tell.
func (p Pace) Known() bool { return p.Completed >= PaceLeast }
