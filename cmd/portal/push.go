package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/push"
)

type feedPushCommand struct {
	Files   []string `arg:"" type:"path" help:"Files of the feed, or folders of them: *.ndjson, *.jsonl, also .gz and .zst."`
	URL     string   `name:"url" env:"PORTAL_URL" required:"" help:"Base URL of the portal; with --cert that of its TLS listener for certificates."`
	Token   string   `env:"PORTAL_FEED_TOKEN" help:"The token of this checkpoint system. May come from PORTAL_FEED_TOKEN_FILE."`
	Cert    string   `type:"existingfile" help:"Client certificate chain, PEM, instead of a token."`
	Key     string   `type:"existingfile" help:"Its private key, PEM."`
	CA      string   `name:"ca" type:"existingfile" help:"Certificates to trust the portal by, PEM (default: the machine's)."`
	Coding  string   `default:"zstd" enum:"zstd,gzip,none" help:"Compression on the way: zstd, gzip or none."`
	Journal string   `type:"path" help:"File that remembers what was delivered (default: .portal-feed-journal beside the first file or in the first folder)."`
	Report  string   `type:"path" help:"File to which is added what was wrong or odd, one JSON object a line (default: standard output)."`
	Watch   bool     `short:"w" help:"Go on with what is added to a folder, until interrupted."`
	Again   bool     `help:"Send all again, also what was delivered before: lines that were rejected for a reason that is gone."`
	Done    bool     `help:"Move delivered files to done/ in their folder."`
	GiveUp  int      `help:"Fail after so many tries without progress; 0: never." default:"0"`
	Quiet   bool     `short:"q" help:"No progress bar."`

	report os.FileInfo // is no feed, wherever it lies
}

// Run delivers the files. Files that the portal refuses make the exit code 1,
// rejected lines 3, as with import.
func (p *feedPushCommand) Run(ctx context.Context, e env) (err error) {
	// Only a file can be made durable: a pipe or a terminal is a plain writer.
	o := push.Options{GiveUp: p.GiveUp, Report: struct{ io.Writer }{e.stdout}}
	if o.URL, err = baseURL("PORTAL_URL", p.URL, "", "http", "https"); err != nil {
		return err
	}
	if o.Token, err = secret("PORTAL_FEED_TOKEN", p.Token); err != nil {
		return err
	}
	if (o.Token == "") == (p.Cert == "") || (p.Cert == "") != (p.Key == "") {
		return errors.New("say who sends: PORTAL_FEED_TOKEN, or --cert with --key")
	}
	if p.Coding != "none" {
		o.Coding = feed.Coding(p.Coding)
	}
	if o.Client, err = p.client(); err != nil {
		return err
	}
	if o.Journal, err = push.OpenJournal(p.journal()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Journal.Close()) }()
	if p.Again {
		if err := o.Journal.Forget(o.URL.String()); err != nil {
			return err
		}
	}
	if p.Report != "" {
		f, err := os.OpenFile(p.Report, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Report = f
		if p.report, err = f.Stat(); err != nil {
			return err
		}
	}
	o.Trouble = func(file string, err error, again time.Duration) {
		fmt.Fprintf(e.stderr, "%s: %v; again in %s\n", file, err, again.Round(time.Second))
	}
	var done func()
	o.Moved, done = p.progress(e)
	defer done()
	return p.deliver(ctx, e, push.New(o))
}

func (p *feedPushCommand) deliver(ctx context.Context, e env, pusher *push.Pusher) error {
	rejected := false
	tell := func(file string, r push.Result, err error) {
		rejected = rejected || r.Rejected > 0
		if err != nil {
			fmt.Fprintf(e.stderr, "%s: %v\n", file, err)
			if r == (push.Result{}) {
				return
			}
		}
		fmt.Fprintf(e.stderr, "%s: %d lines: %d stored, %d known already, %d older, %d heartbeats, %d rejected, %d with warnings\n",
			file, r.Lines, r.Stored, r.Same, r.Older, r.Heartbeats, r.Rejected, r.Warned)
	}
	var problems []error
	for i, name := range p.Files {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		switch {
		case info.IsDir() && (!p.Watch || i == len(p.Files)-1):
			f := push.Folder{Pusher: pusher, Name: name, Watch: p.Watch, Done: p.Done, Except: p.report, Each: tell}
			err = f.Run(ctx)
		case p.Watch:
			return errors.New("--watch goes with one folder")
		default:
			var r push.Result
			r, err = pusher.Deliver(ctx, name, false)
			tell(name, r, err)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return exitError(1) // each was told
	}
	if rejected {
		return errRejected
	}
	return nil
}

func (p *feedPushCommand) journal() string {
	if p.Journal != "" {
		return p.Journal
	}
	folder := p.Files[0]
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		folder = filepath.Dir(folder)
	}
	return filepath.Join(folder, ".portal-feed-journal")
}

// client follows no redirects, so that a token goes nowhere else.
func (p *feedPushCommand) client() (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.Cert != "" {
		pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
		if err != nil {
			return nil, fmt.Errorf("--cert: %w", err)
		}
		// Sent whatever issuers the listener names: it also takes citizens' cards.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	if p.CA != "" {
		b, err := os.ReadFile(p.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(b) {
			return nil, errors.New("--ca: no certificate in PEM is in the file")
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, TLSHandshakeTimeout: 10 * time.Second,
			DisableCompression: true, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// progress shows, on a terminal, how much of the file is acknowledged.
func (p *feedPushCommand) progress(e env) (moved func(string, int64), done func()) {
	f, ok := terminal(e, p.Quiet)
	if !ok {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	current := ""
	done = func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
	return func(file string, bytes int64) {
		if file != current {
			done()
			size := int64(-1)
			if info, err := os.Stat(file); err == nil && push.Coding(file) == feed.Identity {
				size = info.Size()
			}
			current = file
			bar = newBar(f, size, progressbar.OptionShowBytes(true), progressbar.OptionSetDescription(filepath.Base(file)))
		}
		_ = bar.Set64(bytes)
	}, done
}
