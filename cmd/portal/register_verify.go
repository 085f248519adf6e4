package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/register/witness"
)

type registerVerify struct {
	owner
	known
	From       int64    `help:"First entry (default: 1)."`
	To         int64    `help:"Last entry (default: the last sealed one)."`
	Checkpoint []string `type:"path" env:"PORTAL_REGISTER_WITNESS_DIR" sep:"none" help:"Checkpoints from outside the database: a folder of PORTAL_REGISTER_WITNESS_DIR, or a file with one."`
	Receipt    string   `type:"existingfile" help:"Check this receipt and nothing else, without a database."`
	Quiet      bool     `short:"q" help:"No progress bar."`
}

const errBroken = exitError(4) // exit code: the register, or the receipt, is not what was signed

// Run verifies the register, or a receipt, and says what it found.
func (v *registerVerify) Run(ctx context.Context, e env) error {
	verifiers, err := v.verifiers(v.Data)
	if err != nil {
		return err
	}
	if v.Receipt != "" {
		return v.receipt(e, verifiers)
	}
	url, err := v.url()
	if err != nil {
		return err
	}
	if v.From < 0 || v.To < 0 || v.To != 0 && v.To < v.From {
		return errors.New("--from and --to: the last entry is not before the first, and both are at least 1")
	}
	o := db.VerifyOptions{Verifiers: verifiers, From: v.From, To: v.To}
	places := v.places()
	broken := 0
	if len(places) > 0 {
		o.Outside = func(visit func(register.Checkpoint) error) error {
			return outside(places, verifiers, visit, func(what string) {
				broken++
				fmt.Fprintln(e.stdout, "WRONG ", what)
			})
		}
	}
	var done func()
	o.Progress, done = v.progress(e)
	began := time.Now()
	report, err := db.Verify(ctx, url, o)
	done()
	if err != nil {
		return err
	}
	tell(e.stdout, report, time.Since(began))
	if len(places) == 0 {
		fmt.Fprintln(e.stdout, "Without --checkpoint a register that was cut at its end, or restored from an old backup, cannot be told from a short one.")
	}
	if !report.OK() || broken > 0 {
		return errBroken
	}
	return nil
}

// places are where checkpoints from outside lie; the demo's are known.
func (v *registerVerify) places() []string {
	if len(v.Checkpoint) > 0 || v.OwnerURL != "" {
		return v.Checkpoint
	}
	dir := filepath.Join(v.Data, demoCheckpoints)
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	return []string{dir}
}

// outside visits the checkpoints of folders and files.
func outside(places []string, v *register.Verifiers, visit func(register.Checkpoint) error, wrong func(string)) error {
	for _, place := range places {
		info, err := os.Stat(place)
		if err != nil {
			return err
		}
		if info.IsDir() {
			if err := witness.All(place, v, visit, func(p witness.Problem) error { wrong(p.Error()); return nil }); err != nil {
				return err
			}
			continue
		}
		b, err := os.ReadFile(place)
		if err != nil {
			return err
		}
		c, err := v.Open(string(b))
		if err != nil {
			wrong(place + ": not a checkpoint signed by a known key")
			continue
		}
		if err := visit(c); err != nil {
			return err
		}
	}
	return nil
}

// progress shows a bar while entries are read, on a terminal.
func (v *registerVerify) progress(e env) (func(done, all int64), func()) {
	f, ok := terminal(e, v.Quiet)
	if !ok {
		return nil, func() {}
	}
	bar := newBar(f, -1, progressbar.OptionShowCount())
	return func(done, all int64) {
		bar.ChangeMax64(all)
		_ = bar.Set64(done)
	}, func() { _ = bar.Finish() }
}

