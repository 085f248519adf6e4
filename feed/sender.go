package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Sender is a checkpoint system that may send the feed, for its checkpoints.
type Sender struct {
	Name        string
	Checkpoints []string // codes, sorted; nil means all
}

// May reports whether the sender may bring lines of a checkpoint.
func (s Sender) May(checkpoint string) bool {
	if s.Checkpoints == nil {
		return true
	}
	_, found := slices.BinarySearch(s.Checkpoints, checkpoint)
	return found
}

// Senders finds a sender by its token or its certificate. It holds only
// SHA-256 sums of them. The zero value knows nobody.
type Senders struct {
	tokens       map[[sha256.Size]byte]Sender
	certificates map[[sha256.Size]byte]Sender
}

// senderName is the form of a name, which is also the key of the sender's row.
var senderName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,59}$`)

// certificatePrefix marks the sum of a certificate among those of tokens.
const certificatePrefix = "cert="

// ParseSenders reads entries separated by white space or semicolons:
//
//	name:sha256hex:CHECKPOINT,CHECKPOINT,…
//	name:cert=sha256hex:*
//
// The sum is that of the token's bytes or of the certificate in DER. A name may
// have several entries, old and new, while a token is being exchanged; they
// must name the same checkpoints. The error tells all mistakes by the number
// of the entry and repeats nothing secret.
func ParseSenders(text string) (Senders, error) {
	s := Senders{tokens: map[[sha256.Size]byte]Sender{}, certificates: map[[sha256.Size]byte]Sender{}}
	scopes := map[string][]string{}
	var problems []error
	entries := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("; \t\r\n", r) })
	for i, entry := range entries {
		if err := s.add(entry, scopes); err != nil {
			problems = append(problems, fmt.Errorf("entry %d: %w", i+1, err))
		}
	}
	if len(problems) > 0 {
		return Senders{}, errors.Join(problems...)
	}
	return s, nil
}

func (s Senders) add(entry string, scopes map[string][]string) error {
	parts := strings.Split(entry, ":")
	if len(parts) != 3 {
		return errors.New("is not name:sha256:checkpoints")
	}
	sender := Sender{Name: parts[0]}
	if !senderName.MatchString(sender.Name) {
		return errors.New("the name is not of small letters, digits, dot, hyphen and underscore, at most 60")
	}
	digits, isCertificate := strings.CutPrefix(parts[1], certificatePrefix)
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != sha256.Size {
		return errors.New("the sum is not 64 hexadecimal digits")
	}
	if parts[2] != "*" {
		sender.Checkpoints = strings.Split(parts[2], ",")
		slices.Sort(sender.Checkpoints)
		sender.Checkpoints = slices.Compact(sender.Checkpoints)
		if slices.ContainsFunc(sender.Checkpoints, func(c string) bool { return c == "" || !checkpointForm(c) }) {
			return errors.New("a checkpoint code is not of 1 to 10 letters and digits")
		}
	}
	if before, twice := scopes[sender.Name]; twice && !slices.Equal(before, sender.Checkpoints) {
		return errors.New("an entry of the same name has other checkpoints")
	}
	scopes[sender.Name] = sender.Checkpoints
	sum := [sha256.Size]byte(b)
	list := s.tokens
	if isCertificate {
		list = s.certificates
	}
	if _, twice := list[sum]; twice {
		return errors.New("the same sum stands in two entries")
	}
	list[sum] = sender
	return nil
}

// ByToken finds the sender of a bearer token (RFC 6750).
func (s Senders) ByToken(token string) (Sender, bool) {
	found, ok := s.tokens[sha256.Sum256([]byte(token))]
	return found, ok
}

// ByCertificate finds the sender of a client certificate in DER. That its
// owner holds the key is for the TLS handshake to prove.
func (s Senders) ByCertificate(der []byte) (Sender, bool) {
	found, ok := s.certificates[sha256.Sum256(der)]
	return found, ok
}

// Names lists the senders' names, sorted.
func (s Senders) Names() []string {
	var names []string
	for _, m := range []map[[sha256.Size]byte]Sender{s.tokens, s.certificates} {
		for _, sender := range m {
			names = append(names, sender.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Entry is the setting for a token or, with cert, a certificate in DER.
func (s Sender) Entry(secret []byte, cert bool) string {
	sum := sha256.Sum256(secret)
	prefix, scope := "", "*"
	if cert {
		prefix = certificatePrefix
	}
	if s.Checkpoints != nil {
		scope = strings.Join(s.Checkpoints, ",")
	}
	return s.Name + ":" + prefix + hex.EncodeToString(sum[:]) + ":" + scope
}
