package esign_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// TestCardListener shakes hands as the card listener will: the demo's server
// certificate on one side, a person's on the other.
func TestCardListener(t *testing.T) {
	dir := demoDir(t)
	server, err := tls.LoadX509KeyPair(dir+"/tls/server.pem", dir+"/tls/server.key")
	if err != nil {
		t.Fatal(err)
	}
	v := demoVerifier(t)
	for _, address := range []string{"localhost", "127.0.0.1", "::1"} {
		for _, person := range []string{"aysel", "kamran", "stranger", "expired", "revoked", "suspended", ""} {
			t.Run(address+" "+person, func(t *testing.T) {
				config := &tls.Config{
					Certificates: []tls.Certificate{server}, ClientAuth: tls.RequestClientCert,
					ClientCAs: demoTrust(t).ClientCAs(), MinVersion: tls.VersionTLS12,
				}
				chain, offered := shakeHands(t, config, address, person)
				id, err := v.ClientCertificate(t.Context(), chain)
				wantReason(t, err, expected(person))
				if err == nil {
					checkPerson(t, id, person)
				}
				if len(offered) != 2 {
					t.Errorf("%d issuers are named to the browser, want the demo's two", len(offered))
				}
			})
		}
	}
}

func expected(person string) esign.Reason {
	for _, p := range democa.People() {
		if p.Name == person {
			return p.Expect
		}
	}
	return esign.CertificateMissing
}

// shakeHands returns the certificates that the server got and the issuers that
// it asked for.
func shakeHands(t *testing.T, config *tls.Config, address, person string) (chain []*x509.Certificate, offered [][]byte) {
	t.Helper()
	dir := demoDir(t)
	ca, err := os.ReadFile(dir + "/tls/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	left, right := net.Pipe()
	defer left.Close()
	defer right.Close()
	deadline := time.Now().Add(10 * time.Second)
	left.SetDeadline(deadline)
	right.SetDeadline(deadline)
	client := tls.Client(left, &tls.Config{
		RootCAs: roots, ServerName: address, MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			offered = r.AcceptableCAs
			if person == "" {
				return &tls.Certificate{}, nil
			}
			c, err := tls.LoadX509KeyPair(dir+"/people/"+person+".pem", dir+"/people/"+person+".key")
			return &c, err
		},
	})
	done := make(chan error, 1)
	go func() {
		done <- client.Handshake()
		client.Read(make([]byte, 1)) // the server's tickets
	}()
	conn := tls.Server(right, config)
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().PeerCertificates, offered
}
