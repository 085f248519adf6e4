package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db/pgserver"
)

// kills ends PostgreSQL with SIGKILL under load, again and again, and counts
// answers that readers have and the register has not.
func kills(ctx context.Context, w *world, out io.Writer) error {
	var mu sync.Mutex
	var ids []string
	t := w.target(w.portal.server(), w.recordings[0])
	t.also, t.least = 503, 0
	t.answers = func(id string) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
	}
	for range w.kills {
		if err := w.killUnderLoad(ctx, t); err != nil {
			return err
		}
	}
	c, err := pgx.Connect(ctx, w.server.URL("postgres", database))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var lost int
	err = c.QueryRow(ctx, `
		select count(*) from unnest($1::text[]) as a (id)
		 where not exists (select from register_entry e where e.request_id = a.id::uuid)`, ids).Scan(&lost)
	if err != nil {
		return err
	}
	return table(out, fmt.Sprintf("PostgreSQL killed (SIGKILL) %d times under load", w.kills), [][]string{
		{"answers", "without a register entry"}, {fmt.Sprint(len(ids)), fmt.Sprint(lost)},
	})
}

// killUnderLoad kills the server at some moment of a load that goes on while it
// comes back.
func (w *world) killUnderLoad(ctx context.Context, t target) error {
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		for until := time.Now().Add(time.Second); time.Now().Before(until) && ctx.Err() == nil; {
			// The portal answers with errors meanwhile, which end a turn.
			if _, err := load(ctx, t, 16, time.Until(until)); err != nil {
				_ = sleep(ctx, 10*time.Millisecond) // the loop looks at ctx
			}
		}
	}()
	if err := sleep(ctx, time.Duration(100+rand.IntN(500))*time.Millisecond); err != nil {
		return err
	}
	if err := syscall.Kill(w.server.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-w.server.Done():
	case <-time.After(10 * time.Second):
		return errors.New("the server does not die")
	}
	_ = w.server.Stop() // tidies what is left of it
	if err := w.startServer(ctx); err != nil {
		return err
	}
	<-loaded
	return answers(ctx, "http://"+w.portal.ops+"/readyz", "")
}

// startServer starts the durable server on its folder.
func (w *world) startServer(ctx context.Context) (err error) {
	w.server, err = pgserver.Start(ctx, w.serverOptions())
	return err
}
