package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	portal       string        // the binary to measure
	consignments int           // in the database
	traders      int           // who are signed in
	large        int           // pending consignments of one more
	rounds       int           // turns of each competitor
	turn         time.Duration // length of a turn
	streams      int           // open pages
	kills        int           // of PostgreSQL
	entries      int           // of the register that is verified
	only         string        // parts to run
}

// parts are what is measured, in this order. The last ones leave the server
// changed or gone.
func parts() []part {
	return []part{
		{"pages", pages},
		{"csv", files},
		{"large", large},
		{"growth", growth},
		{"archive", archive},
		{"streams", streams},
		{"browser", browser},
		{"import", imports},
		{"register", registers},
		{"start", starts},
		{"kill", kills},
	}
}

type part struct {
	name string
	run  func(context.Context, *world, io.Writer) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, or is one of the competitors: then the first argument says
// which.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 2 && args[0] == "merkle" {
		return hashLeaves(args[1], out)
	}
	if len(args) > 0 && (args[0] == "bare" || args[0] == "plain") {
		j, err := readJob(args[1:])
		if err != nil {
			return err
		}
		if args[0] == "bare" {
			return serveBare(ctx, j)
		}
		return servePlain(ctx, j)
	}
	s, err := readFlags(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return measure(ctx, s, out)
}

func readFlags(args []string, out io.Writer) (settings, error) {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&s.portal, "portal", "bin/portal", "the portal's binary")
	f.IntVar(&s.consignments, "n", 200_000, "consignments in the database; growth compares with 10,000")
	f.IntVar(&s.traders, "traders", 48, "traders who are signed in, each with a few pages of goods")
	f.IntVar(&s.large, "large", 50_000, "pending consignments of one trader more")
	f.IntVar(&s.rounds, "rounds", 5, "turns of each competitor")
	f.DurationVar(&s.turn, "turn", 3*time.Second, "length of a turn")
	f.IntVar(&s.streams, "streams", 10_000, "open pages whose memory is measured; needs as many file descriptors")
	f.IntVar(&s.kills, "kills", 20, "how often PostgreSQL is killed under load")
	f.IntVar(&s.entries, "entries", 1_000_000, "entries of the register that is verified")
	f.StringVar(&s.only, "only", strings.Join(names, ","), "parts to run")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.traders < 1 || s.rounds < 1 || s.turn <= 0 || s.entries < 1 || s.large < 0 || s.consignments < 2*perTrader*s.traders+2*s.large {
		return s, errors.New("every number must be positive, and the traders need some of the consignments")
	}
	for name := range strings.SplitSeq(s.only, ",") {
		if !strings.Contains(","+strings.Join(names, ",")+",", ","+name+",") {
			return s, fmt.Errorf("-only: %q is none of %v", name, names)
		}
	}
	return s, nil
}

// measure sets everything up and runs the parts.
func measure(ctx context.Context, s settings, out io.Writer) (err error) {
	w, err := newWorld(ctx, s, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, p := range parts() {
		if strings.Contains(","+s.only+",", ","+p.name+",") {
			if err := p.run(ctx, w, out); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}
