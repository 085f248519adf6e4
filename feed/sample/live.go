package sample

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"customs.gov.az/portal/customs"
)

// Live is the feed of a running demonstration. Time is cut into slots, and
// what happens in a slot follows from its number alone: every sixth registers
// new goods of one of the people, the five others move older ones on. So a
// demonstration that was stopped goes on where the clock stands, registration
// codes never repeat, revisions only rise, and sending a slot twice is harmless.
type Live struct {
	g      *generator
	every  time.Duration
	people []Person
}

// lifetimes says how many rounds of slots pass before each later step of a
// consignment. The steps are those of the longest path, one a slot of a round.
var lifetimes = [...]int64{0, 0, 1, 3, 6, 10}

// NewLive returns the stream of a seed, one event every so often, at least a
// second, about the goods of these people.
func NewLive(seed uint64, every time.Duration, people []Person) (*Live, error) {
	if every < time.Second || every > time.Hour || len(people) == 0 {
		return nil, fmt.Errorf("%w: a live stream needs people and a second to an hour between events", ErrOptions)
	}
	return &Live{g: newGenerator(seed, time.Time{}), every: every, people: people}, nil
}

// Next is when the first event after t happens.
func (l *Live) Next(t time.Time) time.Time { return l.start(l.slot(t) + 1) }

// Write writes the events after one time up to another, at most the last
// catchUp of them, and a heartbeat of every checkpoint as of upTo.
func (l *Live) Write(w io.Writer, after, upTo time.Time) error {
	const catchUp = 200
	var out bytes.Buffer
	last := l.slot(upTo)
	for slot := max(l.slot(after)+1, last-catchUp+1); slot <= last; slot++ {
		if err := l.g.line(&out, l.Event(slot)); err != nil {
			return err
		}
	}
	for _, p := range l.g.checkpoints {
		if err := l.g.line(&out, customs.Heartbeat{Checkpoint: p.Code, AsOf: upTo.In(baku()).Truncate(time.Second)}); err != nil {
			return err
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Event is what happens in a slot: a consignment as it stands at its start.
func (l *Live) Event(slot int64) customs.Consignment {
	const round = int64(len(lifetimes))
	i := slot % round
	born := slot - i - lifetimes[i]*round
	r := l.g.source(uint64(born), 5)
	s := l.g.arrival(r)
	s.registered = l.start(born)
	path := pick(r, paths()[:4])
	for k := range lifetimes {
		status := path[min(k, len(path)-1)]
		if k == len(lifetimes)-1 {
			status = path[len(path)-1]
		}
		s.steps = append(s.steps, step{status: status, at: l.start(born + int64(k) + lifetimes[k]*round)})
	}
	who := l.people[r.IntN(len(l.people))]
	c := l.g.consignment(r, s, party(who))
	c.Registration = liveCode(c.Checkpoint, s.registered)
	return l.g.at(c, s, int(i))
}

func (l *Live) slot(t time.Time) int64 { return t.Unix() / int64(l.every/time.Second) }

func (l *Live) start(slot int64) time.Time {
	return time.Unix(slot*int64(l.every/time.Second), 0).In(baku())
}

// liveCode makes a registration code of 15 digits: the checkpoint without its
// leading zero, year and month, and the second of the month. It differs in
// its second character from those that Generate makes.
func liveCode(checkpoint string, t time.Time) string {
	month := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
	return checkpoint[1:] + t.Format("0601") + fmt.Sprintf("%07d", int(t.Sub(month)/time.Second))
}
