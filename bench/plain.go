package main

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"customs.gov.az/portal/locales"
)

// plain is how the same page is written with the standard library and nothing
// measured: html/template, database/sql, the portal's statements one after
// another in a transaction, and an INSERT for the entry. The part of the page
// that is not the rows is ready bytes, which is in its favour.
type plain struct {
	job
	db    *sql.DB
	rows  *template.Template
	words *locales.Locale
}

//go:embed plain.html
var plainRows string

// servePlain is the process of the plain handler.
func servePlain(ctx context.Context, j job) error {
	d, err := sql.Open("pgx", j.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	d.SetMaxOpenConns(poolSize)
	d.SetMaxIdleConns(poolSize)
	catalogue, err := locales.Load()
	if err != nil {
		return err
	}
	p := &plain{job: j, db: d, words: catalogue.For("az")}
	p.rows, err = template.New("rows").Funcs(template.FuncMap{
		"t": p.words.T, "status": func(s string) string { return p.words.T("status." + s) },
		"time": func(t time.Time) string { return p.words.DateTime(t) },
		"ago":  func(t time.Time) string { return p.words.Ago(time.Since(t)) },
		"mode": p.words.Mode, "short": p.words.DocumentShort, "number": p.words.Int64,
	}).Parse(plainRows)
	if err != nil {
		return err
	}
	return serve(ctx, j.Addr, p.answer)
}

// plainRow is a registration as the template shows it.
type plainRow map[string]any

func (p *plain) answer(w http.ResponseWriter, r *http.Request) {
	page, err := p.page(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page) // the reader may be gone
}

func (p *plain) page(r *http.Request) ([]byte, error) {
	began := time.Now()
	setting, ok := sessionSetting(r)
	recorded, known := p.find(r)
	if !ok || !known || path.Dir(r.URL.Path) == "/goods" {
		return nil, errors.New("nobody is signed in, or no such page")
	}
	session, rows, err := p.read(r, recorded, setting)
	if err != nil {
		return nil, err
	}
	var table bytes.Buffer
	if err := p.rows.Execute(&table, rows); err != nil {
		return nil, err
	}
	if err := p.enter(r, session, len(rows), time.Since(began)); err != nil {
		return nil, err
	}
	// The rows of the ready page make way for these.
	from, to := bytes.Index(recorded.Body, []byte("<tbody")), bytes.LastIndex(recorded.Body, []byte("</tbody>"))
	if from < 0 || to < from {
		return nil, errors.New("the page has no rows")
	}
	out := append([]byte{}, recorded.Body[:from]...)
	return append(append(out, table.Bytes()...), recorded.Body[to:]...), nil
}

// read runs the portal's statements and keeps the rows of the list.
func (p *plain) read(r *http.Request, page recorded, setting string) (session plainRow, list []plainRow, err error) {
	tx, err := p.db.BeginTx(r.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, tx.Commit()) }()
	if _, err := tx.ExecContext(r.Context(), `set local role portal_app`); err != nil {
		return nil, nil, err
	}
	for _, s := range page.Statements {
		if word, _, _ := strings.Cut(strings.ToLower(s.SQL), " "); word == "begin" || word == "commit" {
			continue
		}
		rows, err := p.query(r.Context(), tx, s.SQL, page.args(s, setting, r))
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			if row["secret_hash"] == nil && row["voen"] != nil && session == nil {
				session = row
			}
			if row["registration"] != nil && row["goods_description"] != nil {
				list = append(list, row)
			}
		}
	}
	if session == nil {
		return nil, nil, errors.New("no session")
	}
	return session, list, nil
}

func (p *plain) query(ctx context.Context, tx *sql.Tx, statement string, args []any) ([]plainRow, error) {
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list []plainRow
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		row := plainRow{}
		for i, name := range names {
			if v, ok := values[i].(*any); ok {
				row[name] = *v
			}
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// enter writes the entry, durable like the portal's.
func (p *plain) enter(r *http.Request, session plainRow, results int, took time.Duration) error {
	tx, err := p.db.BeginTx(r.Context(), nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(r.Context(), `set local role portal_app`)
	if err == nil {
		_, err = tx.ExecContext(r.Context(), `
			insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
			values ($1, 'web', 'trader', $2::uuid, $3, 'goods.list', $4, 'answered', $5, $6)`,
			uuid.NewString(), session["id"], session["voen"], r.URL.RequestURI(), results, took.Microseconds())
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
