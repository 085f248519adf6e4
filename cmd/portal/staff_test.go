package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db/dbtest"
)

func TestStaffCommands(t *testing.T) {
	at := "--owner-url=" + dbtest.New(t).OwnerURL
	add := []string{"staff", "add", at, "--pin=3g7hn2q", "--number=OP-7", "--name=Günel Həsənova", "--unit=Çağrı Mərkəzi", "--role=operator", "--until=2031-12-31"}
	if out, err := said(t, add...); err != nil || out != "OP-7 is on the staff list as operator until 2031-12-31.\n" {
		t.Errorf("%q %v", out, err)
	}
	if out, err := said(t, "staff", "list", at); err != nil ||
		out != `{"number":"OP-7","pin":"3G7HN2Q","name":"Günel Həsənova","unit":"Çağrı Mərkəzi","role":"operator","until":"2031-12-31"}`+"\n" {
		t.Errorf("%q %v", out, err)
	}
	add[3] = "--pin=8S4KR6V"
	if _, err := said(t, add...); err == nil || !strings.Contains(err.Error(), "another officer has OP-7") {
		t.Errorf("two officers with one number: %v", err)
	}
	if out, err := said(t, "staff", "remove", at, "3G7HN2Q"); err != nil || !strings.HasPrefix(out, "Removed.") {
		t.Errorf("%q %v", out, err)
	}
	for _, wrong := range [][]string{
		{"staff", "remove", at, "3G7HN2Q"},
		{"staff", "remove", at, "?"},
		{"staff", "list", "--owner-url=", "--data=" + t.TempDir()},
		append(slices.Clip(add), "--role=owner"),
	} {
		if out, err := said(t, wrong...); err == nil {
			t.Errorf("%v: %q", wrong, out)
		}
	}
	_, err := said(t, "staff", "add", at, "--pin=?", "--number=op", "--name= ", "--unit=a\nb", "--role=operator", "--until=soon")
	for _, name := range []string{"--pin", "--number", "--name", "--unit", "--until"} {
		if err == nil || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s is not said to be wrong: %v", name, err)
		}
	}
}

func TestSensitiveCommands(t *testing.T) {
	at := "--owner-url=" + dbtest.New(t).OwnerURL
	if out, err := said(t, "staff", "sensitive", "add", at, "1499000151", "--note=press"); err != nil || !strings.HasPrefix(out, "Marked") {
		t.Errorf("%q %v", out, err)
	}
	if out, err := said(t, "staff", "sensitive", "list", at); err != nil || !strings.HasPrefix(out, "1499000151 ") || !strings.HasSuffix(out, " press\n") {
		t.Errorf("%q %v", out, err)
	}
	if _, err := said(t, "staff", "sensitive", "remove", at, "1499000151"); err != nil {
		t.Error(err)
	}
	for _, wrong := range [][]string{{"remove", "1499000151"}, {"remove", "x"}, {"add", "149900015"}, {"add", "1499000151", "--note=a\nb"}} {
		if out, err := said(t, append([]string{"staff", "sensitive", wrong[0], at}, wrong[1:]...)...); err == nil {
			t.Errorf("%v: %q", wrong, out)
		}
	}
}

func TestStaffSiteSettings(t *testing.T) {
	for what, c := range map[string]struct {
		site staffSite
		want string // in the message, or the address
		ok   bool
	}{
		"none":              {staffSite{Cases: 20}, "", true},
		"shared":            {staffSite{Cases: 1, URL: "http://127.0.0.1:8080"}, "http://127.0.0.1:8080", true},
		"own":               {staffSite{Cases: 60, URL: "http://staff.example", Addr: "10.0.0.1:80"}, "http://staff.example", true},
		"no address":        {staffSite{Cases: 20, Addr: "10.0.0.1:80"}, "PORTAL_STAFF_URL must say", false},
		"no port":           {staffSite{Cases: 20, URL: "http://staff.example", Addr: "10.0.0.1"}, "PORTAL_STAFF_ADDR:", false},
		"shared and own":    {staffSite{Cases: 20, URL: "http://127.0.0.1:8080", Addr: "10.0.0.1:80"}, "must differ", false},
		"another scheme":    {staffSite{Cases: 20, URL: "https://staff.example"}, "both http or both https", false},
		"not an address":    {staffSite{Cases: 20, URL: "staff.example"}, "PORTAL_STAFF_URL:", false},
		"no cases":          {staffSite{}, "PORTAL_STAFF_CASES_PER_HOUR", false},
		"too many":          {staffSite{Cases: 61}, "PORTAL_STAFF_CASES_PER_HOUR", false},
		"all wrong at once": {staffSite{Cases: 61, Addr: "x"}, "PORTAL_STAFF_URL must say", false},
	} {
		w := right(t)
		w.Staff = c.site
		got, err := w.check()
		switch {
		case c.ok && err != nil, !c.ok && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", what, err)
		case c.ok && c.want == "" && got.staffURL != nil, c.ok && c.want != "" && got.staffURL.String() != c.want:
			t.Errorf("%s: %v", what, got.staffURL)
		}
	}
}

func TestDemoStaff(t *testing.T) {
	seen := map[customs.StaffRole]int{}
	numbers := map[string]bool{}
	for _, m := range demoStaff(time.Now()) {
		seen[m.Role]++
		numbers[m.Number] = true
		if !customs.IsOfficerNumber(m.Number) || !customs.IsLine(m.Unit, 200) || !m.Until.After(time.Now()) {
			t.Errorf("%+v", m)
		}
	}
	if seen[customs.RoleOperator] != 2 || seen[customs.RoleSupervisor] != 1 || seen[customs.RoleAdministrator] != 2 || len(numbers) != 5 {
		t.Errorf("%v, %d numbers", seen, len(numbers))
	}
}
