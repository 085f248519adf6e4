package customs

import (
	_ "embed" // the built-in list of checkpoints
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Checkpoint is a customs border checkpoint. Codes are opaque text of at most
// ten characters; names are official ones in Azerbaijani and English.
type Checkpoint struct {
	Code      string `json:"code"`
	AZ        string `json:"az"`
	EN        string `json:"en"`
	Neighbour string `json:"neighbour,omitempty"` // ISO 3166-1 alpha-2 of the country opposite, "" for ports and airports
	Modes     []int  `json:"modes"`               // UN/ECE Recommendation 19
	LOCODE    string `json:"locode,omitempty"`    // UN/LOCODE, if it has one
	Contact   string `json:"contact,omitempty"`   // telephone or address, if published
	X         int    `json:"x,omitempty"`         // on the schematic map of 760 by 400
	Y         int    `json:"y,omitempty"`
}

// Checkpoints is the list of checkpoints by code.
type Checkpoints struct {
	list []Checkpoint
	code map[string]int
}

//go:embed checkpoints.json
var builtIn []byte

// ErrCheckpoints says that a list of checkpoints cannot be used.
var ErrCheckpoints = errors.New("customs: unusable list of checkpoints")

// BuiltInCheckpoints is the list shipped with the portal. No official table of
// codes is public: the codes are synthetic, the names are the published ones.
func BuiltInCheckpoints() Checkpoints {
	c, err := parseCheckpoints(builtIn)
	if err != nil {
		panic(err) // embedded at build time and covered by a test
	}
	return c
}

// ReadCheckpoints reads a JSON array of checkpoints, at most 1 MiB.
func ReadCheckpoints(r io.Reader) (Checkpoints, error) {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return Checkpoints{}, err
	}
	return parseCheckpoints(b)
}

func parseCheckpoints(b []byte) (Checkpoints, error) {
	var list []Checkpoint
	if err := json.Unmarshal(b, &list); err != nil {
		return Checkpoints{}, fmt.Errorf("%w: %w", ErrCheckpoints, err)
	}
	c := Checkpoints{list: list, code: make(map[string]int, len(list))}
	for i, p := range list {
		if _, twice := c.code[p.Code]; twice || p.Code == "" || len(p.Code) > 10 || p.AZ == "" || p.EN == "" {
			return Checkpoints{}, fmt.Errorf("%w: entry %d: code %q empty, too long or twice, or a name missing", ErrCheckpoints, i+1, p.Code)
		}
		c.code[p.Code] = i
	}
	return c, nil
}

// All lists the checkpoints in the order of the file.
func (c Checkpoints) All() []Checkpoint { return c.list }

// Get returns the checkpoint with this code. One that is not on the list comes
// back with its code for a name, so that its goods are never hidden.
func (c Checkpoints) Get(code string) (Checkpoint, bool) {
	i, ok := c.code[code]
	if !ok {
		return Checkpoint{Code: code, AZ: code, EN: code}, false
	}
	return c.list[i], true
}

// Name is the checkpoint's name in a language, "az" or "en".
func (p Checkpoint) Name(lang string) string {
	if lang == "en" {
		return p.EN
	}
	return p.AZ
}

// Freshness says how old a checkpoint's data is.
type Freshness struct {
	Checkpoint string
	AsOf       *time.Time // by the checkpoint's own heartbeat, nil if it never sent one
	ReceivedAt *time.Time // when anything of it was last stored, nil if never
}

// Ages say of checkpoints how old their data is, of each once.
type Ages []Freshness

// Of says how old the data of the checkpoint with this code is; false: nothing
// is known of it.
func (a Ages) Of(code string) (Freshness, bool) {
	for i := range a {
		if a[i].Checkpoint == code {
			return a[i], true
		}
	}
	return Freshness{Checkpoint: code}, false
}
