package esign_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
)

var masterKey = []byte("a master key of the tests alone")

func contract(version string) esign.SIMAContract {
	return esign.SIMAContract{
		Version: version, OperationID: "0d4f5c1e-6b1c-4b52-9e31-0a6a6f3f2b11",
		NotBefore: time.Unix(1_800_000_000, 0), Expires: time.Unix(1_800_000_180, 0),
		DataURI: "https://portal.example/sima/Home/GetFileByOperationId/?operationId=0d4f&x=<1>", Data: []byte("challenge"),
		Client: esign.SIMAClient{
			ID: 42, Name: "DGK & Co", IconURI: "https://portal.example/icon.svg", Callback: "https://portal.example/sima/Home/Callback",
			RedirectURI: "https://portal.example/sign-in/sima",
		},
	}
}

// TestContractBytes fixes the bytes: order of members, no white space, nothing
// escaped that need not be, times in seconds.
func TestContractBytes(t *testing.T) {
	head := `{"SignableContainer":{"ProtoInfo":{"Name":"web2app","Version":"`
	operation := `"},"OperationInfo":{"Type":"Auth","OperationId":"0d4f5c1e-6b1c-4b52-9e31-0a6a6f3f2b11","NbfUTC":1800000000,"ExpUTC":1800000180,"Assignee":[]},`
	data := `"DataInfo":{"DataURI":"https://portal.example/sima/Home/GetFileByOperationId/?operationId=0d4f&x=<1>","AlgName":"SHA256","FingerPrint":"` + sum64("challenge") + `"},`
	client := `"ClientInfo":{"ClientId":42,`
	name := `"ClientName":"DGK & Co",`
	rest := `"IconURI":"https://portal.example/icon.svg","Callback":"https://portal.example/sima/Home/Callback"`
	for version, want := range map[string]string{
		"1.0": head + "1.0" + operation + client + rest,
		"1.1": head + "1.1" + operation + data + client + name + rest + `,"HostName":null`,
		"1.3": head + "1.3" + operation + data + client + name + rest + `,"HostName":null,"RedirectURI":"https://portal.example/sign-in/sima"`,
	} {
		got, err := contract(version).Seal(masterKey)
		if err != nil {
			t.Fatal(err)
		}
		want += `}},"Header":{"AlgName":"HMACSHA256","Signature":"`
		if !strings.HasPrefix(string(got), want) {
			t.Errorf("%s:\n%s\nwant\n%s…", version, got, want)
		}
		checkMAC(t, got)
	}
}

// checkMAC computes the signature once more, as the protocol's description has
// it: HMAC over the hash of the bytes between the two members.
func checkMAC(t *testing.T, sealed []byte) {
	t.Helper()
	_, rest, _ := bytes.Cut(sealed, []byte(`{"SignableContainer":`))
	container, header, ok := bytes.Cut(rest, []byte(`,"Header":`))
	if !ok {
		t.Fatal("no header")
	}
	sum := sha256.Sum256(container)
	m := hmac.New(sha256.New, masterKey)
	m.Write(sum[:])
	if want := base64.StdEncoding.EncodeToString(m.Sum(nil)); !bytes.Contains(header, []byte(`"`+want+`"`)) {
		t.Errorf("signature is not %s in %s", want, header)
	}
}

