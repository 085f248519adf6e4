package esign

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"customs.gov.az/portal/customs"
)

// SIMAContract is what the SİMA application is asked to do: the container that
// a QR code carries.
type SIMAContract struct {
	Version     string // of the protocol: 1.0, 1.1 or 1.3
	OperationID string
	NotBefore   time.Time     // to the second
	Expires     time.Time     // to the second
	Assignee    []customs.PIN // who may answer; empty: anyone
	DataURI     string        // where the challenge lies, from version 1.1
	Data        []byte        // the challenge, for its fingerprint, from version 1.1
	Client      SIMAClient
}

// SIMAClient is who asks.
type SIMAClient struct {
	ID          int    // given by AzInTelecom
	Name        string // shown to the person, from version 1.1
	IconURI     string
	Callback    string   // where the answer goes
	HostNames   []string // from version 1.1; nil is written as null
	RedirectURI string   // where the same device goes afterwards, version 1.3
}

// ErrContract says that a text is no contract under this master key.
var ErrContract = errors.New("esign: not a contract under this master key")

// The members stand in the order of AzInTelecom's own servers, because the
// signature is over the bytes.
type simaContainer struct {
	ProtoInfo struct {
		Name    string
		Version string
	}
	OperationInfo struct {
		Type        string
		OperationID string `json:"OperationId"`
		NbfUTC      int64
		ExpUTC      int64
		Assignee    []customs.PIN
	}
	DataInfo   *simaDataInfo `json:",omitempty"`
	ClientInfo struct {
		ClientID    int    `json:"ClientId"`
		ClientName  string `json:",omitempty"`
		IconURI     string
		Callback    string
		HostName    json.RawMessage `json:",omitempty"`
		RedirectURI string          `json:",omitempty"`
	}
}

type simaDataInfo struct {
	DataURI     string
	AlgName     string
	FingerPrint string
}

type simaEnvelope struct {
	SignableContainer json.RawMessage
	Header            struct {
		AlgName   string
		Signature string
	}
}

const simaHMAC = "HMACSHA256"

// Seal writes the contract as compact JSON and signs it with the master key.
func (c SIMAContract) Seal(masterKey []byte) ([]byte, error) {
	container, err := compactJSON(c.container())
	if err != nil {
		return nil, err
	}
	e := simaEnvelope{SignableContainer: container}
	e.Header.AlgName = simaHMAC
	e.Header.Signature = base64.StdEncoding.EncodeToString(simaMAC(masterKey, container))
	return compactJSON(e)
}

func (c SIMAContract) container() simaContainer {
	var s simaContainer
	s.ProtoInfo.Name, s.ProtoInfo.Version = "web2app", c.Version
	s.OperationInfo.Type, s.OperationInfo.OperationID = "Auth", c.OperationID
	s.OperationInfo.NbfUTC, s.OperationInfo.ExpUTC = c.NotBefore.Unix(), c.Expires.Unix()
	s.OperationInfo.Assignee = append([]customs.PIN{}, c.Assignee...) // [] and never null
	s.ClientInfo.ClientID, s.ClientInfo.IconURI, s.ClientInfo.Callback = c.Client.ID, c.Client.IconURI, c.Client.Callback
	if c.Version == "1.0" {
		return s
	}
	sum := sha256.Sum256(c.Data)
	s.DataInfo = &simaDataInfo{DataURI: c.DataURI, AlgName: "SHA256", FingerPrint: base64.StdEncoding.EncodeToString(sum[:])}
	s.ClientInfo.ClientName = c.Client.Name
	s.ClientInfo.HostName, _ = json.Marshal(c.Client.HostNames) // texts always can be written
	if c.Version != "1.1" {
		s.ClientInfo.RedirectURI = c.Client.RedirectURI
	}
	return s
}

// OpenSIMAContract reads what Seal wrote and checks its signature, as the SİMA
// service does: over the bytes as they came. The error is ErrContract.
func OpenSIMAContract(text, masterKey []byte) (SIMAContract, error) {
	var e simaEnvelope
	var s simaContainer
	if json.Unmarshal(text, &e) != nil || e.Header.AlgName != simaHMAC || json.Unmarshal(e.SignableContainer, &s) != nil {
		return SIMAContract{}, ErrContract
	}
	got, ok := strictBase64(e.Header.Signature, 64)
	if !ok || !hmac.Equal(got, simaMAC(masterKey, e.SignableContainer)) {
		return SIMAContract{}, ErrContract
	}
	c := SIMAContract{
		Version: s.ProtoInfo.Version, OperationID: s.OperationInfo.OperationID, Assignee: s.OperationInfo.Assignee,
		NotBefore: time.Unix(s.OperationInfo.NbfUTC, 0), Expires: time.Unix(s.OperationInfo.ExpUTC, 0),
		Client: SIMAClient{
			ID: s.ClientInfo.ClientID, Name: s.ClientInfo.ClientName, IconURI: s.ClientInfo.IconURI,
			Callback: s.ClientInfo.Callback, RedirectURI: s.ClientInfo.RedirectURI,
		},
	}
	if len(s.ClientInfo.HostName) > 0 && json.Unmarshal(s.ClientInfo.HostName, &c.Client.HostNames) != nil {
		return SIMAContract{}, ErrContract
	}
	if s.DataInfo != nil {
		c.DataURI = s.DataInfo.DataURI
	}
	return c, nil
}

// simaMAC is HMAC-SHA256 over the SHA-256 of the container, not over the
// container itself.
func simaMAC(masterKey, container []byte) []byte {
	sum := sha256.Sum256(container)
	m := hmac.New(sha256.New, masterKey)
	m.Write(sum[:])
	return m.Sum(nil)
}

// compactJSON writes JSON without white space and without escaping & < >, which
// other implementations of the protocol leave as they are.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
