package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/intake"
)

// A connection that breaks, a disk that fails: what came before is stored and
// counted, and the error says so.
func TestReaderFails(t *testing.T) {
	b := newBorder(t)
	broken := errors.New("the wire is cut")
	in := io.MultiReader(strings.NewReader(line("R1", 1)+"\n"+line("R2", 1)+"\n"), failing{broken})
	result, err := intake.Run(t.Context(), in, b.options(io.Discard))
	if !errors.Is(err, broken) || result.Stored != 2 || b.count(t, "pending") != 2 {
		t.Errorf("%+v, %v", result, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The database goes away midway: the result counts what is stored, exactly.
func TestDatabaseGoneMidway(t *testing.T) {
	b := newBorder(t)
	var text strings.Builder
	for i := range 5000 {
		text.WriteString(line(fmt.Sprint("R", i), 1) + "\n")
	}
	o, answered := b.options(io.Discard), 0
	o.Answered = func(intake.Batch) error {
		if answered++; answered == 2 {
			if _, err := b.su.Exec(t.Context(), "alter table pending rename to gone"); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	result, err := intake.Run(t.Context(), strings.NewReader(text.String()), o)
	if err == nil || result.Lines != result.Stored || result.Stored == 0 || result.Stored == 5000 {
		t.Errorf("%+v, %v", result, err)
	}
	if n := b.count(t, "gone"); n != result.Stored {
		t.Errorf("%d are stored, the result says %d", n, result.Stored)
	}
	if _, err := b.su.Exec(t.Context(), "alter table gone rename to pending"); err != nil {
		t.Fatal(err)
	}
	rest, err := intake.Run(t.Context(), strings.NewReader(text.String()), b.options(io.Discard))
	if err != nil || rest.Same != result.Stored || rest.Stored != 5000-result.Stored {
		t.Errorf("sent again: %+v, %v", rest, err)
	}
}

// Whoever is answered may say stop.
func TestAnsweredFails(t *testing.T) {
	b := newBorder(t)
	full := errors.New("the disk is full")
	o := b.options(io.Discard)
	o.Answered = func(intake.Batch) error { return full }
	result, err := intake.Run(t.Context(), strings.NewReader(strings.Repeat(line("R1", 1)+"\n", 3000)), o)
	if !errors.Is(err, full) || result.Stored != 1 || result.Lines == 3000 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestReportCannotBeWritten(t *testing.T) {
	b := newBorder(t)
	o := b.options(closed{})
	result, err := intake.Run(t.Context(), strings.NewReader(line("R1", 1)+"\n{broken\n"), o)
	if !errors.Is(err, io.ErrClosedPipe) || result.Stored != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Ctrl-C ends an import also while its input gives nothing, as a terminal
// does; what was read and stored stays.
func TestEndsWhileTheInputIsSilent(t *testing.T) {
	b := newBorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	silent, _ := io.Pipe() // nobody writes
	stored := make(chan struct{})
	o := b.options(io.Discard)
	o.Answered = func(intake.Batch) error { close(stored); return nil }
	go func() { <-stored; cancel() }()
	result, err := intake.Run(ctx, io.MultiReader(strings.NewReader(line("R1", 1)+"\n"), silent), o)
	if !errors.Is(err, context.Canceled) || result.Stored != 1 || b.count(t, "pending") != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	silent.Close()
}

func TestEndedBefore(t *testing.T) {
	b := newBorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := intake.Run(ctx, strings.NewReader(line("R1", 1)), b.options(io.Discard))
	if !errors.Is(err, context.Canceled) || result != (intake.Result{}) || b.count(t, "consignment") != 0 {
		t.Errorf("%+v, %v", result, err)
	}
}

// A hundred thousand lines, many times the memory that the intake may hold:
// most of them wrong, so that the database does not take the time.
func TestBoundedMemory(t *testing.T) {
	const lines, bound = 100_000, 48 << 20
	b := newBorder(t)
	text := line("R1", 1, `"mode":3`, `"mode":33`, "Şəkər", strings.Repeat("ə", 300)) + "\n"
	in := &repeat{text: line("R0", 1) + "\n" + text, again: text, times: lines - 2}
	o := b.options(io.Discard)
	var most uint64
	batches := 0
	o.Answered = func(intake.Batch) error {
		if batches++; batches%10 == 0 { // reading the figures stops the world
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
		return nil
	}
	result, err := intake.Run(t.Context(), in, o)
	if want := (intake.Result{Lines: lines, Stored: 1, Rejected: lines - 1}); err != nil || result != want {
		t.Errorf("%+v, %v", result, err)
	}
	if most == 0 || most > bound {
		t.Errorf("%d MiB in use for a feed of %d MiB", most>>20, len(text)*lines>>20)
	}
}

// repeat reads text, and then again so many times more.
type repeat struct {
	text, again string
	times       int
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.text == "" {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.text, r.times = r.again, r.times-1
	}
	n := copy(b, r.text)
	r.text = r.text[n:]
	return n, nil
}

// What the sample makes is accepted whole, and the pending goods it promises
// to a trader are what the database then holds.
func TestSample(t *testing.T) {
	b := newBorder(t)
	var text bytes.Buffer
	must(t, sample.Generate(&text, sample.Options{
		Seed: 7, Consignments: 600, Now: noon, People: []sample.Person{{VOEN: "1499000151", Name: "«Nümunə» MMC", Pending: 33}},
	}))
	result, err := intake.Run(t.Context(), &text, intake.Options{DB: b.db, Now: func() time.Time { return noon }, Report: feed.NewReport(io.Discard)})
	if err != nil || result.Rejected != 0 || result.Heartbeats == 0 || result.Stored+result.Same+result.Older+result.Heartbeats != result.Lines {
		t.Errorf("%+v, %v", result, err)
	}
	if n := b.count(t, "consignment"); n != 600 {
		t.Errorf("%d consignments", n)
	}
	if n := b.count(t, "pending where voen = '1499000151'"); n != 33 {
		t.Errorf("%d pending of the trader", n)
	}
}
