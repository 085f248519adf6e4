package views

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"customs.gov.az/portal/locales"
)

// moment is one entry of a registration's history.
type moment struct {
	at      time.Time
	words   string
	notes   []string
	version string // tells an open page what is new
	current bool   // the status that it has now
}

// moments are the changes of status, each recorded by customs at the checkpoint
// that sends them, and the steps that are open, by who must take them; newest
// first. Steps that were taken are no longer in what the checkpoint sends.
func (d DetailView) moments(l *locales.Locale) []moment {
	out := make([]moment, 0, len(d.Detail.Events)+len(d.Detail.Consignment.Requires))
	for i, e := range d.Detail.Events {
		m := moment{
			at: e.At, words: l.Status(e.Status), current: i == 0,
			notes:   []string{l.T("list.recorded", "place", d.Checkpoint.Name(l.Lang()))},
			version: version(e.Received) + "." + strconv.FormatInt(e.Revision, 36),
		}
		if e.Received.Sub(e.At) > staleAfter {
			m.notes = append(m.notes, l.T("detail.received", "time", l.DateTime(e.Received)))
		}
		out = append(out, m)
	}
	for i, r := range d.Detail.Consignment.Requires {
		m := moment{
			at: r.Since, words: l.T("list.required", "who", actorWords(l, r.Who, r.Agency)),
			version: version(r.Since) + ".r" + strconv.Itoa(i),
		}
		if step := stepWords(l, r.Code, r.Who, r.Note); step != "" {
			m.notes = []string{step}
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b moment) int { return b.at.Compare(a.at) })
	return out
}

// complaintURL begins a complaint about a registration.
func complaintURL(registration string) string {
	return ComplaintPath + "?" + url.Values{"registration": {registration}}.Encode()
}
