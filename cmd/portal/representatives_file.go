package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

const (
	maxRepresentativeProblems = 20 // told at once
	maxRepresentativeText     = 400
)

var representativeColumns = []string{"voen", "organisation", "pin", "position", "from", "to", "access", "liquidated"}

// readRepresentatives reads CSV (RFC 4180, comma or semicolon, with a heading)
// or one JSON object a line, and reports what is wrong by line.
func readRepresentatives(in io.Reader) ([]db.Representative, error) {
	b := bufio.NewReader(in)
	if bom, err := b.Peek(3); err == nil && bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // it was just seen
	}
	first, err := b.Peek(1)
	if err != nil {
		return nil, errors.New("the file is empty; a list of nobody has a heading and no lines")
	}
	r := representativeReader{keys: map[string]int{}}
	if first[0] == '{' {
		err = r.objects(b)
	} else {
		err = r.table(b)
	}
	return r.list, errors.Join(err, errors.Join(r.problems...))
}

type representativeReader struct {
	list     []db.Representative
	keys     map[string]int // line of each person, taxpayer and first day
	problems []error
}

func (r *representativeReader) objects(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<10)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var l representativeLine
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil || d.More() {
			r.wrong(n, "is not an object with the members "+strings.Join(representativeColumns, ", "))
			continue
		}
		r.add(n, l)
	}
	return lines.Err()
}

func (r *representativeReader) table(in *bufio.Reader) error {
	t := csv.NewReader(in)
	if heading, err := in.Peek(min(in.Size(), 200)); len(heading) > 0 && (err == nil || errors.Is(err, io.EOF)) {
		line, _, _ := bytes.Cut(heading, []byte("\n"))
		if bytes.IndexByte(line, ';') >= 0 {
			t.Comma = ';'
		}
	}
	heading, err := t.Read()
	if err != nil || !slices.Equal(heading, representativeColumns) {
		return errors.New("line 1: the heading is " + strings.Join(representativeColumns, ","))
	}
	for {
		row, err := t.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return fmt.Errorf("line %d: cannot be read as CSV", bad.StartLine)
		}
		if err != nil {
			return err
		}
		n, _ := t.FieldPos(0)
		access, okAccess := yes(row[6])
		liquidated, okLiquidated := yes(row[7])
		if !okAccess || !okLiquidated {
			r.wrong(n, "access and liquidated are true or false")
			continue
		}
		r.add(n, representativeLine{
			VOEN: row[0], Organisation: row[1], PIN: row[2], Position: row[3], From: row[4], To: row[5],
			Access: access, Liquidated: liquidated,
		})
	}
}

func yes(s string) (value, ok bool) { return s == "true", s == "true" || s == "false" }

// add checks a line. What is wrong is said without the line's personal data.
func (r *representativeReader) add(n int, l representativeLine) {
	voen, err := customs.ParseVOEN(l.VOEN)
	if err != nil {
		r.wrong(n, "voen has ten digits")
		return
	}
	pin, err := customs.ParsePIN(l.PIN)
	if err != nil {
		r.wrong(n, "pin has 5 to 20 letters and digits")
		return
	}
	for _, text := range []string{l.Organisation, l.Position} {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxRepresentativeText || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' }) {
			r.wrong(n, "organisation and position are texts of one line")
			return
		}
	}
	from, err := time.Parse(time.DateOnly, l.From)
	if err != nil {
		r.wrong(n, "from is a day such as 2026-01-31")
		return
	}
	var to time.Time
	if l.To != "" {
		if to, err = time.Parse(time.DateOnly, l.To); err != nil || to.Before(from) {
			r.wrong(n, "to is a day not before from, or nothing")
			return
		}
	}
	key := string(pin) + " " + string(voen) + " " + l.From
	if before, twice := r.keys[key]; twice {
		r.wrong(n, fmt.Sprintf("says the same person, taxpayer and first day as line %d", before))
		return
	}
	r.keys[key] = n
	r.list = append(r.list, db.Representative{
		VOEN: voen, Organisation: l.Organisation, PIN: pin, Position: l.Position, From: from, To: to,
		Access: l.Access, Liquidated: l.Liquidated,
	})
}

func (r *representativeReader) wrong(n int, what string) {
	if len(r.problems) < maxRepresentativeProblems {
		r.problems = append(r.problems, fmt.Errorf("line %d: %s", n, what))
	}
}
