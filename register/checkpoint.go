package register

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrCheckpoint says that a text is not a checkpoint of the log, or bears no
// valid signature of a known key.
var ErrCheckpoint = errors.New("register: not a checkpoint signed by a known key")

// Checkpoint is a signed head of the log (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree // size and root
	Note   string    // the text with its signatures
}

// maxNote is how long a checkpoint may be.
const maxNote = 16 << 10

// Sign signs a head of the log with every key.
func (k *Keys) Sign(tree tlog.Tree) (Checkpoint, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", k.origin, tree.N, tree.Hash)
	signed, err := note.Sign(&note.Note{Text: text}, k.signers...)
	return Checkpoint{k.origin, tree, string(signed)}, err
}

// Open reads a checkpoint of which at least one signature is by a known key
// and valid; no signature of a known key may be invalid. Lines behind the
// first three are allowed, as the format has them. The error is ErrCheckpoint.
func (v *Verifiers) Open(signed string) (Checkpoint, error) {
	if len(signed) > maxNote {
		return Checkpoint{}, ErrCheckpoint
	}
	n, err := note.Open([]byte(signed), v.list)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, blurred(err))
	}
	c, err := parseHead(n.Text)
	if err != nil || c.Origin != v.Origin {
		return Checkpoint{}, ErrCheckpoint
	}
	c.Note = signed
	return c, nil
}

// blurred says what kind of mistake a signature has, not whose.
func blurred(err error) error {
	var unknown *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown):
		return errors.New("no signature by a known key")
	case errors.As(err, &invalid):
		return errors.New("an invalid signature")
	default:
		return errors.New("not a signed note")
	}
}

// parseHead reads the text of a checkpoint.
func parseHead(text string) (Checkpoint, error) {
	f := strings.SplitN(text, "\n", 4)
	if len(f) < 4 || f[0] == "" {
		return Checkpoint{}, ErrCheckpoint
	}
	size, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || size < 0 || f[1] != strconv.FormatInt(size, 10) {
		return Checkpoint{}, ErrCheckpoint
	}
	root, err := tlog.ParseHash(f[2])
	if err != nil || root.String() != f[2] {
		return Checkpoint{}, ErrCheckpoint
	}
	return Checkpoint{Origin: f[0], Tree: tlog.Tree{N: size, Hash: root}}, nil
}