func sum64(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestContractAssigneeAndHosts(t *testing.T) {
	c := contract("1.3")
	c.Assignee, c.Client.HostNames = []customs.PIN{"5A7KM2L"}, []string{"portal.example"}
	b, err := c.Seal(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Assignee":["5A7KM2L"]`, `"HostName":["portal.example"]`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
	again, err := esign.OpenSIMAContract(b, masterKey)
	if err != nil {
		t.Fatal(err)
	}
	c.Data = nil // only its fingerprint travels
	if !reflect.DeepEqual(again, c) {
		t.Errorf("%+v\nwant\n%+v", again, c)
	}
}

func TestContractTampered(t *testing.T) {
	good, err := contract("1.1").Seal(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"later":         bytes.Replace(good, []byte("1800000180"), []byte("1900000180"), 1),
		"elsewhere":     bytes.Replace(good, []byte("Home/Callback"), []byte("Home/Callbacc"), 1),
		"white space":   bytes.Replace(good, []byte(`"ClientId":42`), []byte(`"ClientId": 42`), 1),
		"no algorithm":  bytes.Replace(good, []byte("HMACSHA256"), []byte("none"), 1),
		"no signature":  bytes.Replace(good, []byte(`"Signature"`), []byte(`"Sig"`), 1),
		"cut":           good[:len(good)-1],
		"nothing":       nil,
		"another thing": []byte(`{}`),
	} {
		if _, err := esign.OpenSIMAContract(b, masterKey); !errors.Is(err, esign.ErrContract) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := esign.OpenSIMAContract(good, []byte("another key")); !errors.Is(err, esign.ErrContract) {
		t.Errorf("another key: %v", err)
	}
	// A contract that AzInTelecom's own test page made, under a key that we do
	// not have: readable in form, not ours.
	theirs := `{"SignableContainer":{"ProtoInfo":{"Name":"web2app","Version":"1.0"},"OperationInfo":{"Type":"Sign","OperationId":"123",` +
		`"NbfUTC":1648441080,"ExpUTC":1648444740,"Assignee":[]},"ClientInfo":{"ClientId":1,"IconURI":"https://sima.az/img/logo.24d4a9b7.svg",` +
		`"Callback":"https://scanme.sima.az/Home/Callback"}},"Header":{"AlgName":"HMACSHA256","Signature":"t8MK5bDUWnqlL+A/NsGR6mvDHV1RKJzj+CxNYndqjMY="}}`
	if _, err := esign.OpenSIMAContract([]byte(theirs), masterKey); !errors.Is(err, esign.ErrContract) {
		t.Errorf("a stranger's contract: %v", err)
	}
}

func FuzzSIMAContract(f *testing.F) {
	good, err := contract("1.3").Seal(masterKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"SignableContainer":{},"Header":{"AlgName":"HMACSHA256","Signature":""}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := esign.OpenSIMAContract(b, masterKey)
		if err != nil {
			if !reflect.DeepEqual(c, esign.SIMAContract{}) {
				t.Error("something came with the error")
			}
			return
		}
		if !json.Valid(b) || !bytes.Contains(b, []byte("0d4f5c1e")) {
			t.Errorf("accepted without our signature: %q", b)
		}
	})
}

func FuzzSIMACallback(f *testing.F) {
	f.Add([]byte(`{"Type":"Auth","OperationId":"a","DataSignature":"AA==","SignedDataHash":null,"version":"1.3"}`))
	f.Add([]byte(`{"Type":"Auth","Type":"Sign","OperationId":"a"}`))
	f.Add([]byte(`{"a":[[[[{}]]]],"Type":"\ud800","OperationId":"a"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := esign.ParseCallback(b)
		if (err == nil) == (c == nil) {
			t.Fatal("either an answer or an error")
		}
		if err != nil {
			if esign.ReasonOf(err) == "" {
				t.Errorf("an error without reason: %v", err)
			}
			return
		}
		// Whatever else is in it, another reader finds the same members.
		var m map[string]json.RawMessage
		var kind, id string
		if json.Unmarshal(b, &m) != nil || json.Unmarshal(m["Type"], &kind) != nil || json.Unmarshal(m["OperationId"], &id) != nil ||
			kind != c.Type || id != c.OperationID {
			t.Errorf("%q is read differently", b)
		}
	})
}

func FuzzSIMAHeaders(f *testing.F) {
	phone := phoneOf(f, "aysel")
	h := headers(f, phone, simaTarget)
	f.Add(h.Get(esign.SIMACertHeader), h.Get(esign.SIMASignHeader), h.Get(esign.SIMAAlgHeader))
	f.Add("MIIB", "MEUCIQ==", "ECDSA_SHA256")
	v := demoVerifier(f)
	good := h.Get(esign.SIMACertHeader)
	f.Fuzz(func(t *testing.T, cert, sig, alg string) {
		values := func(name string) []string {
			return map[string][]string{esign.SIMACertHeader: {cert}, esign.SIMASignHeader: {sig}, esign.SIMAAlgHeader: {alg}}[name]
		}
		proof, err := esign.ParseSIMA(values)
		if err != nil {
			if proof != nil || esign.ReasonOf(err) == "" {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := v.SIMARequest(t.Context(), proof, []byte(simaTarget)); err == nil && cert != good {
			t.Error("another certificate was accepted")
		}
	})
}

// BenchmarkSIMACallback is everything that an answer costs between the socket
// and the database; BenchmarkSIMABare is the bare crypto operations in it: two
// signatures by the phone, the certificate's own and its issuer's.
func BenchmarkSIMACallback(b *testing.B) {
	w := newWorld(b)
	v := w.verifier(b, simaProfile())
	phone := phoneIn(w, b)
	body, h := answerOf(b, phone)
	b.ReportAllocs()
	for b.Loop() {
		proof, err := esign.ParseSIMA(h.Values)
		if err != nil {
			b.Fatal(err)
		}
		c, err := esign.ParseCallback(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.SIMAAnswer(b.Context(), proof, c, challenge, esign.DataSignatureRequired); err != nil {
			b.Fatal(err)
		}
	}
}
