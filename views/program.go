package views

import (
	"slices"
	"time"
)

// APIAccessPath is the address of the page of tokens for programs.
const APIAccessPath = "/api-access"

// TokenDays are how long a token may be good, in days, as the form offers it.
var TokenDays = []int{30, 90, 180, 365}

// TokenProblem says why a token was not made.
type TokenProblem string

// The reasons.
const (
	TokenNoName      TokenProblem = "no_name"
	TokenBadName     TokenProblem = "bad_name"
	TokenNoDays      TokenProblem = "no_days"
	TokenTooMany     TokenProblem = "too_many"
	TokenShownBefore TokenProblem = "shown_before" // the form was sent twice
)

// field is the form's field that the problem is about, or the list of tokens.
func (t TokenProblem) field() string {
	switch t {
	case TokenNoName, TokenBadName:
		return "name"
	case TokenNoDays:
		return "days"
	}
	return "tokens"
}

// ProgramView is the page of tokens for programs.
type ProgramView struct {
	Tokens    []Token // of the taxpayer, newest first
	Fresh     string  // a token that was made just now, shown this once; "": none
	FreshName string
	Withdrawn bool // a token was withdrawn just now
	Problem   TokenProblem
	Name      string // as typed
	Days      int    // as chosen
	Form      string // id of the token that the form would make
	Address   string // of the interface
	Most      int    // tokens that may be good at once
}

// Token is a program's access.
type Token struct {
	ID          string
	Name        string
	Person      string // who made it
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      *time.Time
	WithdrawnAt *time.Time
	Lost        bool // the person who made it may not act for the taxpayer any more
}

// state says how a token stands, and whether it is good.
func (t Token) state(p Page) (words string, good bool) {
	switch {
	case t.WithdrawnAt != nil:
		return p.L.T("program.state_withdrawn", "time", p.L.DateTime(*t.WithdrawnAt)), false
	case !p.Now.Before(t.ExpiresAt):
		return p.L.T("program.state_expired", "time", p.L.DateTime(t.ExpiresAt)), false
	case t.Lost:
		return p.L.T("program.state_lost"), false
	}
	return p.L.T("program.state_good", "time", p.L.DateTime(t.ExpiresAt)), true
}

// sorted puts the tokens that are good before those that are not.
func (v ProgramView) sorted(p Page) []Token {
	list := slices.Clone(v.Tokens)
	slices.SortStableFunc(list, func(a, b Token) int {
		_, x := a.state(p)
		_, y := b.state(p)
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	return list
}

// toMend says what is the matter.
func (v ProgramView) toMend(p Page) []toMend {
	if v.Problem == "" {
		return nil
	}
	return []toMend{{v.Problem.field(), p.L.T("program.problem."+string(v.Problem), "n", v.Most)}}
}