// faults says in words what each fault means, with the entry's number and the
// other one.
var faults = map[db.Fault]string{
	db.EntryChanged:      "entry %[1]d was changed after it was sealed",
	db.EntryRemoved:      "entry %[1]d was removed after it was sealed",
	db.EntryAdded:        "entry %[1]d was added: nothing stood there when its number was sealed",
	db.EntryMoved:        "entry %[1]d was moved: it was sealed as entry %[2]d",
	db.TreeChanged:       "the stored tree was changed at entry %[1]d",
	db.TreeMissing:       "the stored tree is missing from entry %[1]d on",
	db.TreeLonger:        "the stored tree goes on behind entry %[1]d, the last that a checkpoint signs",
	db.CheckpointBroken:  "the checkpoint of %[1]d entries is not signed by a known key",
	db.CheckpointDiffers: "the checkpoint of %[1]d entries signs other entries than these: one from %[2]d to %[1]d was changed, and the stored tree with it",
	db.CheckpointRemoved: "the checkpoint of %[1]d entries was removed: it is kept outside",
	db.OutsideAhead:      "%[1]d entries were signed outside, the register holds %[2]d: it was cut, or restored from an old backup",
	db.OutsideDiffers:    "the checkpoint of %[1]d entries that is kept outside signs other entries than these",
}

// tell writes a report.
func tell(w io.Writer, r db.Report, took time.Duration) {
	for _, p := range r.Problems {
		text := fmt.Sprintf(faults[p.Fault]+"%.0[2]d", p.ID, p.Other)
		fmt.Fprintln(w, "WRONG ", text)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "WRONG  and %d more\n", r.More)
	}
	if r.OK() {
		fmt.Fprintln(w, "OK     every entry is the one that was sealed")
	}
	fmt.Fprintf(w, "%d of %d sealed entries looked at in %s: %d numbers never used, %d without personal data; %d checkpoints, %d outside\n",
		r.Checked, r.Size, took.Round(time.Millisecond), r.Gaps, r.Forgotten, r.Checkpoints, r.Outside)
	if r.Unsealed > 0 {
		fmt.Fprintf(w, "%d entries wait for the sealer, since %s\n", r.Unsealed, r.Waiting.UTC().Format(time.RFC3339))
	}
}

// receipt checks one receipt.
func (v *registerVerify) receipt(e env, verifiers *register.Verifiers) error {
	b, err := os.ReadFile(v.Receipt)
	if err != nil {
		return err
	}
	r, err := register.ParseReceipt(b)
	var p register.Proved
	if err == nil {
		p, err = verifiers.Check(r)
	}
	if err != nil {
		fmt.Fprintln(e.stdout, "WRONG ", refusal(err))
		return errBroken
	}
	fmt.Fprintf(e.stdout, "OK     proved by %s, signed at %d entries\n", p.Checkpoint.Origin, p.Checkpoint.Tree.N)
	for _, line := range []struct{ name, value string }{
		{"answered at", p.Record.At.UTC().Format(time.RFC3339Nano)},
		{"outcome", string(p.Record.Outcome)},
		{"consignments", fmt.Sprint(p.Record.Results)},
		{"VÖEN", opened(p.Opened[register.Subject])},
		{"asked", opened(p.Opened[register.Asked])},
		{"by", p.Record.Actor + ", " + p.Record.Channel},
		{"processing time", p.Record.Elapsed.String()},
		{"request", p.Record.RequestID.String()},
		{"entry", fmt.Sprint(p.Record.ID)},
	} {
		fmt.Fprintf(e.stdout, "       %-16s %s\n", line.name, line.value)
	}
	return nil
}

func opened(value *string) string {
	if value == nil {
		return "(not opened by this receipt)"
	}
	return *value
}

// refusal says in words why a receipt proves nothing.
func refusal(err error) string {
	switch {
	case errors.Is(err, register.ErrOpening):
		return "a value of the receipt is not the one that the entry holds"
	case errors.Is(err, register.ErrCheckpoint):
		return "its checkpoint is not signed by a known key of the log"
	case errors.Is(err, register.ErrInclusion):
		return "its entry is not in the log that its checkpoint signs"
	default:
		return "this is not a receipt, or it was changed"
	}
}
