package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

type registerCommand struct {
	Verify  registerVerify  `cmd:"" help:"Prove that no entry of the register was changed, removed, moved or added, or check one receipt."`
	Export  registerExport  `cmd:"" help:"Write what the log says of each entry, without personal data, for outsiders who recompute the tree."`
	Journal registerJournal `cmd:"" help:"Show what PORTAL_REGISTER_JOURNAL of a process that has ended still holds."`
	Retain  registerRetain  `cmd:"" help:"Delete the personal data of old entries; every proof stays valid."`
	Key     registerKey     `cmd:"" help:"Make a key that signs checkpoints."`
	Keys    registerKeys    `cmd:"" help:"Print the verifier keys of PORTAL_REGISTER_KEYS, to publish."`
}

// known are the keys whose signatures count.
type known struct {
	Key     []string `env:"PORTAL_REGISTER_VERIFIERS" sep:" " help:"Verifier keys of the log (default: those of PORTAL_REGISTER_KEYS, or of the demo on --data)."`
	Private string   `name:"keys" env:"PORTAL_REGISTER_KEYS" hidden:"" help:"Private keys, of which only the public halves are used."`
	OldKeys string   `env:"PORTAL_REGISTER_OLD_KEYS" help:"Verifier keys of retired private keys."`
	Origin  string   `env:"PORTAL_REGISTER_ORIGIN" help:"Name of the log, for keys in hexadecimal."`
}

func (k known) verifiers(data string) (*register.Verifiers, error) {
	if len(k.Key) > 0 {
		return register.ParseVerifiers(strings.Join(append(k.Key, k.OldKeys), " "))
	}
	text, err := secret("PORTAL_REGISTER_KEYS", k.Private)
	if err != nil {
		return nil, err
	}
	if text == "" {
		b, err := os.ReadFile(filepath.Join(data, demoRegisterKey))
		if err != nil {
			return nil, errors.New("no key of the log is known: give --key, as portal register keys prints it")
		}
		text = string(b)
	}
	keys, err := register.ParseKeys(text, k.Origin)
	if err != nil {
		return nil, err
	}
	return keys.Verifiers(k.OldKeys)
}

type registerKey struct {
	Origin string `arg:"" help:"Name of the log: the portal's public host and /register, without https://."`
}

// Run prints a new key. The private one goes to standard output alone, so that
// it can be kept in a file.
func (k *registerKey) Run(e env) error {
	private, public, err := register.NewKey(k.Origin)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "Verifier key, to publish: %s\n", public)
	_, err = fmt.Fprintln(e.stdout, private)
	return err
}

type registerKeys struct {
	known
	Data string `env:"PORTAL_DATA" default:".portal" type:"path" help:"Data folder of the demo."`
}

// Run prints the verifier keys, one a line.
func (k *registerKeys) Run(e env) error {
	v, err := k.verifiers(k.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, strings.Join(v.Keys, "\n"))
	return err
}

type registerRetain struct {
	owner
	OlderThan time.Duration `required:"" help:"Entries this old lose who asked, for whom and what; at least 24h, such as 26280h for three years."`
}

// Run deletes personal data and says of how many entries.
func (r *registerRetain) Run(ctx context.Context, e env) error {
	if r.OlderThan < 24*time.Hour {
		return errors.New("--older-than must be at least 24h")
	}
	url, err := r.url()
	if err != nil {
		return err
	}
	n, err := db.Forget(ctx, url, time.Now().Add(-r.OlderThan))
	if err == nil || n > 0 {
		fmt.Fprintf(e.stdout, "%d entries hold no personal data any more. Their proofs stay valid.\n", n)
	}
	return err
}

type registerJournal struct {
	File string `arg:"" type:"path" help:"The journal."`
}

// Run prints each entry as a line of JSON, with personal data.
func (j *registerJournal) Run(e env) error {
	lines := json.NewEncoder(e.stdout)
	return db.ReadJournal(j.File, func(entry []byte, refused bool) error {
		return lines.Encode(struct {
			Refused bool            `json:"refused"`
			Entry   json.RawMessage `json:"entry"`
		}{refused, entry})
	})
}

type registerExport struct {
	owner
	From int64  `default:"1" help:"First entry."`
	To   int64  `help:"Last entry (default: the last sealed one)."`
	Form string `enum:"text,hashes" default:"text" help:"text: the data of each leaf as JSON, one a line; hashes: its hash in base64, one a line."`
}

// Run writes the leaves in order.
func (x *registerExport) Run(ctx context.Context, e env) error {
	url, err := x.url()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(e.stdout, 1<<16)
	err = db.Export(ctx, url, x.From, x.To, func(leaf []byte) error { return x.write(out, leaf) })
	return errors.Join(err, out.Flush())
}

func (x *registerExport) write(w io.Writer, leaf []byte) error {
	if x.Form == "hashes" {
		_, err := fmt.Fprintln(w, register.LeafHash(leaf))
		return err
	}
	_, err := fmt.Fprintf(w, "%q\n", leaf) // ASCII without control characters but line ends: JSON as well
	return err
}
