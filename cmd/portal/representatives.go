package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"customs.gov.az/portal/db"
)

type representativesCommand struct {
	Import representativesImport `cmd:"" help:"Make a file the whole list of who may act for which taxpayer. Sessions that stood on what it no longer holds end."`
	List   representativesList   `cmd:"" help:"Print the list, one JSON object a line, in the form that import reads."`
}

type representativesImport struct {
	owner
	File string `arg:"" help:"CSV with a heading, or one JSON object a line: voen, organisation, pin, position, from, to, access, liquidated. - is standard input."`
}

type representativesList struct{ owner }

// Run replaces the list, or nothing if a line is wrong.
func (r *representativesImport) Run(ctx context.Context, e env) error {
	in := e.stdin
	if r.File != "-" {
		f, err := os.Open(r.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	list, err := readRepresentatives(in)
	if err != nil {
		return fmt.Errorf("nothing was changed:\n%w", err)
	}
	address, err := r.url()
	if err != nil {
		return err
	}
	ended, err := db.ReplaceRepresentatives(ctx, address, list)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "The list has %d lines. Sessions ended because of it: %d.\n", len(list), ended)
	return err
}

// Run prints the list.
func (r *representativesList) Run(ctx context.Context, e env) error {
	address, err := r.url()
	if err != nil {
		return err
	}
	list, err := db.Representatives(ctx, address)
	if err != nil {
		return err
	}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	for _, one := range list {
		if err := out.Encode(newRepresentativeLine(one)); err != nil {
			return err
		}
	}
	return nil
}

// representativeLine is a line of the list as files have it.
type representativeLine struct {
	VOEN         string `json:"voen"`
	Organisation string `json:"organisation"`
	PIN          string `json:"pin"`
	Position     string `json:"position"`
	From         string `json:"from"`
	To           string `json:"to,omitempty"`
	Access       bool   `json:"access"`
	Liquidated   bool   `json:"liquidated"`
}

func newRepresentativeLine(r db.Representative) representativeLine {
	l := representativeLine{
		VOEN: string(r.VOEN), Organisation: r.Organisation, PIN: string(r.PIN), Position: r.Position,
		From: r.From.Format(time.DateOnly), Access: r.Access, Liquidated: r.Liquidated,
	}
	if !r.To.IsZero() {
		l.To = r.To.Format(time.DateOnly)
	}
	return l
}
