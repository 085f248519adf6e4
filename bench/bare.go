package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// bare is the most that this database and this register can do: net/http and
// pgx, the statements of the portal's goods page in one batch, its entry in
// the portal's own register, and ready bytes as the answer.
type bare struct {
	pool     *pgxpool.Pool
	register *db.Register
	page     []byte
}

// serveBare is the process of the bare handler. Its arguments are an address
// to listen on, the database's address and a file that holds the page.
func serveBare(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("bare: address, database and page")
	}
	page, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, args[1], db.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	cfg, err := pgxpool.ParseConfig(args[1])
	if err != nil {
		return err
	}
	cfg.ConnConfig.RuntimeParams["role"] = "portal_app"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.MaxConns = 8 // as db.Open has
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer pool.Close()
	b := &bare{pool: pool, register: db.NewRegister(d), page: page}
	defer b.register.Close()
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(b.goods), ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// statements are those of a goods page without a filter, word for word; a test
// compares them with what the portal sends.
var statements = struct{ begin, setting, session, counts, rows, freshness, commit string }{
	begin:   `begin isolation level repeatable read read only`,
	setting: `select set_config('portal.session', $1, true)`,
	session: `
		select id, voen, pin, person, organisation, method, issuer, serial, fingerprint,
		       created_at, seen_at, expires_at, idle
		  from current_session()`,
	counts: `
		select grouping(checkpoint, status, next_who, mode), coalesce(checkpoint, ''), coalesce(status, ''),
		       coalesce(next_who, ''), coalesce(mode, 0), count(*), least(sum(packages), 9223372036854775807)::bigint, least(sum(gross_mass), 9223372036854775807)::bigint, now()
		  from pending
		 group by grouping sets ((checkpoint), (status), (next_who), (mode), ())
		 order by 1, 2`,
	rows: `
		select registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due
		  from pending
		 order by checkpoint, registered_at desc, registration limit $1 offset 0`,
	freshness: `select code, as_of, received_at from checkpoint`,
	commit:    `commit`,
}

func (b *bare) goods(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	setting, ok := sessionSetting(r)
	if !ok {
		http.Error(w, "nobody is signed in", http.StatusForbidden)
		return
	}
	var session uuid.UUID
	var voen string
	batch := &pgx.Batch{}
	drop := func(sql string, args ...any) {
		batch.Queue(sql, args...).Query(func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
	}
	done := func(pgconn.CommandTag) error { return nil }
	batch.Queue(statements.begin).Exec(done)
	batch.Queue(statements.setting, setting).Exec(done)
	batch.Queue(statements.session).QueryRow(func(row pgx.Row) error {
		return row.Scan(&session, &voen, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil)
	})
	drop(statements.counts)
	drop(statements.rows, 25)
	drop(statements.freshness)
	batch.Queue(statements.commit).Exec(done)
	if err := b.pool.SendBatch(r.Context(), batch).Close(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	id, err := uuid.NewV7()
	if err == nil {
		err = b.register.Submit(r.Context(), register.Entry{
			RequestID: id, Channel: "web", Actor: "trader", Session: session, Subject: customs.VOEN(voen),
			Action: register.ListGoods, Asked: r.URL.RequestURI(), Outcome: register.Answered, Results: 25, Elapsed: time.Since(began),
		}).Wait(r.Context())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b.page)))
	_, _ = w.Write(b.page) // the reader may be gone
}

// sessionSetting is the value of portal.session for the request's cookie,
// which is a session key as package db writes it.
func sessionSetting(r *http.Request) (string, bool) {
	c, err := r.Cookie("key")
	if err != nil {
		return "", false
	}
	id, text, _ := strings.Cut(c.Value, ".")
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	hash := sha256.Sum256(secret)
	return id + " " + hex.EncodeToString(hash[:]), true
}
