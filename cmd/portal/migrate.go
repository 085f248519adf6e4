package main

import (
	"context"
	"errors"
	"fmt"

	"customs.gov.az/portal/db"
)

type migrateCommand struct {
	OwnerURL string `env:"PORTAL_OWNER_DATABASE_URL" help:"PostgreSQL as the owner of the schema. May come from PORTAL_OWNER_DATABASE_URL_FILE."`
	Login    string `name:"serving-role" env:"PORTAL_SERVING_ROLE" default:"portal" help:"Login role of serve, which must exist and be NOINHERIT; it is let use the schema."`
	Feed     string `name:"feed-role" env:"PORTAL_FEED_ROLE" help:"Login role that stores the feed in place of the serving one (PORTAL_FEED_DATABASE_URL), NOINHERIT too (default: none, the serving one stores it)."`
}

// Run brings the schema up to date.
func (m *migrateCommand) Run(ctx context.Context, e env) error {
	url, err := secret("PORTAL_OWNER_DATABASE_URL", m.OwnerURL)
	if err != nil {
		return err
	}
	if url == "" {
		return errors.New("PORTAL_OWNER_DATABASE_URL is missing")
	}
	if err := db.MigrateFor(ctx, url, db.Logins{Serving: m.Login, Feed: m.Feed}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "The database has version %d.\n", db.Version())
	return err
}
