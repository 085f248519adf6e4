package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"customs.gov.az/portal/db/dbtest"
)

// TestMain makes portal a command of the scripts: the program itself, in a
// process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"portal": main})
}

// TestScripts runs the program as its operators do. A script finds a fresh
// database in the settings of the portal, and an empty one, never migrated, in
// EMPTY and EMPTY_OWNER.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			f, empty := dbtest.New(t), dbtest.NewEmpty(t)
			testscript.Run(t, testscript.Params{
				Files:               []string{file},
				RequireExplicitExec: true,
				Setup: func(e *testscript.Env) error {
					e.Setenv("PORTAL_DATABASE_URL", f.URL)
					e.Setenv("PORTAL_OWNER_DATABASE_URL", f.OwnerURL)
					e.Setenv("SUPERUSER", f.SuperuserURL)
					e.Setenv("EMPTY", empty.URL)
					e.Setenv("EMPTY_OWNER", empty.OwnerURL)
					return nil
				},
			})
		})
	}
}
