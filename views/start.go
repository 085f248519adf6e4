package views

import "customs.gov.az/portal/customs"

// StartView is the start page.
type StartView struct {
	Methods     []Method             // the ways to sign in that are offered
	Return      string               // the page to open after signing in, or ""
	SignedOut   bool                 // the visitor has just signed out
	Checkpoints []customs.Checkpoint // dots of the map in the heading; those without a place are left out
}

// start makes the frame of the start page.
func (p Page) start() Page {
	p.Title, p.Hero = p.L.T("start.title"), true
	return p
}
