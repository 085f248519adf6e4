package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type archiveCommand struct {
	DatabaseURL string        `env:"PORTAL_DATABASE_URL" help:"PostgreSQL for serving (default: that of the demo that runs on --data). May come from PORTAL_DATABASE_URL_FILE."`
	FeedURL     string        `name:"feed-database-url" env:"PORTAL_FEED_DATABASE_URL" help:"PostgreSQL as the login role that stores the feed and archives, if it is another one. May come from PORTAL_FEED_DATABASE_URL_FILE."`
	Data        string        `env:"PORTAL_DATA" default:".portal" type:"path" help:"Data folder of the demo."`
	After       time.Duration `env:"PORTAL_ARCHIVE_AFTER" default:"9600h" help:"How long after the end of clearance, at least 30 days."`
}

// Run archives what is due and says how much it was.
func (a *archiveCommand) Run(ctx context.Context, e env) error {
	if a.After < 30*24*time.Hour {
		return errors.New("PORTAL_ARCHIVE_AFTER: at least 720h")
	}
	d, err := openDatabase(ctx, a.DatabaseURL, a.FeedURL, a.Data)
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := d.Archive(ctx, a.After, nil)
	if err == nil || n > 0 {
		fmt.Fprintf(e.stdout, "%d consignments archived\n", n)
	}
	return err
}

// archive archives at the start and every hour what is due.
func archive(ctx context.Context, s service, after time.Duration) {
	for ok := after > 0; ok; ok = tick(ctx, time.Hour) {
		n, err := s.db.Archive(ctx, after, nil)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("archive", "error", err)
		}
		if n > 0 {
			s.log.Info("archived", "consignments", n)
		}
	}
}
