package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/revocation"
)

const (
	followEvery  = 2 * time.Second // how often the trust folder is looked at
	refreshEvery = time.Minute     // how often revocation lists are looked at
	warnBefore   = 60              // days before an authority ends
)

// trust is what a running portal checks signatures with: profiles that follow
// their folder, and a way to ask about revocation.
type trust struct {
	folder   *esign.TrustFolder
	verifier *esign.Verifier
	checker  *revocation.Checker
	log      *slog.Logger
	every    time.Duration // how often the folder is looked at
}

// openTrust loads the profiles in folder; see newTrust.
func openTrust(folder, lists string, log *slog.Logger) (*trust, error) {
	p, err := readProfiles(folder)
	if err != nil {
		return nil, err
	}
	return newTrust(p, lists, log)
}

// newTrust checks with these profiles. lists is the folder of revocation lists,
// made if missing; "": they are kept in memory only.
func newTrust(p *profiles, lists string, log *slog.Logger) (*trust, error) {
	checker, err := newChecker(lists, log)
	if err != nil {
		return nil, err
	}
	v, err := esign.NewVerifier(esign.Options{Trust: p.loaded, Now: time.Now, Revocation: checker})
	if err != nil {
		return nil, err
	}
	return &trust{folder: p.folder, verifier: v, checker: checker, log: log, every: followEvery}, nil
}

// profiles are those of a trust folder as it was read first.
type profiles struct {
	folder *esign.TrustFolder
	loaded *esign.Trust
}

func readProfiles(folder string) (*profiles, error) {
	f, loaded, err := esign.OpenTrust(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("PORTAL_TRUST: %s: %w", folder, err)
	}
	return &profiles{f, loaded}, nil
}

func newChecker(lists string, log *slog.Logger) (*revocation.Checker, error) {
	if lists != "" {
		if err := os.MkdirAll(lists, 0o750); err != nil {
			return nil, fmt.Errorf("PORTAL_CRLS: %w", err)
		}
	}
	return revocation.New(revocation.Options{Now: time.Now, Folder: lists, Log: log})
}

// follow takes over what changes in the folder of profiles until ctx ends. If
// that is wrong, what was right before stays.
func (t *trust) follow(ctx context.Context) {
	t.warn()
	warned := time.Now()
	for tick(ctx, t.every) {
		if time.Since(warned) >= 24*time.Hour {
			t.warn()
			warned = time.Now()
		}
		loaded, err := t.folder.Poll()
		if loaded != nil && err == nil {
			err = t.verifier.SetTrust(loaded)
		}
		switch {
		case err != nil:
			t.log.Error("trust folder is wrong; the profiles before stay in use", "mistakes", err)
		case loaded != nil:
			t.log.Info("trust folder read again", "profiles", len(loaded.Profiles()))
			t.warn()
			warned = time.Now()
		}
	}
}

// warn tells in the log which authorities end soon.
func (t *trust) warn() {
	for _, a := range t.verifier.Trust().Authorities() {
		if days := a.Days(time.Now()); days < warnBefore {
			t.log.Warn("a trusted authority ends soon", "profile", a.Profile, "role", a.Role,
				"certificate", a.Fingerprint(), "days", int(days), "ends", a.Certificate.NotAfter)
		}
	}
}

// refresh keeps the revocation lists of the profiles fresh until ctx ends. A
// failure is told when it begins and when it changes, not every minute.
func (t *trust) refresh(ctx context.Context) {
	told := ""
	for ok := true; ok; ok = tick(ctx, refreshEvery) {
		text := ""
		if err := t.checker.Refresh(ctx, t.verifier.Trust()); err != nil && ctx.Err() == nil {
			text = err.Error()
		}
		if text != told && text != "" {
			t.log.Warn("revocation lists", "error", text)
		}
		told = text
	}
}

// offer names the issuers of the moment to each browser that connects.
func (t *trust) offer(base *tls.Config) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	return func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := base.Clone()
		c.ClientCAs = t.verifier.Trust().ClientCAs()
		return c, nil
	}
}

// trustCommand looks at the trust from outside of a running portal.
type trustCommand struct {
	List trustListCommand `cmd:"" help:"Print what is trusted, until when and for what."`
	CRL  trustCRLCommand  `cmd:"" name:"crl" help:"Fetch the revocation lists of all profiles into the folder."`
}

type trustFolderFlag struct {
	Trust string `env:"PORTAL_TRUST" type:"path" required:"" help:"Folder of issuer profiles and certificates."`
}

func (f trustFolderFlag) load() (*esign.Trust, error) {
	t, err := esign.LoadTrust(os.DirFS(f.Trust))
	if err != nil {
		return nil, fmt.Errorf("PORTAL_TRUST: %w", err)
	}
	return t, nil
}

type trustListCommand struct{ trustFolderFlag }

// Run prints one block a profile.
func (c *trustListCommand) Run(e env) error {
	t, err := c.load()
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, p := range t.Profiles() {
		fmt.Fprintf(&b, "%s: %s\n", p.ID, p.Name)
		describe(&b, p)
		for _, a := range t.Authorities() {
			if a.Profile == p.ID {
				fmt.Fprintf(&b, "  %-13s until %s (%d days)  %s  %s\n", a.Role, a.Certificate.NotAfter.UTC().Format(time.DateOnly),
					int(a.Days(time.Now())), a.Fingerprint(), a.Certificate.Subject)
			}
		}
	}
	_, err = fmt.Fprint(e.stdout, b.String())
	return err
}

func describe(b *strings.Builder, p *esign.Profile) {
	var uses []string
	for _, u := range []esign.Use{esign.UseClientCertificate, esign.UseSignedFile, esign.UseSIMA} {
		if _, ok := p.Uses[u]; ok {
			uses = append(uses, string(u))
		}
	}
	fmt.Fprintf(b, "  uses          %s\n", strings.Join(uses, ", "))
	voen := "may not be asserted"
	if p.VOEN != nil {
		voen = "may be asserted"
	}
	fmt.Fprintf(b, "  VÖEN          %s\n", voen)
	r := p.Revocation
	fmt.Fprintf(b, "  revocation    %s", r.Mode)
	if r.Reason != "" {
		fmt.Fprintf(b, " (%s)", r.Reason)
	}
	if r.FromCertificate {
		b.WriteString(" at the addresses in certificates")
	}
	fmt.Fprintln(b)
	for _, u := range append(append([]string{}, r.OCSP...), r.CRL...) {
		fmt.Fprintf(b, "                %s\n", u)
	}
}

type trustCRLCommand struct {
	trustFolderFlag
	CRLs string `name:"crls" env:"PORTAL_CRLS" type:"path" required:"" help:"Folder that keeps revocation lists."`
}

// Run fetches what is due and says what is there.
func (c *trustCRLCommand) Run(ctx context.Context, e env) error {
	t, err := c.load()
	if err != nil {
		return err
	}
	checker, err := newChecker(c.CRLs, newLog(e.stderr, false))
	if err != nil {
		return err
	}
	err = checker.Refresh(ctx, t)
	for _, l := range checker.Lists(t) {
		state := "missing"
		if l.There {
			state = fmt.Sprintf("%d entries, of %s, until %s", l.Entries, l.ThisUpdate.UTC().Format(time.RFC3339), l.NextUpdate.UTC().Format(time.RFC3339))
		}
		_, printErr := fmt.Fprintf(e.stdout, "%s  %s  %s\n", l.Profile, l.Address, state)
		err = errors.Join(err, printErr)
	}
	return err
}
