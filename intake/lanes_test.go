package intake_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"customs.gov.az/portal/intake"
)

// What a file leaves behind, and what is reported of it, does not depend on how
// many transactions stored it side by side: registrations that go from one
// checkpoint to another, revisions out of order, repeats and contradictions
// within one batch included.
func TestLanesChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 4))
	checkpoints := []string{"00901", "00902", "00911", "00911", "00911", "00952"}
	statuses := []string{"registered", "docs_check", "held", "released"}
	var text strings.Builder
	for range 3000 {
		switch r.IntN(20) {
		case 0:
			fmt.Fprintf(&text, `{"checkpoint":%q,"as_of":"2026-03-02T11:%02d:00Z"}`+"\n", checkpoints[r.IntN(6)], r.IntN(60))
		case 1:
			text.WriteString("{broken\n")
		default:
			text.WriteString(line(fmt.Sprint("R", r.IntN(700)), 1+r.IntN(5),
				"00911", checkpoints[r.IntN(6)], `"status":"registered"`, fmt.Sprintf(`"status":%q`, statuses[r.IntN(4)])) + "\n")
		}
	}
	left := func(b border) (rows string) {
		const all = `
			select string_agg(t, e'\n' order by t) from (
			  select format('%s %s %s %s %s', registration, revision, checkpoint, status, pending) as t from consignment
			  union all select format('%s %s %s event', registration, revision, status) from consignment_event
			  union all select format('%s %s %s pending', registration, checkpoint, status) from pending
			  union all select format('%s %s', code, as_of) from checkpoint) x`
		must(t, b.su.QueryRow(t.Context(), all).Scan(&rows))
		return rows
	}
	var want string
	var first intake.Result
	var told string
	for _, n := range []int{1, 2, 4} {
		b := newBorder(t)
		var report bytes.Buffer
		o := b.options(&report)
		o.Lanes = n
		result, err := intake.Run(t.Context(), strings.NewReader(text.String()), o)
		must(t, err)
		if n == 1 {
			want, first, told = left(b), result, report.String()
			if result.Older < 100 || result.Same+result.Rejected < 100 || result.Stored < 500 || result.Heartbeats < 100 {
				t.Fatalf("%+v: the test does not test", result)
			}
			continue
		}
		if got := left(b); result != first || report.String() != told || got != want {
			t.Errorf("%d lanes: %+v, not %+v; the same report: %v, the same rows: %v", n, result, first, report.String() == told, got == want)
		}
	}
}
