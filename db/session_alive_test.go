package db_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"customs.gov.az/portal/db"
)

// Many sessions are asked about at once: each by its own secret, in order, as
// asking about one would.
func TestAliveSessions(t *testing.T) {
	_, d := open(t)
	a, b, ended := signIn(t, d, aysel), signIn(t, d, rashad), signIn(t, d, aysel)
	must(t, d.EndSession(t.Context(), ended))
	wrong := a
	wrong.Secret[0]++
	unknown := db.SessionKey{ID: uuid.New()}
	got, err := d.AliveSessions(t.Context(), []string{a.String(), wrong.String(), "", b.String(), ended.String(), unknown.String(), "nonsense", a.String()})
	must(t, err)
	if want := []bool{true, false, false, true, false, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, err := d.AliveSessions(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	d.Close()
	if _, err := d.AliveSessions(t.Context(), []string{a.String()}); err == nil {
		t.Error("a database that is gone knows")
	}
}
