package sample

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// TestInvariants looks at every snapshot of some feeds, and at two days of a
// stream, for what a customs officer would notice at once.
func TestInvariants(t *testing.T) {
	known := customs.BuiltInCheckpoints()
	for seed := range uint64(2) {
		for _, r := range accepted(t, generate(t, Options{Seed: seed, Consignments: 800, Now: present(), People: people()}), present()) {
			if r.Consignment != nil {
				plausible(t, known, r.Consignment, present())
			}
		}
	}
	l, at := live(t), present()
	for range 2 * 24 * 60 * 3 {
		c := l.Event(l.slot(at))
		plausible(t, known, &c, at)
		at = l.Next(at)
	}
}

func plausible(t *testing.T, known customs.Checkpoints, c *customs.Consignment, now time.Time) {
	t.Helper()
	wrong := func(what string) {
		t.Helper()
		t.Errorf("%s revision %d: %s: %+v", c.Registration, c.Revision, what, *c)
	}
	if c.RegisteredAt.After(c.StatusAt) || c.StatusAt.After(now) || now.Sub(c.RegisteredAt) > 45*24*time.Hour {
		wrong("times")
	}
	if p, ok := known.Get(c.Checkpoint); !ok || !slices.Contains(p.Modes, c.Transport.Mode) {
		wrong("the checkpoint does not have this mode")
	}
	if c.Consignor == nil || c.Consignor.Name == "" || c.Consignor.Country == "AZ" || c.Consignee.VOEN != c.VOEN {
		wrong("parties")
	}
	if (c.Carrier != nil || c.Transport.Trailer != "") && c.Transport.Mode != 3 || c.Transport.Vehicle == "" {
		wrong("means of transport")
	}
	for _, number := range c.Transport.Containers {
		if len(number) != 11 || number[10:] != strconv.Itoa(containerCheck(number[:10])) {
			wrong("container number")
		}
	}
	plausiblePapers(t, c)
	for i, g := range c.Goods {
		if g.Number != i+1 || g.Origin != c.Consignor.Country || g.Packages == nil || g.Packages.Count < 1 {
			wrong("goods items")
		}
		if g.NetMass != nil && (g.GrossMass == nil || *g.NetMass <= 0 || *g.NetMass >= *g.GrossMass) {
			wrong("masses")
		}
		if (g.Quantity == nil) != (g.Unit == "") || g.Quantity != nil && *g.Quantity <= 0 {
			wrong("quantity and unit")
		}
		if (g.Value == nil) != (g.Currency == "") || g.Value != nil && *g.Value <= 0 {
			wrong("value and currency")
		}
	}
	for _, r := range c.Requires {
		if !slices.Contains(customs.RequirementCodes, r.Code) || (r.Who == customs.Agency) != (r.Agency != "") || !r.Since.Equal(c.StatusAt) {
			wrong("requirement " + r.Code)
		}
		if r.Due != nil && !r.Due.After(r.Since) {
			wrong("due before it began")
		}
	}
	if c.Status.Terminal() != (len(c.Requires) == 0) {
		wrong("something is required after the end, or nothing before")
	}
}

// plausiblePapers demands the transport document of the mode, first, and that
// papers were made before the border.
func plausiblePapers(t *testing.T, c *customs.Consignment) {
	t.Helper()
	want := map[int]string{1: "705", 2: "720", 3: "730", 4: "740"}[c.Transport.Mode]
	if len(c.Documents) == 0 || c.Documents[0].Type != want {
		t.Fatalf("%s: mode %d with %+v", c.Registration, c.Transport.Mode, c.Documents)
	}
	day := c.RegisteredAt.In(baku()).Format(time.DateOnly)
	for _, d := range slices.Concat(c.Documents, c.PreviousDocuments) {
		if d.Date >= day {
			t.Errorf("%s: a paper of %s, registered on %s", c.Registration, d.Date, day)
		}
		if d.Type == "952" && c.Transport.Mode != 3 {
			t.Errorf("%s: a TIR carnet in mode %d", c.Registration, c.Transport.Mode)
		}
	}
	if n := c.Documents[0].Number; want == "740" { // IATA: the last digit is the serial modulo 7
		serial, err := strconv.Atoi(n[4:11])
		if err != nil || n[11:] != strconv.Itoa(serial%7) {
			t.Errorf("%s: air waybill %s", c.Registration, n)
		}
	}
}

// A longer feed begins like a shorter one: nothing depends on how much follows.
func TestLongerFeedsBeginAlike(t *testing.T) {
	o := Options{Seed: 9, Consignments: 150, Traders: 30, Now: present(), People: people()}
	short := generate(t, o)
	o.Consignments = 400
	long := generate(t, o)
	beats := 0
	for range customs.BuiltInCheckpoints().All() {
		beats = bytes.LastIndexByte(short[:len(short)-1], '\n') + 1
		short = short[:beats]
	}
	if beats == 0 || !bytes.HasPrefix(long, short) {
		t.Error("the first 150 consignments differ")
	}
}

// However many or few traders are asked for, goods go to no more than these.
func TestTraders(t *testing.T) {
	for _, n := range []int{1, 2, 50} {
		all := map[customs.VOEN]string{}
		for _, c := range current(t, accepted(t, generate(t, Options{Seed: 2, Consignments: 500, Traders: n, Now: present()}), present())) {
			if name, ok := all[c.VOEN]; ok && name != c.Consignee.Name {
				t.Errorf("%s is called %q and %q", c.VOEN, name, c.Consignee.Name)
			}
			all[c.VOEN] = c.Consignee.Name
		}
		if len(all) > n || len(all) < (n+1)/2 {
			t.Errorf("%d traders, want %d", len(all), n)
		}
	}
}

// The options at their limits.
func TestOptionsAtTheirLimits(t *testing.T) {
	theirs := 42 + 10 + 1 // pending and a quarter as many finished
	for _, tt := range []struct {
		o  Options
		ok bool
	}{
		{Options{Now: present()}, true},
		{Options{Now: present(), Consignments: MaxConsignments}, true},
		{Options{Now: present(), Consignments: MaxConsignments + 1}, false},
		{Options{Now: present(), Consignments: -1}, false},
		{Options{Now: present(), Consignments: theirs, People: people()}, true},
		{Options{Now: present(), Consignments: theirs - 1, People: people()}, false},
		{Options{Consignments: 1}, false},
	} {
		err := tt.o.Check()
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", tt.o, err)
		}
	}
	if n := len(current(t, accepted(t, generate(t, Options{Now: present(), Consignments: theirs, People: people()}), present()))); n != theirs {
		t.Errorf("%d consignments, want the people's %d alone", n, theirs)
	}
	if n := len(accepted(t, generate(t, Options{Now: present()}), present())); n != len(customs.BuiltInCheckpoints().All()) {
		t.Errorf("%d lines of an empty feed, want the heartbeats alone", n)
	}
}

// Every moment has an event, whatever the pace, and none is before its time.
func TestLiveSlots(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 7 * time.Second, time.Minute, time.Hour} {
		l, err := NewLive(3, every, people())
		if err != nil {
			t.Fatal(err)
		}
		at := present()
		for range 50 {
			next := l.Next(at)
			if !next.After(at) || next.Sub(at) > every || !l.start(l.slot(next)).Equal(next) || l.slot(next) != l.slot(at)+1 {
				t.Fatalf("every %s: %v after %v", every, next, at)
			}
			if c := l.Event(l.slot(next)); !c.StatusAt.Equal(next) {
				t.Errorf("every %s: %s says %v, happened at %v", every, c.Registration, c.StatusAt, next)
			}
			at = next
		}
	}
}
