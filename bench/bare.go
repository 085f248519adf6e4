package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// recorded is a page of the portal, as it was asked and answered once.
type recorded struct {
	Path       string // with query
	Setting    string // portal.session of who asked
	Statements []statement
	Body       []byte
}

// job is what the process of a competitor is told, in a file.
type job struct {
	Addr     string
	Database string
	Pages    []recorded
}

// find is the recorded page that a request is like: the same address or, for
// the details of a registration, another registration.
func (j job) find(r *http.Request) (recorded, bool) {
	for _, p := range j.Pages {
		if p.Path == r.URL.RequestURI() || r.URL.RawQuery == "" && path.Dir(r.URL.Path) == "/goods" && path.Dir(p.Path) == "/goods" {
			return p, true
		}
	}
	return recorded{}, false
}

// args are the parameters of a recorded statement for another request: its own
// session and its own registration.
func (p recorded) args(s statement, setting string, r *http.Request) []any {
	var out []any
	for _, a := range s.Args {
		switch {
		case a == nil:
			out = append(out, nil)
		case *a == p.Setting:
			out = append(out, setting)
		case path.Dir(p.Path) == "/goods" && *a == path.Base(p.Path):
			out = append(out, path.Base(r.URL.Path))
		default:
			out = append(out, *a)
		}
	}
	return out
}

// sessionSetting is the value of portal.session for the request's cookie,
// which is a session key as package db writes it.
func sessionSetting(r *http.Request) (string, bool) {
	c, err := r.Cookie("key")
	if err != nil {
		return "", false
	}
	return settingOf(c.Value)
}

func settingOf(key string) (string, bool) {
	id, text, _ := strings.Cut(key, ".")
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	hash := sha256.Sum256(secret)
	return id + " " + hex.EncodeToString(hash[:]), true
}

// poolSize is how many connections to the database the competitors have, as
// many as the portal.
const poolSize = 8

// bare is the most that this database and this register can do: net/http and
// pgx, the statements of the portal's page in one batch, its entry in the
// portal's own register, and ready bytes as the answer.
type bare struct {
	job
	pool     *pgxpool.Pool
	register *db.Register
}

// serveBare is the process of the bare handler.
func serveBare(ctx context.Context, j job) error {
	d, err := db.Open(ctx, j.Database, db.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	cfg, err := pgxpool.ParseConfig(j.Database)
	if err != nil {
		return err
	}
	cfg.ConnConfig.RuntimeParams["role"] = "portal_app"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer pool.Close()
	b := &bare{job: j, pool: pool, register: db.NewRegister(d)}
	defer b.register.Close()
	return serve(ctx, j.Addr, b.answer)
}

// serve listens until ctx ends.
func serve(ctx context.Context, addr string, h http.HandlerFunc) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// readJob reads the file of a competitor's process.
func readJob(args []string) (j job, err error) {
	if len(args) != 1 {
		return j, errors.New("a competitor needs its job")
	}
	b, err := os.ReadFile(args[0])
	if err != nil {
		return j, err
	}
	return j, json.Unmarshal(b, &j)
}

func (b *bare) answer(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	setting, ok := sessionSetting(r)
	page, known := b.find(r)
	if !ok || !known {
		http.Error(w, "nobody is signed in, or no such page", http.StatusForbidden)
		return
	}
	if page.Path == csvPath {
		if err := b.csv(w, r, page, setting); err != nil {
			panic(http.ErrAbortHandler) // the reader counts, and says so
		}
		return
	}
	var who register.Entry
	batch := &pgx.Batch{}
	for _, s := range page.Statements {
		q := batch.Queue(s.SQL, page.args(s, setting, r)...)
		if strings.Contains(s.SQL, "from signed_in") {
			q.Query(func(rows pgx.Rows) error { return whose(rows, &who) })
		} else {
			q.Query(func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
		}
	}
	if err := b.pool.SendBatch(r.Context(), batch).Close(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	who.RequestID = uuid.Must(uuid.NewV7())
	who.Channel, who.Actor, who.Action, who.Asked = "web", "trader", register.ListGoods, r.URL.RequestURI()
	who.Outcome, who.Results, who.Elapsed = register.Answered, 25, time.Since(began)
	if err := b.register.Submit(r.Context(), who).Wait(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page.Body)))
	_, _ = w.Write(page.Body) // the reader may be gone
}

// whose reads the two columns of a session that its entry needs.
func whose(rows pgx.Rows, who *register.Entry) error {
	columns := make([]any, len(rows.FieldDescriptions()))
	for i, f := range rows.FieldDescriptions() {
		switch f.Name {
		case "id":
			columns[i] = &who.Session
		case "voen":
			columns[i] = (*string)(&who.Subject)
		}
	}
	_, err := pgx.ForEachRow(rows, columns, func() error { return nil })
	return err
}
