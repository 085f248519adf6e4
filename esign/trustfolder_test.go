package esign_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"customs.gov.az/portal/esign"
)

func TestTrustFolderIsFollowed(t *testing.T) {
	w := newWorld(t)
	folder := w.folder(t, baseProfile())
	follow, first, err := esign.OpenTrust(folder)
	if err != nil || len(first.Profiles()) != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	poll := func(wantProfiles int, mistake string) {
		t.Helper()
		got, err := follow.Poll()
		n := 0
		if got != nil {
			n = len(got.Profiles())
		}
		if n != wantProfiles || (err == nil) != (mistake == "") || (err != nil && !strings.Contains(err.Error(), mistake)) {
			t.Fatalf("got %d profiles and %v, want %d and %q", n, err, wantProfiles, mistake)
		}
	}
	poll(0, "") // nothing has changed

	other := newWorld(t)
	folder["other.json"] = &fstest.MapFile{Data: bytes.ReplaceAll(bytes.ReplaceAll(baseProfile().json(t), []byte(`"ca.pem"`), []byte(`"ca2.pem"`)), []byte(`"root.pem"`), []byte(`"root2.pem"`))}
	poll(0, "") // seen for the first time, perhaps half copied
	folder["ca2.pem"] = &fstest.MapFile{Data: certPEM(other.ca.Certificate)}
	poll(0, "") // still moving
	folder["root2.pem"] = &fstest.MapFile{Data: certPEM(other.root.Certificate)}
	poll(0, "")
	poll(2, "")
	poll(0, "")

	folder["README.txt"] = &fstest.MapFile{Data: []byte("of no concern")}
	poll(0, "")
	poll(0, "")

	folder["other.json"] = &fstest.MapFile{Data: []byte("{}")}
	poll(0, "")
	poll(0, "other.json")
	poll(0, "") // told once
	delete(folder, "other.json")
	poll(0, "")
	poll(1, "")
}

func TestTrustFolderMustBeRightAtTheStart(t *testing.T) {
	if _, trust, err := esign.OpenTrust(fstest.MapFS{}); err == nil || trust != nil {
		t.Error("an empty folder was taken")
	}
}

func TestAuthorities(t *testing.T) {
	w := newWorld(t)
	trust, err := esign.LoadTrust(w.folder(t, baseProfile().with("intermediates", []string{"ca.pem"})))
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, a := range trust.Authorities() {
		roles = append(roles, a.Profile+" "+a.Role)
		if len(a.Fingerprint()) != 16 {
			t.Errorf("fingerprint %q", a.Fingerprint())
		}
		end := a.Certificate.NotAfter
		for before, want := range map[time.Duration]float64{0: 0, 36 * time.Hour: 1.5, -24 * time.Hour: -1} {
			if got := a.Days(end.Add(-before)); got != want {
				t.Errorf("%v before the end: %v days", before, got)
			}
		}
	}
	if got := strings.Join(roles, ", "); got != "test issuer, test intermediate, test root" {
		t.Errorf("got %s", got)
	}
}
