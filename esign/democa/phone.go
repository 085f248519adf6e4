package democa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"customs.gov.az/portal/esign"
)

// Phone is a stand-in for the SİMA application on a person's telephone. It
// speaks the web2app protocol over real HTTP and signs with the person's key.
type Phone struct {
	Pair
	MasterKey []byte       // checks the contract, as the SİMA service does
	Client    *http.Client // nil: one with a timeout of ten seconds
}

// Code is a QR code that has been read and whose contract is in order.
type Code struct {
	Address  string // as the code says it
	Contract esign.SIMAContract
}

// What keeps a telephone from answering.
var (
	ErrCode     = errors.New("democa: no QR code of SİMA, or not signed with this master key")
	ErrAssignee = errors.New("democa: the code is for somebody else")
	ErrKey      = errors.New("democa: SİMA signs with ECDSA keys only")
	ErrTime     = errors.New("democa: the code is not good at this time")
	ErrAnswered = errors.New("democa: the portal did not accept it")
)

// Scan reads the text of a QR code, or the link that opens the application on
// the same device.
func (p *Phone) Scan(text string) (Code, error) {
	if _, link, ok := strings.Cut(text, "?data="); ok {
		text = link
	}
	_, query, ok := strings.Cut(text, "?tsquery=")
	u, err := url.Parse(text)
	if !ok || err != nil || u.Host == "" || u.Path == "" { // the path is signed
		return Code{}, ErrCode
	}
	b, err := base64.StdEncoding.DecodeString(query)
	if err != nil {
		return Code{}, ErrCode
	}
	contract, err := esign.OpenSIMAContract(b, p.MasterKey)
	if err != nil {
		return Code{}, ErrCode
	}
	return Code{Address: text, Contract: contract}, nil
}

// Confirm does what the application does when its person confirms: it fetches
// the challenge, signs it and answers.
func (p *Phone) Confirm(ctx context.Context, c Code) error {
	if now := time.Now(); now.Before(c.Contract.NotBefore) || !now.Before(c.Contract.Expires) {
		return ErrTime
	}
	if pin := p.pin(); len(c.Contract.Assignee) > 0 && !strings.EqualFold(pin, string(c.Contract.Assignee[0])) {
		return ErrAssignee
	}
	if _, ok := p.Key.Public().(*ecdsa.PublicKey); !ok {
		return ErrKey
	}
	challenge, err := p.Fetch(ctx, c.Address)
	if err != nil {
		return err
	}
	body, err := p.Answer(c.Contract.OperationID, challenge)
	if err != nil {
		return err
	}
	return p.Post(ctx, c.Contract.Client.Callback, body)
}

func (p *Phone) pin() string {
	for _, a := range p.Certificate.Subject.Names {
		if text, ok := a.Value.(string); ok && a.Type.Equal(SerialNumber) {
			return strings.TrimPrefix(text, "PNOAZ-")
		}
	}
	return ""
}

// Fetch asks for the challenge at the address of a code or of its data.
func (p *Phone) Fetch(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, ErrCode
	}
	_, rest, _ := strings.Cut(address, "://")
	if err := p.Sign(r, []byte(rest[strings.IndexByte(rest, '/'):])); err != nil {
		return nil, err
	}
	var file struct{ Data string }
	if err := p.do(r, &file); err != nil {
		return nil, err
	}
	challenge, err := base64.StdEncoding.DecodeString(file.Data)
	if err != nil || len(challenge) == 0 {
		return nil, ErrAnswered
	}
	return challenge, nil
}

// answer is what the callback carries.
type answer struct {
	Type, OperationId, DataSignature, SignedDataHash, AlgName string //nolint:staticcheck // the protocol's own names
}

// Answer is the body of an answer: the challenge signed with ECDSA and SHA-256.
func (p *Phone) Answer(operation string, challenge []byte) ([]byte, error) {
	value, err := p.sign(challenge)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(challenge)
	return json.Marshal(answer{
		"Auth", operation, base64.StdEncoding.EncodeToString(value), base64.StdEncoding.EncodeToString(sum[:]), "SHA256",
	})
}

// Post sends an answer.
func (p *Phone) Post(ctx context.Context, address string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return ErrCode
	}
	r.Header.Set("Content-Type", "application/json")
	if err := p.Sign(r, body); err != nil {
		return err
	}
	var said struct{ Status string }
	if err := p.do(r, &said); err != nil {
		return err
	}
	if said.Status != "success" {
		return ErrAnswered
	}
	return nil
}

// Sign sets the three headers for a request that is signed over message.
func (p *Phone) Sign(r *http.Request, message []byte) error {
	value, err := p.sign(message)
	if err != nil {
		return err
	}
	r.Header.Set(esign.SIMACertHeader, base64.StdEncoding.EncodeToString(p.Certificate.Raw))
	r.Header.Set(esign.SIMASignHeader, base64.StdEncoding.EncodeToString(value))
	r.Header.Set(esign.SIMAAlgHeader, "ECDSA_SHA256")
	return nil
}

func (p *Phone) sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	value, err := p.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("democa: sign: %w", err)
	}
	return value, nil
}

func (p *Phone) do(r *http.Request, answer any) error {
	client := p.Client
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("democa: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: status %d", ErrAnswered, resp.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(answer)
}
