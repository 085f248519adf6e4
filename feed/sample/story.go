package sample

import (
	"math/rand/v2"
	"slices"
	"time"

	"customs.gov.az/portal/customs"
)

// story is what happens to one consignment: where it arrives and through which
// statuses it goes.
type story struct {
	checkpoint customs.Checkpoint
	mode       int
	registered time.Time
	steps      []step
}

// step is one snapshot of a consignment.
type step struct {
	status   customs.Status
	at       time.Time // when the status began
	requires []customs.Requirement
}

// paths are the usual courses of clearance, each to its end.
func paths() [][]customs.Status {
	return [][]customs.Status{
		{customs.Registered, customs.DocsCheck, customs.InTransit, customs.Arrived, customs.Declared, customs.AwaitingPayment, customs.Released},
		{customs.Registered, customs.UnderControl, customs.Inspection, customs.TempStorage, customs.Declared, customs.Completed},
		{customs.Registered, customs.InTransit, customs.Arrived, customs.TempStorage, customs.Declared, customs.Released},
		{customs.Registered, customs.UnderControl, customs.DocsCheck, customs.Declared, customs.AwaitingPayment, customs.Completed},
		{customs.Registered, customs.Inspection, customs.Held, customs.ReExported},
	}
}

// story tells one that is over, or one that is still going on.
func (g *generator) story(r *rand.Rand, pending bool) story {
	s := g.arrival(r)
	path := pick(r, paths()[:4])
	if r.IntN(20) == 0 {
		path = paths()[4]
	}
	age := 75*time.Minute + time.Duration(r.ExpFloat64()*float64(96*time.Hour))
	if pending {
		path = path[:1+r.IntN(len(path)-1)]
	} else {
		age += 48 * time.Hour
	}
	s.registered = g.now.Add(-min(age, 45*24*time.Hour)).Truncate(time.Second)
	for i, at := range g.times(r, s.registered, len(path)) {
		s.steps = append(s.steps, step{status: path[i], at: at})
		if r.IntN(12) == 0 { // the checkpoint corrects something, the status stays
			s.steps = append(s.steps, step{status: path[i], at: at})
		}
	}
	return s
}

// arrival chooses a checkpoint, the busy ones more often, and a mode that it has.
func (g *generator) arrival(r *rand.Rand) story {
	i := min(r.IntN(len(g.checkpoints)), r.IntN(len(g.checkpoints)+4))
	p := g.checkpoints[i]
	return story{checkpoint: p, mode: pick(r, p.Modes)}
}

// times spreads n moments between a registration and now, the first at the
// registration itself.
func (g *generator) times(r *rand.Rand, from time.Time, n int) []time.Time {
	span := g.now.Add(-2 * time.Minute).Sub(from)
	out := []time.Time{from}
	for len(out) < n {
		out = append(out, from.Add(time.Duration(r.Float64()*float64(span))).Truncate(time.Second))
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// at is the consignment as it stood after the i-th step.
func (g *generator) at(c customs.Consignment, s story, i int) customs.Consignment {
	c.Revision = int64(i + 1)
	c.Status, c.StatusAt, c.Requires = s.steps[i].status, s.steps[i].at, s.steps[i].requires
	return c
}
