package handlers_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTrustFigures reads how long the authorities hold, as monitoring does.
func TestTrustFigures(t *testing.T) {
	s := newEmptySite(t)
	res, err := http.Get(s.ops.URL + "/metrics")
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	figures := regexp.MustCompile(`(?m)^portal_trust_days_left\{certificate="[0-9a-f]{16}",profile="(\w+)",role="(\w+)"\} (\S+)$`).FindAllStringSubmatch(string(b), -1)
	var names []string
	for _, f := range figures {
		names = append(names, f[1]+" "+f[2])
		if days, err := strconv.ParseFloat(f[3], 64); err != nil || days < 14*365 || days > 16*365 {
			t.Errorf("%s %s ends in %s days", f[1], f[2], f[3])
		}
	}
	if len(names) != 4 || !strings.Contains(strings.Join(names, ","), "business issuer") {
		t.Errorf("figures are about %v", names)
	}
	if strings.Contains(string(b), "Demo Root") {
		t.Error("a figure names a subject")
	}
}
