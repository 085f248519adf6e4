package customs

import "time"

// Viewer is who looked at a trader's data, as the trader's own page names them.
type Viewer string

// The viewers.
const (
	ViewerOwn         Viewer = "own"         // a person of the trader, in the browser
	ViewerToken       Viewer = "token"       // a program of the trader, by API token
	ViewerOperator    Viewer = "operator"    // the call centre
	ViewerSupervision Viewer = "supervision" // supervisors and administrators
	ViewerSystem      Viewer = "system"      // the portal itself
)

// Viewers lists the viewers in the order in which a page offers them.
var Viewers = []Viewer{ViewerOwn, ViewerToken, ViewerOperator, ViewerSupervision, ViewerSystem}

// AccessQuery says which entries about a trader a page shows, newest first.
type AccessQuery struct {
	Viewer   Viewer // "" for all
	From, To string // on these days, YYYY-MM-DD, Baku time, both included; "": no bound
	Page     int    // from 1
}

// Access is one entry of the register of requests as the trader whom it
// concerns may know it.
type Access struct {
	ID        int64
	At        time.Time
	RequestID string // as a receipt names it
	Viewer    Viewer
	Channel   string
	Action    string
	Asked     string // path and query; "" for what supervision asked
	Outcome   string
	Results   int

	// Of the trader's own people and programs.
	Person string // or the name of the token
	Method string // how the person had signed in
	Self   bool   // the very person who reads the page

	// Of staff: never a name or number of an officer.
	Unit       string
	Case       string // number of the case
	Reason     string // code of the closed list
	ReasonText string
	Caller     string // as the caller named themselves
	Confirmed  bool   // by the trader's one-time code

	Report   string // id of the trader's newest question about this entry; "": none
	Answered bool   // whether it is answered
}

// AccessLog answers an AccessQuery.
type AccessLog struct {
	AsOf      time.Time // the database's clock at the read
	Rows      []Access
	Counts    map[Viewer]int // of the asked days, by viewer
	Total     int            // of the filtered set
	Page      int            // the page shown, from 1, never past the last
	Pages     int            // at least 1
	Since     time.Time      // the oldest entry about the trader; zero: there is none
	Forgotten time.Time      // of what is older, retention has deleted personal data; zero: of nothing
	Help      TelephoneHelp  // what the trader allows
}

// TelephoneHelp is what a trader allows the call centre.
type TelephoneHelp string

// The choices: operators may open cases; only with the trader's one-time code;
// not at all.
const (
	HelpOn   TelephoneHelp = "on"
	HelpCode TelephoneHelp = "code"
	HelpOff  TelephoneHelp = "off"
)

// TelephoneHelps are the choices in the order of a form.
var TelephoneHelps = []TelephoneHelp{HelpOn, HelpCode, HelpOff}

// HelpOf is the choice that two rights make.
func HelpOf(allowed, codeRequired bool) TelephoneHelp {
	switch {
	case !allowed:
		return HelpOff
	case codeRequired:
		return HelpCode
	}
	return HelpOn
}

// CodeDigits is the length of a one-time code, which a trader reads out to the
// call centre: with five tries, one chance in twenty million to guess it.
const CodeDigits = 8

// AccessCode reads a one-time code as people write it down: with blanks and
// hyphens. It is "" for what cannot be one.
func AccessCode(s string) string {
	s = typedDigits.Replace(s)
	if len(s) != CodeDigits || !digits(s) {
		return ""
	}
	return s
}
