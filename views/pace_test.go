package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// How long clearance takes stands with what it rests on, or that too little is
// known; never a time without its number.
func TestPaceOfACheckpoint(t *testing.T) {
	for _, c := range []struct {
		pace  customs.Pace
		lang  string
		wants []string
		never string
	}{
		{
			customs.Pace{Completed: 42, Median: 6 * time.Hour, P90: 50*time.Hour + 20*time.Minute},
			"en",
			[]string{"Half are cleared within 6 hours", "Nine in ten are cleared within 2 days 2 hours", "measured on 42 registrations of the last 28 days"},
			"Not enough",
		},
		{
			customs.Pace{Completed: 42, Median: 6 * time.Hour, P90: 50*time.Hour + 20*time.Minute},
			"az",
			[]string{"Yarısı bu müddətdə başa çatıb 6 saat", "10-dan 9-u bu müddətdə başa çatıb 2 gün 2 saat", "son 28 günün 42 qeydiyyatı"},
			"Kifayət",
		},
		{customs.Pace{Completed: 4}, "en", []string{"Not enough data: 4 registrations were completed in the last 28 days."}, "cleared within"},
		{customs.Pace{}, "az", []string{"Kifayət qədər məlumat yoxdur", "sayı 0"}, "başa çatıb 0"},
		{customs.Pace{Completed: 5, Median: time.Second, P90: time.Second}, "en", []string{"cleared within 1 minute"}, "Not enough"},
	} {
		p, g, d := samplePage(t, c.lang), sampleGoods(), sampleDetail()
		g.Query.Checkpoint, g.Paces, d.Pace = "00922", map[string]customs.Pace{"00922": c.pace}, c.pace
		for _, doc := range []string{text(only(t, parse(t, Goods(p, g)), "checkpoint")), text(only(t, parse(t, Details(p, d)), "checkpoint"))} {
			for _, want := range c.wants {
				if !strings.Contains(doc, want) {
					t.Errorf("%+v: no %q in %q", c.pace, want, doc)
				}
			}
			if strings.Contains(doc, c.never) {
				t.Errorf("%+v: %q", c.pace, doc)
			}
		}
	}
	// Without the filter the list has no such part, and all of them in a table.
	p, g := samplePage(t, "en"), sampleGoods()
	g.Paces = map[string]customs.Pace{"00922": {Completed: 9, Median: time.Hour, P90: 2 * time.Hour}}
	doc := parse(t, Goods(p, g))
	if len(byClass(doc, "checkpoint")) != 0 {
		t.Error("one checkpoint stands above all")
	}
	if got := text(only(t, doc, "freshness")); !strings.Contains(got, "half within 1 hour, nine in ten within 2 hours (from 9 registrations)") || !strings.Contains(got, "not enough data (0)") {
		t.Error(got)
	}
}

// A contact is shown where the list of checkpoints has one, and none is invented.
func TestContactOfACheckpoint(t *testing.T) {
	p, d := samplePage(t, "en"), sampleDetail()
	if got := text(only(t, parse(t, Details(p, d)), "checkpoint")); strings.Contains(got, "Contact") {
		t.Error(got)
	}
	d.Checkpoint.Contact = "(+994 25) 000-00-00"
	if got := text(only(t, parse(t, Details(p, d)), "checkpoint")); !strings.Contains(got, "Contact (+994 25) 000-00-00") {
		t.Error(got)
	}
}

// What follows is said for every status, and no two mean the same by accident:
// only the ends of clearance share their words.
func TestWhatHappensNext(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		seen := map[string]customs.Status{}
		for _, s := range append([]customs.Status{"scan"}, customs.PendingStatuses...) {
			d := sampleDetail()
			d.Detail.Consignment.Status = s
			words := p.L.StatusThen(s)
			if other, twice := seen[words]; twice || !strings.Contains(text(parse(t, Details(p, d))), words) {
				t.Errorf("%s: %s: %q (%s)", lang, s, words, other)
			}
			seen[words] = s
		}
	}
}

// The complaint starts from the registration, however its code is spelt.
func TestComplaintStartsHere(t *testing.T) {
	d := sampleDetail()
	d.Detail.Consignment.Registration = "26AZ/0901-17&x 3"
	if links := hrefs(parse(t, Details(samplePage(t, "az"), d))); !slices.Contains(links, "/appeals/complaint?registration=26AZ%2F0901-17%26x+3") {
		t.Errorf("no complaint about this registration: %v", links)
	}
}
