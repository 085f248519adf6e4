package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/pgserver"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/intake"
)

// perTrader is how many pending consignments a signed-in trader has: two pages
// and a bit, as a busy importer would.
const perTrader = 60

// database is the name of the database on the private server.
const database = "portal"

// world is everything that runs: the server, the portal, and who is signed in.
type world struct {
	settings
	dir      string
	server   *pgserver.Server
	db       *db.DB
	people   []sample.Person
	programs []*program
	portal   *portal
	log      *recorder

	cookies       []string   // of the portal, one a trader
	large         []string   // of the trader with very many consignments
	keys          []string   // session keys of the same traders, for the competitors
	registrations []string   // one of each
	recordings    []recorded // the list, a search and the details of a registration
}

func newWorld(ctx context.Context, s settings, out io.Writer) (w *world, err error) {
	dir, err := os.MkdirTemp("", "portal-bench-")
	if err != nil {
		return nil, err
	}
	w = &world{settings: s, dir: dir, log: &recorder{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	if err := w.openDatabase(ctx); err != nil {
		return nil, err
	}
	w.people = traders(s.traders)
	if s.large > 0 {
		w.people = append(w.people, traders(s.traders + 1)[s.traders:]...)
		w.people[s.traders].Pending = s.large
	}
	began := time.Now()
	if err := fill(ctx, w.db, sample.Options{Seed: 1, Consignments: s.consignments, Traders: min(s.consignments/10, 100_000), Now: time.Now(), People: w.people}); err != nil {
		return nil, err
	}
	took := time.Since(began)
	fmt.Fprintf(out, "%d consignments stored in %s (%.0f a second)\n\n", s.consignments, took.Round(time.Second), float64(s.consignments)/took.Seconds())
	if err := democa.Create(dir, time.Now()); err != nil {
		return nil, err
	}
	if w.portal, err = newPortal(); err != nil {
		return nil, err
	}
	return w, w.prepare(ctx)
}

// prepare signs everybody in and records what the portal asks for its pages,
// then starts it anew without a record.
func (w *world) prepare(ctx context.Context) error {
	if err := w.recording(ctx, true); err != nil {
		return err
	}
	if err := w.startPortal(ctx, database); err != nil {
		return err
	}
	if err := w.signIn(ctx); err != nil {
		return err
	}
	for _, path := range []string{"/goods", searchPath, "/goods/" + w.registrations[0], csvPath} {
		if err := w.recordPage(ctx, path); err != nil {
			return err
		}
	}
	if err := w.recording(ctx, false); err != nil {
		return err
	}
	if err := w.stop(w.portal.program); err != nil {
		return err
	}
	return w.startPortal(ctx, database)
}

// recordPage asks for a page as the first trader; once before, so that what
// only a first page does is over.
func (w *world) recordPage(ctx context.Context, path string) error {
	if _, _, err := w.fetch(ctx, 0, path); err != nil {
		return err
	}
	page := recorded{Path: path}
	var err error
	page.Statements, err = w.log.record(func() error {
		_, page.Body, err = w.fetch(ctx, 0, path)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range page.Statements {
		if strings.Contains(s.SQL, "set_config('portal.session'") && len(s.Args) > 0 {
			page.Setting = *s.Args[0]
		}
	}
	w.recordings = append(w.recordings, page)
	return nil
}

// openDatabase starts a durable server and migrates.
func (w *world) openDatabase(ctx context.Context) error {
	var err error
	if err = w.startServer(ctx); err != nil {
		return err
	}
	if err := db.Bootstrap(ctx, w.server.URL("postgres", "postgres"), database); err != nil {
		return err
	}
	if err := db.Migrate(ctx, w.server.URL("portal_owner", database), "portal"); err != nil {
		return err
	}
	w.db, err = db.Open(ctx, w.server.URL("portal", database), db.Options{})
	return err
}

// serverOptions are those of a durable server of production's settings that
// matter here.
func (w *world) serverOptions() pgserver.Options {
	return pgserver.Options{
		Dir: filepath.Join(w.dir, "postgres"), Log: w.log,
		Settings: map[string]string{"log_line_prefix": logPrefix, "max_wal_size": "4GB"},
	}
}

// traders are the people who sign in, under taxpayer numbers that the sample
// gives to nobody else.
func traders(n int) []sample.Person {
	var list []sample.Person
	for serial := 990_000; len(list) < n; serial++ {
		for d := range 10 {
			if v := customs.VOEN(fmt.Sprintf("14%06d%d1", serial, d)); v.CheckDigitOK() {
				list = append(list, sample.Person{VOEN: v, Name: "«Ölçü Ticarət» MMC", Pending: perTrader})
				break
			}
		}
	}
	return list
}

// fill stores consignments the way a file of the feed comes.
func fill(ctx context.Context, d *db.DB, o sample.Options) error {
	o.Latest = true
	read, write := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		err := sample.Generate(write, o)
		return write.CloseWithError(err)
	})
	checkpoints := customs.BuiltInCheckpoints()
	known := func(code string) bool { _, ok := checkpoints.Get(code); return ok }
	result, err := intake.Run(ctx, read, intake.Options{DB: d, Known: known, Now: time.Now, Lanes: 2})
	read.CloseWithError(err)
	if err := errors.Join(err, g.Wait()); err != nil {
		return err
	}
	if result.Rejected > 0 {
		return fmt.Errorf("%d sample lines were rejected", result.Rejected)
	}
	return nil
}

// close stops everything, in the order opposite to the start.
func (w *world) close() error {
	var problems []error
	for len(w.programs) > 0 {
		problems = append(problems, w.stop(w.programs[len(w.programs)-1]))
	}
	if w.db != nil {
		w.db.Close()
	}
	if w.server != nil {
		problems = append(problems, w.server.Stop())
	}
	return errors.Join(append(problems, os.RemoveAll(w.dir))...)
}

// program is a server of its own process.
type program struct {
	command *exec.Cmd
	log     *os.File
}

// start runs a program, whose log goes to a file as it would in production.
func (w *world) start(ctx context.Context, env []string, name string, args ...string) (*program, error) {
	log, err := os.Create(filepath.Join(w.dir, fmt.Sprintf("%d.log", time.Now().UnixNano())))
	if err != nil {
		return nil, err
	}
	p := &program{command: exec.CommandContext(ctx, name, args...), log: log}
	p.command.Env = append(os.Environ(), env...)
	p.command.Stdout, p.command.Stderr = log, log
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	w.programs = append(w.programs, p)
	return p, nil
}

// stop ends a program and forgets it.
func (w *world) stop(p *program) error {
	w.programs = slices.DeleteFunc(w.programs, func(o *program) bool { return o == p })
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = p.command.Wait()                          // what it says on leaving is of no interest
	return p.log.Close()
}

// lastWords are the end of what a program wrote.
func (p *program) lastWords() string {
	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(bytes.TrimSpace(b[max(0, len(b)-1000):])))
}
