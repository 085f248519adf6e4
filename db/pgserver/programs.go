package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OldestVersion is the oldest major version of PostgreSQL that the portal
// works with.
const OldestVersion = 15

// ProgramsError says that no usable PostgreSQL is on this machine and why each
// way of getting one failed.
type ProgramsError struct {
	Looked []string // folders that were tried
	Err    error    // why none could be fetched, nil if that was not tried
}

func (e *ProgramsError) Error() string {
	s := fmt.Sprintf("pgserver: no PostgreSQL %d or newer found (initdb and postgres; looked in %s)", OldestVersion, strings.Join(e.Looked, ", "))
	if e.Err != nil {
		s += fmt.Sprintf(", and fetching one failed: %v", e.Err)
	}
	return s + "; install it with: apt-get install postgresql"
}

func (e *ProgramsError) Unwrap() error { return e.Err }

// programs are PostgreSQL's programs of one version.
type programs struct {
	dir   string
	major int
}

// command prepares a program to run as the cluster's account, in the cluster's
// folder and with a small, known environment.
func (p programs) command(ctx context.Context, c cluster, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, name), args...)
	cmd.Dir = c.home
	cmd.Env = []string{"LC_ALL=C", "HOME=" + c.home, "PATH=" + p.dir + ":/usr/bin:/bin"}
	cmd.SysProcAttr = c.who.attributes()
	cmd.WaitDelay = 2 * time.Second // a child may hold the log open a moment longer
	return cmd
}

// postgres prepares the server itself; it outlives the context of its start.
func (p programs) postgres(ctx context.Context, c cluster, args []string) *exec.Cmd {
	return p.command(context.WithoutCancel(ctx), c, "postgres", args...)
}

// programs finds or fetches the programs to use, those of the version that
// made the cluster (0: none yet) where there is a choice.
func (o Options) programs(ctx context.Context, home string, who account, want int) (programs, error) {
	if o.Programs != "" {
		p, err := inspect(ctx, o.Programs, who)
		if err != nil {
			return p, &ProgramsError{Looked: []string{o.Programs}, Err: err}
		}
		return p, nil
	}
	cache := o.Cache
	if cache == "" || !who.reaches(filepath.Dir(cache)) {
		cache = filepath.Join(home, "programs")
	}
	looked := append(installed(ctx), filepath.Join(cache, "bin"))
	var first programs
	for _, dir := range looked {
		p, err := inspect(ctx, dir, who)
		switch {
		case err != nil:
			continue
		case p.major == want:
			return p, nil
		case first.dir == "":
			first = p
		}
	}
	if first.dir != "" {
		return first, nil
	}
	if err := fetch(ctx, cache, "", o.Log); err != nil {
		return programs{}, &ProgramsError{Looked: looked, Err: err}
	}
	p, err := inspect(ctx, filepath.Join(cache, "bin"), who)
	if err != nil {
		return p, &ProgramsError{Looked: looked, Err: err}
	}
	return p, nil
}

// installed lists the folders where PostgreSQL's programs usually are, best
// first: the PATH's, Debian's from the newest, Homebrew's, pg_config's answer.
func installed(ctx context.Context) []string {
	var dirs []string
	if at, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(at); err == nil {
			at = target // a link in a folder of links; the other programs lie beside its target
		}
		dirs = append(dirs, filepath.Dir(at))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return number(b) - number(a) })
		dirs = append(dirs, found...)
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	return unique(dirs)
}

// unique drops repetitions and keeps the order.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// number is the first number in a text, 0 if there is none.
func number(s string) int {
	from := strings.IndexFunc(s, isDigit)
	if from < 0 {
		return 0
	}
	s = s[from:]
	if to := strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) }); to >= 0 {
		s = s[:to]
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// inspect says which version a folder holds, if the account can run it.
func inspect(ctx context.Context, dir string, who account) (programs, error) {
	for _, name := range []string{"initdb", "postgres"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return programs{}, err
		}
		if st.IsDir() || st.Mode().Perm()&0o111 == 0 {
			return programs{}, fmt.Errorf("%s in %s cannot be run", name, dir)
		}
	}
	if !who.reaches(dir) {
		return programs{}, fmt.Errorf("the user that runs PostgreSQL cannot enter %s", dir)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return programs{}, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	major := number(string(out))
	if major < OldestVersion {
		return programs{}, errors.New("PostgreSQL in " + dir + " is too old: " + strings.TrimSpace(string(out)))
	}
	return programs{dir: dir, major: major}, nil
}
