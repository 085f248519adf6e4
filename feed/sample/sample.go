// Package sample makes consignments for demonstrations, tests and
// measurements: of any size, in constant memory, and the same bytes for the
// same seed. Companies, people and numbers are invented; taxpayer numbers are
// valid in form and taken from a range used for nothing else; commodity codes
// are real headings with sample endings.
//
// [Generate] writes a whole feed. [Live] goes on from there with a stream of
// events that is a pure function of time, so that a restarted demonstration
// carries on as if it had never stopped.
package sample

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/go-json-experiment/json"

	"customs.gov.az/portal/customs"
)

// Person is a trader who shall have goods.
type Person struct {
	VOEN    customs.VOEN
	Name    string // of the company or sole trader
	Pending int    // how many consignments whose clearance is not complete
}

// Options say what Generate writes.
type Options struct {
	Seed         uint64
	Consignments int       // in all, those of People included; at most MaxConsignments
	Traders      int       // how many invented traders share the rest; 0 for one in ten consignments
	Now          time.Time // the feed's present: nothing lies later
	People       []Person
	Latest       bool // only the current snapshot of each consignment, no earlier revisions
}

// MaxConsignments is how many distinct registration codes a month has room for.
const MaxConsignments = 36_000_000

// ErrOptions says that Generate cannot do what the options ask.
var ErrOptions = errors.New("sample: impossible options")

// Check reports, as [ErrOptions], what Generate could not do.
func (o Options) Check() error {
	theirs := 0
	for _, p := range o.People {
		theirs += p.Pending + p.Pending/4
	}
	switch {
	case o.Now.IsZero():
		return fmt.Errorf("%w: no time", ErrOptions)
	case theirs > o.Consignments:
		return fmt.Errorf("%w: the people alone need %d consignments", ErrOptions, theirs)
	case o.Consignments > MaxConsignments:
		return fmt.Errorf("%w: more than %d consignments", ErrOptions, MaxConsignments)
	}
	return nil
}

// Generate writes consignments, each with its earlier revisions before the
// current one, and then a heartbeat of every checkpoint; one of these is three
// hours old. Each person has exactly the pending consignments asked for, and
// one finished for every four. Of the rest a fifth is finished.
func Generate(w io.Writer, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	g := newGenerator(o.Seed, o.Now)
	out := bufio.NewWriterSize(w, 64<<10)
	n := 0
	for _, p := range o.People {
		for i := range p.Pending + p.Pending/4 {
			if err := g.write(out, o, n, party(p), i < p.Pending); err != nil {
				return err
			}
			n++
		}
	}
	traders := o.Traders
	if traders <= 0 {
		traders = max(1, o.Consignments/10)
	}
	for ; n < o.Consignments; n++ {
		r := g.source(uint64(n), 1)
		// The square makes a few traders large and most of them small.
		f := r.Float64()
		who := g.trader(int(f * f * float64(traders)))
		if err := g.write(out, o, n, who, r.IntN(5) > 0); err != nil {
			return err
		}
	}
	if err := g.heartbeats(out); err != nil {
		return err
	}
	return out.Flush()
}

// write writes the n-th consignment, earlier revisions first.
func (g *generator) write(w io.Writer, o Options, n int, who customs.Party, pending bool) error {
	r := g.source(uint64(n), 2)
	s := g.story(r, pending)
	c := g.consignment(r, s, who)
	c.Registration = code(c.Checkpoint, s.registered, n)
	first := 0
	if o.Latest {
		first = len(s.steps) - 1
	}
	for i := first; i < len(s.steps); i++ {
		if err := g.line(w, g.at(c, s, i)); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) line(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// heartbeats writes one for every checkpoint, all but one of the last minutes.
func (g *generator) heartbeats(w io.Writer) error {
	r := g.source(0, 3)
	stale := r.IntN(len(g.checkpoints))
	for i, p := range g.checkpoints {
		age := time.Duration(10+r.IntN(230)) * time.Second
		if i == stale {
			age += 3 * time.Hour
		}
		if err := g.line(w, customs.Heartbeat{Checkpoint: p.Code, AsOf: g.now.Add(-age)}); err != nil {
			return err
		}
	}
	return nil
}

// generator holds what all consignments of a run share.
type generator struct {
	seed        uint64
	now         time.Time
	checkpoints []customs.Checkpoint
	wares       []ware
	abroad      map[string]origin
	words       words
}

func newGenerator(seed uint64, now time.Time) *generator {
	return &generator{
		seed:        seed,
		now:         now.In(baku()).Truncate(time.Second),
		checkpoints: customs.BuiltInCheckpoints().All(),
		wares:       wares(),
		abroad:      origins(),
		words:       azerbaijani(),
	}
}

// source is the randomness of the n-th thing for one purpose, independent of
// all others, so that nothing depends on the order of work.
func (g *generator) source(n, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(g.seed^purpose<<56, n*0x9e3779b97f4a7c15+purpose))
}

// baku is the time zone in which checkpoints write: UTC+4 all year.
func baku() *time.Location { return time.FixedZone("+04", 4*60*60) }

func party(p Person) customs.Party {
	return customs.Party{Name: p.Name, VOEN: p.VOEN, Country: "AZ"}
}

// code makes a registration code of 15 characters: checkpoint, year and month,
// serial. Past a million consignments the checkpoint's leading zero, which all
// synthetic codes have, counts the millions.
func code(checkpoint string, t time.Time, n int) string {
	const million = 1_000_000
	lead := "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n/million]
	return string(lead) + checkpoint[1:] + t.Format("0601") + fmt.Sprintf("%06d", n%million)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
