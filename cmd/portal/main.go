// Command portal is the one program of the service. It joins the rooms and
// decides nothing itself; portal --help is the manual.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the whole command line. Every setting is a flag with an environment
// variable.
type cli struct {
	Serve           serveCommand           `cmd:"" help:"Serve the portal from a PostgreSQL database."`
	Demo            demoCommand            `cmd:"" help:"Serve everything from a data folder: private PostgreSQL, demo people and certificates, sample goods."`
	Migrate         migrateCommand         `cmd:"" help:"Bring the database's schema to this program's version."`
	Import          importCommand          `cmd:"" help:"Take consignments from files or standard input, one JSON object a line."`
	Sample          sampleCommand          `cmd:"" help:"Write realistic invented consignments."`
	Schema          schemaCommand          `cmd:"" help:"Print the JSON Schema of a line of the feed."`
	Feed            feedCommand            `cmd:"" help:"For checkpoint systems: make a token, deliver files."`
	Archive         archiveCommand         `cmd:"" help:"Move consignments whose clearance ended long ago to the archive, now rather than in the next hour."`
	Representatives representativesCommand `cmd:"" help:"The list of who may act for which taxpayer."`
	Staff           staffCommand           `cmd:"" help:"The staff list: who signs in as operator, supervisor or administrator."`
	Trust           trustCommand           `cmd:"" help:"Show which issuers are trusted, and fetch their revocation lists."`
	Register        registerCommand        `cmd:"" help:"The register of requests as a log that can be verified."`
	Health          healthCommand          `cmd:"" help:"Ask a running portal whether it could serve a page; for container health checks."`
}

// env is what a command may touch of the outside world.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// exitError ends the program with a code of its own and no further message.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], env{os.Stdin, os.Stdout, os.Stderr})
	stop()
	var code exitError
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil:
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(1)
	}
}

// run runs one command and returns when it has ended, or ctx has.
func run(ctx context.Context, args []string, e env) error {
	var c cli
	var stopped *int
	wrong := misread{}
	parser, err := kong.New(&c,
		kong.Name("portal"),
		kong.Description("My goods at the border: the goods registered to a trader at border checkpoints whose customs clearance is not complete."),
		kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(code int) { stopped = &code }),
		kong.UsageOnError(),
		kong.PostBuild(paths),
		kong.PostBuild(wrong.find),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(e),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if stopped != nil { // --help
		if *stopped != 0 {
			return exitError(*stopped)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if err := wrong.of(parsed); err != nil {
		checks, ok := reflect.TypeAssert[interface{ misread(unread error) }](parsed.Selected().Target.Addr())
		if !ok {
			return wrongSettings(err)
		}
		checks.misread(err)
	}
	return parsed.Run()
}

// paths lets a path be set to nothing, as the other settings can be: the
// library takes an empty path without a default for the current folder.
func paths(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok && f.Tag.Type == "path" && f.Target.Kind() == reflect.String {
			f.HasDefault = true
			if f.PlaceHolder == "" {
				f.PlaceHolder = "PATH"
			}
		}
		return next(nil)
	})
}

// newLog writes one line for each event.
func newLog(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
