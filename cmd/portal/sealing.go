package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/register/witness"
)

// sealing are the settings of the register's log.
type sealing struct {
	Keys       string        `env:"PORTAL_REGISTER_KEYS" help:"Private keys that sign the register's checkpoints, newest first, as portal register key prints them, or 32 bytes in hexadecimal. May come from PORTAL_REGISTER_KEYS_FILE."`
	OldKeys    string        `env:"PORTAL_REGISTER_OLD_KEYS" help:"Verifier keys of retired private keys."`
	Origin     string        `env:"PORTAL_REGISTER_ORIGIN" help:"Name of the log, for keys in hexadecimal (default: the host of --url and /register). It must never change."`
	Every      time.Duration `env:"PORTAL_REGISTER_EVERY" default:"2s" help:"How often waiting entries are sealed."`
	WitnessDir string        `env:"PORTAL_REGISTER_WITNESS_DIR" type:"path" help:"Folder outside the database that keeps every checkpoint; best on another machine."`
	WitnessURL string        `name:"witness-url" env:"PORTAL_REGISTER_WITNESS_URL" help:"Submission prefix of a witness (C2SP tlog-witness) that is shown every checkpoint."`
}

// seal is what sealing needs, ready for use. Without a key entries are kept as
// ever, but not sealed, and answers carry no receipts.
type seal struct {
	keys      *register.Keys
	verifiers *register.Verifiers
	copies    []db.Copy
}

// check reads the settings and reports all mistakes at once. host is that of
// the portal's address.
func (s *sealing) check(host string) (seal, error) {
	text, err := secret("PORTAL_REGISTER_KEYS", s.Keys)
	if err != nil {
		return seal{}, err
	}
	if text == "" && s.OldKeys+s.WitnessDir+s.WitnessURL == "" {
		return seal{}, nil
	}
	if text == "" {
		return seal{}, errors.New("PORTAL_REGISTER_KEYS is missing; make a key with: portal register key NAME, or: openssl rand -hex 32")
	}
	origin := s.Origin
	if origin == "" {
		origin = host + "/register"
	}
	out := seal{}
	if out.keys, err = register.ParseKeys(text, origin); err != nil {
		return seal{}, fmt.Errorf("PORTAL_REGISTER_KEYS: %w", err)
	}
	if out.verifiers, err = out.keys.Verifiers(s.OldKeys); err != nil {
		return seal{}, fmt.Errorf("PORTAL_REGISTER_OLD_KEYS: %w", err)
	}
	if s.Every < 100*time.Millisecond || s.Every > time.Minute {
		return seal{}, errors.New("PORTAL_REGISTER_EVERY must be between 100ms and 1m")
	}
	if s.WitnessDir != "" {
		folder, err := witness.NewFolder(s.WitnessDir, out.verifiers, time.Now)
		if err != nil {
			return seal{}, fmt.Errorf("PORTAL_REGISTER_WITNESS_DIR: %w", err)
		}
		out.copies = append(out.copies, folder)
	}
	if s.WitnessURL != "" {
		if !strings.HasPrefix(s.WitnessURL, "https://") && !strings.HasPrefix(s.WitnessURL, "http://") {
			return seal{}, errors.New("PORTAL_REGISTER_WITNESS_URL is not an http or https address")
		}
		out.copies = append(out.copies, witness.NewHTTP(s.WitnessURL))
	}
	return out, nil
}

// sealer seals the register of a database.
func (s seal) sealer(d *db.DB) *db.Sealer { return db.NewSealer(d, s.keys, s.verifiers, s.copies...) }

// The demo's files of the register: its key, made at the first start, and the
// folder of its checkpoints.
const (
	demoRegisterKey = "register.key"
	demoCheckpoints = "checkpoints"
	demoOrigin      = "mallarim.demo/register"
)

// demo fills in what the demo makes itself.
func (s *sealing) demo(data string) error {
	if s.WitnessDir == "" {
		s.WitnessDir = filepath.Join(data, demoCheckpoints)
	}
	given, err := secret("PORTAL_REGISTER_KEYS", s.Keys)
	if err != nil || given != "" {
		s.Keys = given
		return err
	}
	s.Keys, err = demoSecret(data, demoRegisterKey, func(text string) bool { return text != "" }, func() (string, error) {
		private, _, err := register.NewKey(demoOrigin)
		return private, err
	})
	return err
}
