package push

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Between a delivery and the move to done/ a file may be changed, or replaced by
// a rename: what nobody has delivered stays in the folder.
func TestOnlyWhatWasDeliveredIsMoved(t *testing.T) {
	for what, happens := range map[string]func(t *testing.T, name string){
		"nothing":  func(*testing.T, string) {},
		"appended": func(t *testing.T, name string) { write(t, name, "one\ntwo\n") },
		"replaced": func(t *testing.T, name string) {
			write(t, name+".new", "new\n")
			if err := os.Rename(name+".new", name); err != nil {
				t.Fatal(err)
			}
		},
	} {
		name := filepath.Join(t.TempDir(), "a.ndjson")
		write(t, name, "one\n")
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
		delivered, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		happens(t, name)
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := moveToDone(name, delivered); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		place := name
		if what == "nothing" {
			place = filepath.Join(filepath.Dir(name), "done", "a.ndjson")
		}
		if got, err := os.ReadFile(place); err != nil || string(got) != string(want) {
			t.Errorf("%s: %s holds %q, %v", what, place, got, err)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*", "*"))
		if err != nil || (len(files) == 1) != (what == "nothing") {
			t.Errorf("%s: in done/ are %v, %v", what, files, err)
		}
	}
}

// What goes back while another already stands there is a file of its own.
func TestWhatGoesBackOverwritesNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.ndjson.gz")
	write(t, name, "there")
	dir := filepath.Dir(name)
	for _, want := range []string{"a.1.ndjson.gz", "a.2.ndjson.gz"} {
		got, err := free(filepath.Join(dir, "a"), ".ndjson.gz")
		if err != nil || got != filepath.Join(dir, want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		write(t, got, "there")
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
