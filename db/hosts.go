package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// hostAnswer is how long one host of several may take to accept a connection: a
// deaf one must not take the time in which the next would answer.
const hostAnswer = time.Second

// timelineKey is where a connection keeps the timeline that its host was on.
const timelineKey = "timeline"

// hosts decides which of the hosts of an address is the primary.
type hosts struct{ timeline atomic.Int64 } // the highest that was met

// several reports whether an address names more than one host; each may stand
// there twice, with TLS and without.
func several(c *pgx.ConnConfig) bool {
	for _, f := range c.Fallbacks {
		if f.Host != c.Host || f.Port != c.Port {
			return true
		}
	}
	return false
}

// primary is a pgconn.ValidateConnectFunc: the host must take writes, and its
// timeline must not be older than one that was met before. A primary that comes
// back after another was promoted has an older one, and what is written there
// is lost.
func (h *hosts) primary(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, `
		select case when not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
		            then ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint end`).ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || results[0].Rows[0][0] == nil {
		return errors.New("db: this host cannot be written to")
	}
	timeline, err := strconv.ParseInt(string(results[0].Rows[0][0]), 10, 64)
	if err != nil {
		return err
	}
	conn.CustomData()[timelineKey] = timeline
	for {
		met := h.timeline.Load()
		if timeline < met {
			return fmt.Errorf("db: this host is on timeline %d, another was on %d", timeline, met)
		}
		if h.timeline.CompareAndSwap(met, timeline) {
			return nil
		}
	}
}

// older reports whether a connection leads to a host that has been a primary:
// it may have hung while another was promoted, and answer again.
func (h *hosts) older(conn *pgx.Conn) bool {
	timeline, known := conn.PgConn().CustomData()[timelineKey].(int64)
	return known && timeline < h.timeline.Load()
}

// survey asks every host by itself, so that the newest timeline is known also
// where another host answers first.
func (h *hosts) survey(ctx context.Context, c *pgx.ConnConfig) {
	var asked sync.WaitGroup
	for _, alone := range each(c) {
		asked.Go(func() {
			if conn, err := connectPrimary(ctx, alone); err == nil { // connecting tells
				_ = conn.Close(ctx) // nothing was asked there
			}
		})
	}
	asked.Wait()
}

// each is a configuration for every host of one.
func each(c *pgx.ConnConfig) []*pgx.ConnConfig {
	type place struct {
		host string
		port uint16
	}
	all := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	byPlace := map[place]*pgx.ConnConfig{}
	for _, f := range all {
		at := place{f.Host, f.Port}
		if known := byPlace[at]; known != nil {
			known.Fallbacks = append(known.Fallbacks, f)
			continue
		}
		alone := c.Copy()
		alone.Host, alone.Port, alone.TLSConfig, alone.Fallbacks = f.Host, f.Port, f.TLSConfig, nil
		byPlace[at] = alone
	}
	return slices.Collect(maps.Values(byPlace))
}
