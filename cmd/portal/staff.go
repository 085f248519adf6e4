package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

type staffCommand struct {
	Add       staffAdd       `cmd:"" help:"Put an officer on the staff list, or change the line with this personal number; their sessions under another role, unit, name or number end."`
	List      staffList      `cmd:"" help:"Print the staff list, one JSON object a line."`
	Remove    staffRemove    `cmd:"" help:"Take an officer off the staff list; their sessions end."`
	Sensitive staffSensitive `cmd:"" help:"Taxpayers whose goods the call centre sees only when a second officer agrees."`
}

type staffAdd struct {
	owner
	PIN    string `name:"pin" required:"" help:"Personal number, as the officer's certificate has it."`
	Number string `required:"" help:"The officer's number: what pages and prints show instead of the name. Capital letters, digits and hyphens."`
	Name   string `required:"" help:"Given name and surname; only supervision and administrators see it."`
	Unit   string `required:"" help:"Unit, as traders see it in the history of who looked."`
	Role   string `required:"" enum:"operator,supervisor,administrator" help:"operator, supervisor or administrator."`
	Until  string `required:"" help:"Last day of the role, such as 2027-12-31."`
}

// Run puts the officer on the list.
func (s *staffAdd) Run(ctx context.Context, e env) error {
	m, err := s.member()
	if err != nil {
		return err
	}
	address, err := s.url()
	if err != nil {
		return err
	}
	if err := db.PutStaff(ctx, address, m); errors.Is(err, db.ErrStaffTaken) {
		return fmt.Errorf("--number: another officer has %s", m.Number)
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s is on the staff list as %s until %s.\n", m.Number, m.Role, s.Until)
	return err
}

// member checks the line, all of it at once.
func (s *staffAdd) member() (db.StaffMember, error) {
	var problems []error
	wrong := func(bad bool, what string) {
		if bad {
			problems = append(problems, errors.New(what))
		}
	}
	pin, err := customs.ParsePIN(s.PIN)
	wrong(err != nil, "--pin: 5 to 20 letters and digits")
	wrong(!customs.IsOfficerNumber(s.Number), "--number: up to 20 capital letters, digits and hyphens")
	wrong(!customs.IsLine(s.Name, 200), "--name: one line of up to 200 letters")
	wrong(!customs.IsLine(s.Unit, 200), "--unit: one line of up to 200 letters")
	until, err := time.Parse(time.DateOnly, s.Until)
	wrong(err != nil, "--until: a day such as 2027-12-31")
	return db.StaffMember{
		PIN: pin, Number: s.Number, Name: s.Name, Unit: s.Unit, Role: customs.StaffRole(s.Role), Until: until,
	}, errors.Join(problems...)
}

type staffList struct{ owner }

// Run prints the list.
func (s *staffList) Run(ctx context.Context, e env) error {
	address, err := s.url()
	if err != nil {
		return err
	}
	list, err := db.StaffList(ctx, address)
	if err != nil {
		return err
	}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	for _, m := range list {
		line := struct {
			Number string            `json:"number"`
			PIN    customs.PIN       `json:"pin"`
			Name   string            `json:"name"`
			Unit   string            `json:"unit"`
			Role   customs.StaffRole `json:"role"`
			Until  string            `json:"until"`
		}{m.Number, m.PIN, m.Name, m.Unit, m.Role, m.Until.Format(time.DateOnly)}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

type staffRemove struct {
	owner
	PIN string `arg:"" name:"pin" help:"Personal number."`
}

// Run takes the officer off the list.
func (s *staffRemove) Run(ctx context.Context, e env) error {
	pin, err := customs.ParsePIN(s.PIN)
	if err != nil {
		return errors.New("a personal number has 5 to 20 letters and digits")
	}
	address, err := s.url()
	if err != nil {
		return err
	}
	if err := db.RemoveStaff(ctx, address, pin); errors.Is(err, db.ErrStaffUnknown) {
		return errors.New("the staff list does not have this personal number")
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, "Removed. Sessions under it have ended.")
	return err
}

type staffSensitive struct {
	Add    sensitiveAdd    `cmd:"" help:"Mark a taxpayer as sensitive."`
	Remove sensitiveRemove `cmd:"" help:"Take the mark away."`
	List   sensitiveList   `cmd:"" help:"Print the sensitive taxpayers: VÖEN, day and note."`
}

type sensitiveAdd struct {
	owner
	VOEN string `arg:"" name:"voen" help:"Taxpayer number."`
	Note string `help:"Why, for the list."`
}

// Run marks a taxpayer.
func (s *sensitiveAdd) Run(ctx context.Context, e env) error {
	voen, err := customs.ParseVOEN(s.VOEN)
	if err != nil {
		return errors.New("a VÖEN has ten digits")
	}
	if s.Note != "" && !customs.IsLine(s.Note, 200) {
		return errors.New("--note: one line of up to 200 letters")
	}
	address, err := s.url()
	if err != nil {
		return err
	}
	if err := db.AddSensitive(ctx, address, voen, s.Note); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, "Marked: new cases about this taxpayer need a second officer.")
	return err
}

type sensitiveRemove struct {
	owner
	VOEN string `arg:"" name:"voen" help:"Taxpayer number."`
}

// Run takes the mark away.
func (s *sensitiveRemove) Run(ctx context.Context, e env) error {
	voen, err := customs.ParseVOEN(s.VOEN)
	if err != nil {
		return errors.New("a VÖEN has ten digits")
	}
	address, err := s.url()
	if err != nil {
		return err
	}
	if err := db.RemoveSensitive(ctx, address, voen); errors.Is(err, db.ErrNotFound) {
		return errors.New("this taxpayer is not marked")
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, "The mark is gone.")
	return err
}

type sensitiveList struct{ owner }

// Run prints the marked taxpayers.
func (s *sensitiveList) Run(ctx context.Context, e env) error {
	address, err := s.url()
	if err != nil {
		return err
	}
	list, err := db.SensitiveList(ctx, address)
	if err != nil {
		return err
	}
	for _, one := range list {
		line := string(one.VOEN) + " " + one.Added.Format(time.DateOnly) + " " + one.Note
		if _, err := fmt.Fprintln(e.stdout, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}
