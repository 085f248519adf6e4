package handlers

import (
	"context"
	"errors"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// The times of checkpoints are read seldom, and a database that does not answer
// takes none away.
func TestPacesAreKept(t *testing.T) {
	var s paces
	reads := 0
	answer := map[string]customs.Pace{"00911": {Completed: 7}}
	var fault error
	read := func(context.Context) (map[string]customs.Pace, error) { reads++; return answer, fault }
	now := time.Now()
	for range 3 {
		if got := s.get(t.Context(), now, read); got["00911"].Completed != 7 {
			t.Fatal(got)
		}
	}
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	answer, fault = nil, errors.New("gone")
	if got := s.get(t.Context(), now.Add(paceEvery), read); reads != 2 || got["00911"].Completed != 7 {
		t.Errorf("%d reads, %v", reads, got)
	}
	answer, fault = map[string]customs.Pace{"00911": {Completed: 8}}, nil
	if got := s.get(t.Context(), now.Add(2*paceEvery), read); got["00911"].Completed != 8 {
		t.Error(got)
	}
	// Where nothing was measured yet, that is soon another answer.
	var first paces
	answer = nil
	first.get(t.Context(), now, read)
	if answer = map[string]customs.Pace{"00911": {Completed: 9}}; first.get(t.Context(), now.Add(paceSoon), read)["00911"].Completed != 9 {
		t.Error("nothing is kept for long")
	}
	answer = map[string]customs.Pace{"00911": {Completed: 8}}
	// While one reads, the others have what there was.
	var inside map[string]customs.Pace
	s.get(t.Context(), now.Add(3*paceEvery), func(ctx context.Context) (map[string]customs.Pace, error) {
		inside = s.get(ctx, now.Add(3*paceEvery), read)
		return answer, nil
	})
	if inside["00911"].Completed != 8 {
		t.Error("somebody waits")
	}
}
