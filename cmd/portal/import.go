package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/intake"
)

type importCommand struct {
	Files       []string `arg:"" optional:"" help:"Files of the feed; - or none is standard input."`
	DatabaseURL string   `env:"PORTAL_DATABASE_URL" help:"PostgreSQL for serving (default: that of the demo that runs on --data). May come from PORTAL_DATABASE_URL_FILE."`
	FeedURL     string   `name:"feed-database-url" env:"PORTAL_FEED_DATABASE_URL" help:"PostgreSQL as the login role that stores the feed, if it is another one. May come from PORTAL_FEED_DATABASE_URL_FILE."`
	Data        string   `env:"PORTAL_DATA" default:".portal" type:"path" help:"Data folder of the demo."`
	Checkpoints string   `env:"PORTAL_CHECKPOINTS" type:"path" help:"JSON list of checkpoints (default: the built-in one)."`
	Report      string   `type:"path" help:"File for what is wrong or odd, one JSON object a line (default: FILE.report.ndjson beside each file, import.report.ndjson for standard input)."`
	Quiet       bool     `short:"q" help:"No progress bar."`
}

const errRejected = exitError(3) // exit code: stored, but not every line

// Run imports each file and says what became of its lines.
func (i *importCommand) Run(ctx context.Context, e env) error {
	checkpoints, err := loadCheckpoints(i.Checkpoints)
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, i.DatabaseURL, i.FeedURL, i.Data)
	if err != nil {
		return err
	}
	defer d.Close()
	files := i.Files
	if len(files) == 0 {
		files = []string{"-"}
	}
	if i.Report != "" && len(files) > 1 {
		return errors.New("--report goes with one file; without it each file has a report beside it")
	}
	known := func(code string) bool { _, ok := checkpoints.Get(code); return ok }
	var problems []error
	rejected := false
	for _, name := range files {
		result, err := i.one(ctx, e, name, intake.Options{DB: d, Known: known, Now: time.Now, Lanes: lanes()})
		rejected = rejected || result.Rejected > 0
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted; what was stored before stays, and the whole may be sent again")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	if rejected {
		return errRejected
	}
	return nil
}

// lanes is in how many transactions side by side a batch of a file is stored:
// PostgreSQL works on each with one processor.
func lanes() int { return min(runtime.NumCPU(), 4) }

// one imports one file. The report exists afterwards only if it says anything.
func (i *importCommand) one(ctx context.Context, e env, name string, o intake.Options) (intake.Result, error) {
	in, size, err := i.open(e, name)
	if err != nil {
		return intake.Result{}, err
	}
	defer in.Close()
	report, err := newReportFile(i.reportName(name))
	if err != nil {
		return intake.Result{}, err
	}
	o.Report = report.report
	reader, done := i.progress(e, in, size)
	began := time.Now()
	result, err := intake.Run(ctx, reader, o)
	done()
	kept, closeErr := report.close(err == nil)
	if err == nil {
		err = closeErr
	}
	fmt.Fprintf(e.stdout, "%s: %d lines in %s: %d stored, %d known already, %d older, %d heartbeats, %d rejected, %d with warnings\n",
		name, result.Lines, time.Since(began).Round(time.Millisecond), result.Stored, result.Same, result.Older,
		result.Heartbeats, result.Rejected, result.Warned)
	if kept {
		fmt.Fprintf(e.stdout, "%s: what was wrong or odd, by line: %s\n", name, report.name)
	}
	return result, err
}

func (i *importCommand) open(e env, name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(e.stdin), -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a folder")
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func (i *importCommand) reportName(name string) string {
	switch {
	case i.Report != "":
		return i.Report
	case name == "-":
		return "import.report.ndjson"
	default:
		return name + ".report.ndjson"
	}
}

// progress shows a bar while reading, on a terminal.
func (i *importCommand) progress(e env, in io.Reader, size int64) (io.Reader, func()) {
	f, ok := terminal(e, i.Quiet)
	if !ok {
		return in, func() {}
	}
	bar := newBar(f, size, progressbar.OptionShowBytes(true))
	r := progressbar.NewReader(in, bar)
	return &r, func() { _ = bar.Finish() }
}

// reportFile is written beside its name and gets it only if it says anything.
// What is no file, such as /dev/null or a pipe, is written as it goes and never
// replaced.
type reportFile struct {
	name   string
	file   *os.File
	plain  bool
	report *feed.Report
}

func newReportFile(name string) (*reportFile, error) {
	info, err := os.Stat(name)
	plain := err != nil || info.Mode().IsRegular() || info.IsDir()
	var f *os.File
	if plain {
		f, err = os.CreateTemp(filepath.Dir(name), ".report-*")
	} else {
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written; choose another place with --report: %w", err)
	}
	return &reportFile{name: name, file: f, plain: plain, report: feed.NewReport(f)}, nil
}

// close ends the report. Of an input that was taken whole without a word, no
// report of an earlier try stays either.
func (r *reportFile) close(whole bool) (kept bool, err error) {
	temp := r.file.Name()
	err = errors.Join(r.report.Flush(), r.file.Close())
	if !r.plain {
		return false, err
	}
	if s := r.report.Summary(); err != nil || s.Rejected+s.Warned == 0 {
		err = errors.Join(err, os.Remove(temp))
		if err == nil && whole {
			if err = os.Remove(r.name); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
		return false, err
	}
	if err := os.Chmod(temp, 0o644); err != nil {
		return false, err
	}
	return true, os.Rename(temp, r.name)
}
