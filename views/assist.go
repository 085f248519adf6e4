package views

import (
	"time"

	"customs.gov.az/portal/customs"
)

// Behalf is the case under which an officer sees a trader's data.
type Behalf struct {
	Base         string // address of the case
	Number       string // of the case
	VOEN         customs.VOEN
	Organisation string // "" if it is not known
	Caller       string
	Confirmed    bool // by the trader's own one-time code
	Officer      string
	Until        time.Time
	Left         time.Duration
}
