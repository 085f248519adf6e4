package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// statement is one statement that the portal sent, with its parameters as the
// server's log writes them; nil is NULL.
type statement struct {
	SQL  string
	Args []*string
}

// recorder keeps what the server logs, so that the competitors run exactly
// the statements that the portal runs today, whatever they are.
type recorder struct {
	mu  sync.Mutex
	log strings.Builder
}

// Write implements io.Writer.
func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// logPrefix names the program behind each line of the server's log.
const logPrefix = "%a> "

// recording makes new connections of the serving role log what they send, or
// stop doing so.
func (w *world) recording(ctx context.Context, on bool) error {
	c, err := pgx.Connect(ctx, w.server.URL("postgres", database))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if on {
		_, err = c.Exec(ctx, `alter role portal set log_statement = 'all'; alter role portal set log_error_verbosity = 'default'`)
	} else {
		_, err = c.Exec(ctx, `alter role portal reset all`)
	}
	return err
}

// record does something and returns the statements that the portal's pool sent
// meanwhile. The register's writer has a connection and a name of its own.
func (r *recorder) record(do func() error) ([]statement, error) {
	before := len(r.text())
	if err := do(); err != nil {
		return nil, err
	}
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		list := statements(r.text()[before:])
		if n := len(list); n > 0 && strings.EqualFold(list[n-1].SQL, "commit") {
			return list, nil
		}
	}
	return nil, errors.New("the server's log does not tell what a page asked")
}

var (
	logged    = regexp.MustCompile(`^portal> LOG:  (?:execute [^:]*|statement): `)
	detailed  = regexp.MustCompile(`^portal> DETAIL:  [Pp]arameters: `)
	parameter = regexp.MustCompile(`\$\d+ = (NULL|'(?:[^']|'')*')`)
)

// statements reads the log of the program called portal. Further lines of an
// entry begin with a tab.
func statements(log string) []statement {
	var list []statement
	for entry := range strings.SplitSeq(strings.ReplaceAll(log, "\n\t", "\x00"), "\n") {
		entry = strings.ReplaceAll(entry, "\x00", "\n")
		if head := logged.FindString(entry); head != "" {
			list = append(list, statement{SQL: entry[len(head):]})
			continue
		}
		head := detailed.FindString(entry)
		if head == "" || len(list) == 0 {
			continue
		}
		for _, m := range parameter.FindAllStringSubmatch(entry[len(head):], -1) {
			var value *string
			if m[1] != "NULL" {
				value = new(strings.ReplaceAll(m[1][1:len(m[1])-1], "''", "'"))
			}
			list[len(list)-1].Args = append(list[len(list)-1].Args, value)
		}
	}
	return list
}
