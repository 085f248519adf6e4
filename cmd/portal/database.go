package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"customs.gov.az/portal/db"
)

// owner names the database as someone who may see the whole register.
type owner struct {
	OwnerURL string `env:"PORTAL_OWNER_DATABASE_URL" help:"PostgreSQL as the owner of the schema (default: that of the demo that runs on --data). May come from PORTAL_OWNER_DATABASE_URL_FILE."`
	Data     string `env:"PORTAL_DATA" default:".portal" type:"path" help:"Data folder of the demo."`
}

func (o owner) url() (string, error) {
	url, err := secret("PORTAL_OWNER_DATABASE_URL", o.OwnerURL)
	if err != nil || url != "" {
		return url, err
	}
	if url, err = demoAddress(o.Data, demoOwnerURL); err != nil {
		return "", fmt.Errorf("PORTAL_OWNER_DATABASE_URL is missing, and no demo runs on %s", o.Data)
	}
	return url, nil
}

// openDatabase opens the serving database, or that of the demo that runs on a
// data folder; feedURL is that of the login that stores the feed, if it is
// another one.
func openDatabase(ctx context.Context, url, feedURL, data string) (*db.DB, error) {
	url, err := secret("PORTAL_DATABASE_URL", url)
	if err != nil {
		return nil, err
	}
	if feedURL, err = secret("PORTAL_FEED_DATABASE_URL", feedURL); err != nil {
		return nil, err
	}
	if url == "" {
		if url, err = demoAddress(data, demoURL); err != nil {
			return nil, fmt.Errorf("PORTAL_DATABASE_URL is missing, and no demo runs on %s", data)
		}
	}
	return db.Open(ctx, url, db.Options{MaxConns: 4, FeedURL: feedURL})
}

// The demo's files with the address of its database, as the serving login and as
// the owner, while it runs.
const (
	demoURL      = "database.url"
	demoOwnerURL = "database-owner.url"
)

// demoAddress reads one of them in a data folder.
func demoAddress(data, file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(data, file))
	return strings.TrimSpace(string(b)), err
}
