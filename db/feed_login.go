package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// feedRole is the group role that stores the feed and archives.
const feedRole = "portal_feed"

// openFeed opens the pool of the login that stores the feed, if it is another
// one, and refuses logins that make the separation an empty word: each must be
// unable to do what the other one does. It asks serving, and hosts that are valid; nil: the primary.
func (d *DB) openFeed(ctx context.Context, serving *pgxpool.Pool, valid pgconn.ValidateConnectFunc, o Options) error {
	var able bool
	err := serving.QueryRow(ctx, `select pg_has_role(session_user, $1, 'member')`, feedRole).Scan(&able)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	case o.FeedURL == "" && able:
		return nil
	case o.FeedURL == "":
		return fmt.Errorf("%w: the login role may not become %s: set PORTAL_FEED_DATABASE_URL, or run portal migrate without PORTAL_FEED_ROLE", ErrServingRole, feedRole)
	case able:
		return fmt.Errorf("%w: the serving login role may become %s itself; run portal migrate with PORTAL_FEED_ROLE", ErrServingRole, feedRole)
	}
	if d.feed, err = d.openPool(ctx, o.FeedURL, feedRole, nil, o); err != nil {
		return err
	}
	asked := d.feed
	if valid != nil {
		if asked, err = d.openPool(ctx, o.FeedURL, feedRole, valid, o); err != nil {
			return err
		}
		defer asked.Close()
	}
	var more []string
	err = asked.QueryRow(ctx, `
		select array(select rolname::text from pg_roles where rolname = any($1) and rolname <> $2 and pg_has_role(session_user, oid, 'member') order by 1)`,
		servingRoles(), feedRole).Scan(&more)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "22023"):
		return fmt.Errorf("%w: the feed's login role must be a member of %s; run portal migrate with PORTAL_FEED_ROLE", ErrServingRole, feedRole)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	case len(more) > 0:
		return fmt.Errorf("%w: the feed's login role may also become %s", ErrServingRole, more[0])
	}
	return checkLogin(ctx, asked, "feed's login role")
}

// Logins are the login roles that Migrate lets use the schema.
type Logins struct {
	Serving string // of serve
	Feed    string // that stores the feed in its place; "": the serving one does
}

// grantLogins gives each login its group roles and takes away what the other
// one is for.
func grantLogins(ctx context.Context, conn *pgx.Conn, l Logins) error {
	serving := servingRoles()
	if l.Feed != "" {
		serving = slices.DeleteFunc(serving, func(role string) bool { return role == feedRole })
		if err := grantGroups(ctx, conn, l.Feed, []string{feedRole}); err != nil {
			return err
		}
	}
	if err := grantGroups(ctx, conn, l.Serving, serving); err != nil || l.Feed == "" {
		return err
	}
	var both bool
	err := conn.QueryRow(ctx, `select pg_has_role($1::name, $2::name, 'member')`, l.Serving, feedRole).Scan(&both)
	if err == nil && both {
		_, err = conn.Exec(ctx, `revoke `+feedRole+` from `+pgx.Identifier{l.Serving}.Sanitize())
	}
	return err
}
