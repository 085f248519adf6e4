package main

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"customs.gov.az/portal/feed"
)

type feedCommand struct {
	Token feedTokenCommand `cmd:"" help:"Make a token for a checkpoint system, and the entry of PORTAL_FEED_TOKENS that knows it."`
	Push  feedPushCommand  `cmd:"" help:"Deliver files or a folder of files to a portal, whatever breaks meanwhile."`
}

// senders reads PORTAL_FEED_TOKENS.
func senders(value string) (feed.Senders, error) {
	text, err := secret("PORTAL_FEED_TOKENS", value)
	if err != nil {
		return feed.Senders{}, err
	}
	list, err := feed.ParseSenders(text)
	if err != nil {
		return list, fmt.Errorf("PORTAL_FEED_TOKENS: %w", err)
	}
	return list, nil
}

type feedTokenCommand struct {
	Name        string   `arg:"" help:"Name of the checkpoint system: small letters, digits, dot, hyphen, underscore."`
	Checkpoints []string `arg:"" help:"Codes of the checkpoints it may send for, or * for all."`
	Out         string   `short:"o" type:"path" help:"File for the token, for its owner alone (default: printed)."`
	Certificate string   `type:"existingfile" help:"Make the entry for this client certificate (PEM) instead of a token."`
}

// Run makes a token of 256 random bits. Only its sum goes into the setting.
func (t *feedTokenCommand) Run(e env) error {
	sender := feed.Sender{Name: t.Name, Checkpoints: t.Checkpoints}
	if len(t.Checkpoints) == 1 && t.Checkpoints[0] == "*" {
		sender.Checkpoints = nil
	}
	if t.Certificate != "" {
		b, err := os.ReadFile(t.Certificate)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(b)
		if block == nil || block.Type != "CERTIFICATE" {
			return errors.New("--certificate: no certificate in PEM is in the file")
		}
		entry := sender.Entry(block.Bytes, true)
		if err := checkEntry(entry); err != nil {
			return err
		}
		return t.print(e, entry)
	}
	token := "feed_" + rand.Text() + rand.Text()
	entry := sender.Entry([]byte(token), false)
	if err := checkEntry(entry); err != nil {
		return err
	}
	if t.Out != "" {
		f, err := os.OpenFile(t.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.WriteString(token + "\n"); err != nil {
			return errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return err
		}
		return t.print(e, entry)
	}
	fmt.Fprintf(e.stdout, "For the checkpoint system, shown once:\n  %s\n", token)
	return t.print(e, entry)
}

func (t *feedTokenCommand) print(e env, entry string) error {
	_, err := fmt.Fprintf(e.stdout, "For the portal, one of the entries of PORTAL_FEED_TOKENS:\n  %s\n", entry)
	return err
}

// checkEntry reads an entry as the portal will.
func checkEntry(entry string) error {
	if _, err := feed.ParseSenders(entry); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "entry 1: "))
	}
	return nil
}
