package esign

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// MaxCallback is the most bytes that an answer of the SİMA application may have.
const MaxCallback = 64 << 10

// UnverifiedCallback is the answer to an operation, read and nothing more.
type UnverifiedCallback struct {
	Type        string // "Auth"
	OperationID string

	dataSignature string
	raw           []byte // what the request's signature is over: never written anew
}

var errCallback = errors.New("esign: callback")

// ParseCallback reads the JSON body of an answer. Members that are not known
// are let be; a known one that stands twice, is spelt in another case or is no
// text is not accepted. The error is an [Error] with reason TooLarge or
// NotASignature.
func ParseCallback(body []byte) (*UnverifiedCallback, error) {
	if len(body) > MaxCallback {
		return nil, refuse(TooLarge, "callback")
	}
	c := &UnverifiedCallback{raw: bytes.Clone(body)}
	known := map[string]*string{"Type": &c.Type, "OperationId": &c.OperationID, "DataSignature": &c.dataSignature}
	if err := readMembers(body, known); err != nil || c.Type == "" || c.OperationID == "" {
		return nil, refuse(NotASignature, "callback")
	}
	return c, nil
}

// readMembers reads one JSON object and nothing after it, and keeps the texts
// that are asked for. encoding/json alone would take the last of two members,
// and one in another case, for the member meant.
func readMembers(body []byte, known map[string]*string) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errCallback
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return errCallback
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return errCallback
		}
		to := known[name]
		if to == nil {
			continue
		}
		if seen[name] || len(value) == 0 || value[0] != '"' || json.Unmarshal(value, to) != nil {
			return errCallback
		}
		seen[name] = true
	}
	if _, err := d.Token(); err != nil {
		return errCallback
	}
	if _, err := d.Token(); err != io.EOF {
		return errCallback
	}
	return nil
}
