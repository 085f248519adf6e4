package register

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// What may be wrong with a receipt.
var (
	ErrReceipt   = errors.New("register: not a receipt")
	ErrOpening   = errors.New("register: a value of the receipt is not the one that the entry holds")
	ErrInclusion = errors.New("register: the receipt's entry is not in the log that its checkpoint signs")
)

// ReceiptFormat names the format of a receipt.
const ReceiptFormat = "customs.gov.az/portal/register/receipt/v1"

// MaxReceipt is the length of a receipt at most, in bytes.
const MaxReceipt = 64 << 10

// Receipt proves one answer: the entry in its canonical form, the personal
// values with their salts, the path from its leaf to the root, and the signed
// checkpoint. It needs nothing but the log's verifier key to be checked.
type Receipt struct {
	Format     string             `json:"format"`
	Entry      string             `json:"entry"`
	LeafHash   string             `json:"leafHash"` // base64
	Open       map[string]Opening `json:"open"`     // by name: subject, session, asked
	LeafIndex  int64              `json:"leafIndex"`
	Proof      []Hash             `json:"proof"` // RFC 6962 §2.1.1, from the leaf's sibling on
	Checkpoint string             `json:"checkpoint"`
}

// Opening is a personal value with the salt of its commitment.
type Opening struct {
	Salt  string `json:"salt"` // hexadecimal
	Value string `json:"value"`
}

// NewReceipt puts a receipt together. values and salts are those of the entry,
// in the order of the commitments; of a session that was no trader's nothing is
// opened. Nor is anything without salts, as when the personal data has been
// deleted.
func NewReceipt(r Record, values [personal]string, salts []byte, proof tlog.RecordProof, checkpoint string) (Receipt, error) {
	text, err := r.Append(nil)
	if err != nil {
		return Receipt{}, err
	}
	out := Receipt{
		Format: ReceiptFormat, Entry: string(text), LeafHash: LeafHash(text).String(), Open: map[string]Opening{},
		LeafIndex: r.ID - 1, Proof: proof, Checkpoint: checkpoint,
	}
	if len(salts) == SaltsSize {
		for i, name := range personalNames {
			if i == Session && r.Actor != "trader" {
				continue // an officer's, which is not the trader's to know
			}
			out.Open[name] = Opening{hex.EncodeToString(salts[i*SaltSize : (i+1)*SaltSize]), values[i]}
		}
	}
	return out, nil
}

// JSON is the receipt as a file, indented, with a line end.
func (r Receipt) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(r)
	return b.Bytes(), err
}

// TlogProof is the proof without the personal values in the format C2SP
// tlog-proof, for public tools.
func (r Receipt) TlogProof() string {
	b := []byte("c2sp.org/tlog-proof@v1\nindex ")
	b = append(strconv.AppendInt(b, r.LeafIndex, 10), '\n')
	for _, h := range r.Proof {
		b = append(append(b, h.String()...), '\n')
	}
	return string(append(append(b, '\n'), r.Checkpoint...))
}

// ParseReceipt reads a receipt's JSON strictly: nothing unknown, nothing behind
// it, at most MaxReceipt. It proves nothing yet. The error is ErrReceipt.
func ParseReceipt(data []byte) (Receipt, error) {
	var r Receipt
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // editors put it there
	if len(data) > MaxReceipt {
		return r, ErrReceipt
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Format != ReceiptFormat {
		return Receipt{}, ErrReceipt
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Receipt{}, ErrReceipt
	}
	return r, nil
}

// Proved is what a receipt proves.
type Proved struct {
	Record     Record
	Opened     [personal]*string // the values that the receipt opens; nil: not opened
	LeafHash   Hash
	Checkpoint Checkpoint
}

// Check goes through everything a receipt claims, in this order: its entry is
// canonical and at its place (ErrReceipt), the opened values are the committed
// ones (ErrOpening), the checkpoint is signed by a known key (ErrCheckpoint),
// and the entry is in the tree that it signs (ErrInclusion).
func (v *Verifiers) Check(r Receipt) (Proved, error) {
	var p Proved
	record, err := ParseRecord([]byte(r.Entry))
	if err != nil || r.LeafIndex != record.ID-1 {
		return p, ErrReceipt
	}
	leaf := LeafHash([]byte(r.Entry))
	if r.LeafHash != leaf.String() {
		return p, ErrReceipt
	}
	opened, err := open(record, r.Open)
	if err != nil {
		return p, err
	}
	checkpoint, err := v.Open(r.Checkpoint)
	if err != nil {
		return p, err
	}
	if err := tlog.CheckRecord(r.Proof, checkpoint.Tree.N, checkpoint.Tree.Hash, r.LeafIndex, leaf); err != nil {
		return p, ErrInclusion
	}
	return Proved{record, opened, leaf, checkpoint}, nil
}

// open checks the opened values against the commitments.
func open(r Record, values map[string]Opening) (opened [personal]*string, err error) {
	known := 0
	for i, name := range personalNames {
		o, ok := values[name]
		if !ok {
			continue
		}
		known++
		salt, err := hex.DecodeString(o.Salt)
		if err != nil || len(salt) != SaltSize || Commit(salt, []byte(o.Value)) != r.Commitments[i] {
			return opened, ErrOpening
		}
		opened[i] = &o.Value
	}
	if known != len(values) {
		return opened, ErrReceipt
	}
	return opened, nil
}
