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
	"strconv"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// plain is how the same page is written with the standard library and nothing
// measured: html/template for all of the page between its frame's head and
// foot, database/sql with a query for each part of it, one after another in a
// transaction, and an INSERT for the entry. It reads the portal's own table for
// the list, which is in its favour, as are its frame of ready bytes, memoised
// words and a pool as large as the portal's.
type plain struct {
	job
	db    *sql.DB
	page  *template.Template
	words *locales.Locale
	spots []customs.Checkpoint
}

//go:embed plain.html
var plainPage string

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
	p := &plain{job: j, db: d, words: catalogue.For("az"), spots: customs.BuiltInCheckpoints().All()}
	p.page, err = template.New("page").Funcs(template.FuncMap{
		"t": p.words.T, "status": func(s string) string { return p.words.T("status." + s) },
		"time":  func(t time.Time) string { return p.words.DateTime(t) },
		"ago":   func(t time.Time) string { return p.words.Ago(time.Since(t)) },
		"place": func(code string) string { return p.name(code) },
		"mode":  p.words.Mode, "short": p.words.DocumentShort, "number": p.words.Int64,
	}).Parse(plainPage)
	if err != nil {
		return err
	}
	return serve(ctx, j.Addr, p.answer)
}

// plainRow is a registration as the template shows it.
type plainRow map[string]any

// plainView is what the template shows.
type plainView struct {
	Session                          plainRow
	Places, Statuses, Waiting, Modes []plainRow
	Groups                           []plainGroup
	Spots                            []customs.Checkpoint
	Fresh                            []plainRow
	Total                            int64
	Now                              time.Time
}

type plainGroup struct {
	Place plainRow
	Rows  []plainRow
}

func (p *plain) name(code string) string {
	for _, s := range p.spots {
		if s.Code == code {
			return s.Name("az")
		}
	}
	return code
}

func (p *plain) answer(w http.ResponseWriter, r *http.Request) {
	page, err := p.make(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page) // the reader may be gone
}

func (p *plain) make(r *http.Request) ([]byte, error) {
	began := time.Now()
	setting, ok := sessionSetting(r)
	recorded, known := p.find(r)
	if !ok || !known || r.URL.RequestURI() != "/goods" {
		return nil, errors.New("nobody is signed in, or no such page")
	}
	view, err := p.read(r.Context(), setting)
	if err != nil {
		return nil, err
	}
	// The frame around the page's own part is ready.
	from, to := bytes.Index(recorded.Body, []byte("<main")), bytes.Index(recorded.Body, []byte("</main>"))
	if from < 0 || to < from {
		return nil, errors.New("the page has no part of its own")
	}
	var out bytes.Buffer
	out.Write(recorded.Body[:from])
	if err := p.page.Execute(&out, view); err != nil {
		return nil, err
	}
	out.Write(recorded.Body[to:])
	return out.Bytes(), p.enter(r, view.Session, int(view.Total), time.Since(began))
}

// read asks for each part of the page.
func (p *plain) read(ctx context.Context, setting string) (v plainView, err error) {
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, tx.Commit()) }()
	if _, err := tx.ExecContext(ctx, `set local role portal_app`); err != nil {
		return v, err
	}
	if _, err := tx.ExecContext(ctx, `select set_config('portal.session', $1, true)`, setting); err != nil {
		return v, err
	}
	var sessions, rows []plainRow
	for _, q := range []struct {
		into *[]plainRow
		sql  string
	}{
		{&sessions, `select id, voen, person, organisation from current_session()`},
		{&v.Places, `select checkpoint, count(*) as n, sum(packages)::bigint as packages, sum(gross_mass)::bigint as gross_mass from pending group by checkpoint order by checkpoint`},
		{&v.Statuses, `select status, count(*) as n from pending group by status order by status`},
		{&v.Waiting, `select next_who, count(*) as n from pending group by next_who order by next_who`},
		{&v.Modes, `select mode::text as mode, count(*) as n from pending group by mode order by mode`},
		{&rows, `select * from pending order by checkpoint, registered_at desc, registration limit 25`},
		{&v.Fresh, `select code, as_of, received_at from checkpoint order by code`},
	} {
		if *q.into, err = p.query(ctx, tx, q.sql, nil); err != nil {
			return v, err
		}
	}
	if len(sessions) != 1 {
		return v, errors.New("no session")
	}
	v.Session, v.Spots, v.Now = sessions[0], p.spots, time.Now()
	for _, place := range v.Places {
		if n, ok := place["n"].(int64); ok {
			v.Total += n
		}
		group := plainGroup{Place: place}
		for _, row := range rows {
			if row["checkpoint"] == place["checkpoint"] {
				group.Rows = append(group.Rows, row)
			}
		}
		if len(group.Rows) > 0 {
			v.Groups = append(v.Groups, group)
		}
	}
	return v, nil
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
