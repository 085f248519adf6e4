package register

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// ErrKeys says that keys cannot be used. Its text never shows a key.
var ErrKeys = errors.New("register: unusable keys")

// Keys sign checkpoints, all of them each: while a new key is brought in, those
// who know only the old one can still check.
type Keys struct {
	origin  string
	signers []note.Signer
	public  []string // in the order of signers
}

// Verifiers check checkpoints.
type Verifiers struct {
	Origin string   // name of the log
	Keys   []string // verifier keys, in the form of C2SP signed-note
	list   note.Verifiers
}

const ed25519Algorithm = 1 // of C2SP signed-note

// NewKey makes an Ed25519 key for a log of that name: the private key in the
// form of Go's note package, and the verifier key to publish.
func NewKey(origin string) (private, public string, err error) {
	var seed [ed25519.SeedSize]byte
	rand.Read(seed[:])
	return keyPair(origin, seed[:])
}

// keyPair is the key of a seed.
func keyPair(origin string, seed []byte) (private, public string, err error) {
	key := ed25519.NewKeyFromSeed(seed)
	public, err = note.NewEd25519VerifierKey(origin, ed25519.PublicKey(key[ed25519.SeedSize:]))
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' || r == ',' } // they part keys, and lists of them
	if err != nil || origin == "" || !utf8.ValidString(origin) || strings.ContainsFunc(origin, odd) {
		return "", "", fmt.Errorf("%w: the name of the log must be without spaces, control characters, commas and plus signs", ErrKeys)
	}
	hash := strings.Split(public, "+")[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{ed25519Algorithm}, seed...))
	return "PRIVATE+KEY+" + origin + "+" + hash + "+" + secret, public, nil
}

// public is the verifier key of a private one.
func public(private string) (string, error) {
	f := strings.SplitN(private, "+", 5)
	if len(f) != 5 {
		return "", ErrKeys
	}
	b, err := base64.StdEncoding.DecodeString(f[4])
	if err != nil || len(b) != 1+ed25519.SeedSize || b[0] != ed25519Algorithm {
		return "", ErrKeys
	}
	_, vkey, err := keyPair(f[2], b[1:])
	return vkey, err
}

// fields cuts a list at commas and white space.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// ParseKeys reads private keys, newest first, separated by commas or white
// space: each as NewKey makes it, or as 32 bytes in hexadecimal, which then
// belongs to the log called origin. All keys must be of one log. The error is
// ErrKeys.
func ParseKeys(text, origin string) (*Keys, error) {
	k := &Keys{}
	for _, f := range fields(text) {
		if seed, err := hex.DecodeString(f); err == nil && len(seed) == ed25519.SeedSize {
			if f, _, err = keyPair(origin, seed); err != nil {
				return nil, err
			}
		}
		signer, err := note.NewSigner(f)
		if err != nil {
			return nil, fmt.Errorf("%w: a private key is not of the form that portal register key prints", ErrKeys)
		}
		vkey, err := public(f)
		if err != nil {
			return nil, err
		}
		if k.origin == "" {
			k.origin = signer.Name()
		}
		if signer.Name() != k.origin {
			return nil, fmt.Errorf("%w: they are of different logs", ErrKeys)
		}
		if slices.Contains(k.public, vkey) {
			continue // said twice
		}
		k.signers = append(k.signers, signer)
		k.public = append(k.public, vkey)
	}
	if len(k.signers) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrKeys)
	}
	return k, nil
}

// Verifiers are the public halves, and those of keys that are no longer used.
func (k *Keys) Verifiers(retired ...string) (*Verifiers, error) {
	return ParseVerifiers(strings.Join(append(slices.Clip(k.public), retired...), " "))
}

// ParseVerifiers reads verifier keys of one log, newest first, separated by
// commas or white space. The error is ErrKeys.
func ParseVerifiers(text string) (*Verifiers, error) {
	v := &Verifiers{}
	var list []note.Verifier
	for _, f := range fields(text) {
		one, err := note.NewVerifier(f)
		if err != nil {
			return nil, fmt.Errorf("%w: a verifier key is not of the form name+hash+key", ErrKeys)
		}
		if v.Origin == "" {
			v.Origin = one.Name()
		}
		if one.Name() != v.Origin {
			return nil, fmt.Errorf("%w: they are of different logs", ErrKeys)
		}
		if slices.Contains(v.Keys, f) {
			continue // said twice, which would make every signature ambiguous
		}
		v.Keys = append(v.Keys, f)
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrKeys)
	}
	v.list = note.VerifierList(list...)
	return v, nil
}
