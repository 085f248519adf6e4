package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"customs.gov.az/portal/register"
)

// manual is the command line as a model: every command with its flags.
func manual(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("portal"), kong.PostBuild(paths))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

var secretFile = regexp.MustCompile(`May come from (PORTAL_[A-Z_]+)_FILE`)

// Every setting of every command: it has words, one variable that begins with
// PORTAL_, the same default wherever it is named, and a row where operators
// look for it.
func TestSettingsAreOfOnePiece(t *testing.T) {
	var pages strings.Builder
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../../README.md") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pages.Write(b)
	}
	defaults, missing, seen := map[string]string{}, map[string]bool{}, 0
	for _, command := range manual(t).Leaves(true) {
		if command.Help == "" {
			t.Errorf("%s has no words", command.Path())
		}
		for _, group := range command.AllFlags(true) {
			for _, f := range group {
				if f.Name == "help" {
					continue
				}
				if f.Help == "" {
					t.Errorf("%s --%s has no words", command.Path(), f.Name)
				}
				for _, env := range f.Envs {
					seen++
					if !strings.HasPrefix(env, "PORTAL_") || len(f.Envs) != 1 {
						t.Errorf("%s --%s comes from %v", command.Path(), f.Name, f.Envs)
					}
					if before, ok := defaults[env]; ok && before != f.Default {
						t.Errorf("%s is %q for one command and %q for %s", env, before, f.Default, command.Path())
					}
					defaults[env] = f.Default
					family := env[:strings.Index(env[len("PORTAL_"):], "_")+len("PORTAL__")]
					if !regexp.MustCompile(`\b`+env+`\b`).MatchString(pages.String()) && !strings.Contains(pages.String(), family+"…") && !strings.Contains(pages.String(), "…_"+env[len(family):]) {
						missing[env] = true
					}
					if m := secretFile.FindStringSubmatch(f.Help); m != nil && m[1] != env {
						t.Errorf("%s says it may come from %s", env, m[0])
					}
				}
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("in no page: %v", slices.Sorted(maps.Keys(missing)))
	}
	if seen < 100 || len(defaults) < 50 {
		t.Errorf("%d settings, %d variables: where are the others?", seen, len(defaults))
	}
}

// A secret may come from a file, for every command that takes it: a file that
// is missing, is a folder or holds nothing is told by the setting's name, and
// nothing that is in a file is ever printed.
func TestEverySecretFromAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	line := write("line.ndjson", "{}\n")
	key, _, err := register.NewKey("portal.example/register")
	if err != nil {
		t.Fatal(err)
	}
	write(demoRegisterKey, key)
	// How each command is called so that it comes to its secrets.
	calls := map[string][]string{
		"serve": {"serve", "--trust", dir}, "demo": {"demo", "--data", dir}, "migrate": {"migrate"}, "import": {"import", line},
		"archive": {"archive"}, "feed push": {"feed", "push", line, "--url", "http://127.0.0.1:1", "--give-up", "1"},
		"representatives import": {"representatives", "import", write("list.csv", "voen,organisation,pin,position,from,to,access,liquidated\n1499000151,X,5A7KM2L,d,2020-01-01,,true,false\n")},
		"representatives list":   {"representatives", "list"},
		"staff add":              {"staff", "add", "--pin", "3G7HN2Q", "--number", "OP-1", "--name", "A", "--unit", "B", "--role", "operator", "--until", "2099-01-01"},
		"staff remove":           {"staff", "remove", "3G7HN2Q"}, "staff list": {"staff", "list"},
		"staff sensitive add": {"staff", "sensitive", "add", "1499000151"}, "staff sensitive remove": {"staff", "sensitive", "remove", "1499000151"},
		"staff sensitive list": {"staff", "sensitive", "list"},
		"register retain":      {"register", "retain", "--older-than", "24h"}, "register export": {"register", "export"}, "register verify": {"register", "verify", "--data", dir},
		"register keys": {"register", "keys"},
	}
	// Behind what other settings they are looked at.
	with := map[string][]string{
		"PORTAL_SIMA_MASTER_KEY": {"--sima-client-id", "7"}, "PORTAL_MYGOV_CLIENT_SECRET": {"--mygov-issuer", "https://x"}, "PORTAL_SMTP_PASSWORD": {"--smtp-url", "smtp://u@127.0.0.1"},
	}
	tried := 0
	for _, command := range manual(t).Leaves(true) {
		path := strings.TrimPrefix(command.Path(), "portal ")
		for _, group := range command.AllFlags(true) {
			for _, f := range group {
				if !secretFile.MatchString(f.Help) {
					continue
				}
				name := f.Envs[0]
				args, known := calls[path]
				if !known {
					t.Errorf("%s takes %s: say here how it is called", path, name)
					continue
				}
				tried++
				for what, file := range map[string]string{"missing": filepath.Join(dir, "nowhere"), "a folder": dir} {
					t.Setenv(name+"_FILE", file)
					out, err := said(t, append(slices.Clone(args), with[name]...)...)
					if err == nil || !strings.Contains(err.Error(), name+"_FILE: ") || out != "" {
						t.Errorf("%s with %s_FILE %s: %q %v", path, name, what, out, err)
					}
				}
				for what, content := range map[string]string{"empty": "", "blank": " \n", "nonsense": "v3ry-s3cret\n"} {
					if path == "demo" {
						break // it makes what is missing
					}
					t.Setenv(name+"_FILE", write(what, content))
					out, err := said(t, append(slices.Clone(args), with[name]...)...)
					if err == nil || strings.Contains(err.Error()+out, "v3ry-s3cret") {
						t.Errorf("%s with %s_FILE %s: %q %v", path, name, what, out, err)
					}
				}
				t.Setenv(name+"_FILE", "")
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d were tried", tried)
	}
}
