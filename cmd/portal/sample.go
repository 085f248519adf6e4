package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/sample"
)

type sampleCommand struct {
	Count   int      `short:"n" default:"1000" help:"How many consignments."`
	Traders int      `help:"How many traders share them (default: one for ten consignments)."`
	Seed    uint64   `default:"1" help:"The same seed makes the same consignments for the same --now."`
	Now     string   `help:"The moment up to which things happened, RFC 3339 (default: now)."`
	Trader  []string `help:"A trader who shall have goods, as VOEN=pending; may be repeated." placeholder:"VOEN=N"`
	Latest  bool     `help:"Only the newest revision of each consignment, no history."`
	Out     string   `short:"o" type:"path" help:"File to write (default: standard output)."`
}

// Run writes the sample.
func (s *sampleCommand) Run(ctx context.Context, e env) (err error) {
	o := sample.Options{Seed: s.Seed, Consignments: s.Count, Traders: s.Traders, Now: time.Now(), Latest: s.Latest}
	if s.Now != "" {
		if o.Now, err = time.Parse(time.RFC3339, s.Now); err != nil {
			return fmt.Errorf("--now: %q is not an RFC 3339 time", s.Now)
		}
	}
	for _, t := range s.Trader {
		p, err := sampleTrader(t)
		if err != nil {
			return err
		}
		o.People = append(o.People, p)
	}
	out := e.stdout
	if s.Out != "" {
		f, err := os.Create(s.Out)
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := f.Close(); err == nil {
				err = closeErr
			}
		}()
		out = f
	}
	w := bufio.NewWriterSize(out, 1<<20)
	if err := sample.Generate(interrupted{ctx, w}, o); err != nil {
		return err
	}
	return w.Flush()
}

func sampleTrader(s string) (sample.Person, error) {
	voen, n, _ := strings.Cut(s, "=")
	v, err := customs.ParseVOEN(voen)
	pending, numErr := strconv.Atoi(n)
	if err != nil || numErr != nil || pending < 0 {
		return sample.Person{}, fmt.Errorf("--trader: %q is not ten digits, =, and a number", s)
	}
	return sample.Person{VOEN: v, Name: "“Nümunə Ticarət” MMC", Pending: pending}, nil
}

// interrupted is a writer that fails once ctx has ended.
type interrupted struct {
	ctx context.Context
	w   *bufio.Writer
}

func (i interrupted) Write(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(b)
}

type schemaCommand struct{}

// Run prints the schema.
func (schemaCommand) Run(e env) error {
	_, err := e.stdout.Write(feed.Schema())
	return err
}
