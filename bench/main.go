package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// settings are the flags.
type settings struct {
	portal       string        // the binary to measure
	consignments int           // in the database
	traders      int           // who are signed in
	connections  int           // of the load generator
	rounds       int           // turns of each competitor
	turn         time.Duration // length of a turn
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
	if len(args) > 0 && args[0] == "bare" {
		return serveBare(ctx, args[1:])
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
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&s.portal, "portal", "bin/portal", "the portal's binary")
	f.IntVar(&s.consignments, "n", 100_000, "consignments in the database")
	f.IntVar(&s.traders, "traders", 64, "traders who are signed in, each with a few pages of goods")
	f.IntVar(&s.connections, "c", 32, "connections")
	f.IntVar(&s.rounds, "rounds", 5, "turns of each competitor")
	f.DurationVar(&s.turn, "turn", 3*time.Second, "length of a turn")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.consignments < perTrader*2*s.traders || s.traders < 1 || s.connections < 1 || s.rounds < 1 || s.turn <= 0 {
		return s, errors.New("every number must be positive, and the traders need some of the consignments")
	}
	return s, nil
}

// measure sets everything up, lets the competitors take turns and prints.
func measure(ctx context.Context, s settings, out io.Writer) (err error) {
	w, err := newWorld(ctx, s, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return goodsPage(ctx, w, out)
}
