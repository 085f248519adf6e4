package handlers_test

import (
	"fmt"
	"time"
)

// Registrations of the sample: aysel's three, one of them with slashes in its
// code as a transit number may have them, and rashad's one.
const (
	aysels  = "009012605000017"
	aysels2 = "009012605000018"
	slashed = "26AZ/0901-17/3.A"
	rashads = "009012605000019"

	consignor = "Kolkheti Çay Evi MMC" // named in no certificate
)

// sampleFeed is what the checkpoints sent: kamran has enough for pages.
func sampleFeed() []string {
	lines := []string{
		snapshot(aysels, "1499000151", 1), snapshot(aysels2, "1499000151", 1), snapshot(slashed, "1499000151", 1),
		snapshot(rashads, "1499000152", 1), snapshot("S1", "1699000171", 1), snapshot("S2", "1799000181", 1),
	}
	for i := range 60 {
		lines = append(lines, snapshot(fmt.Sprintf("K%04d", i), "1599000161", 1))
	}
	return append(lines, fmt.Sprintf(`{"checkpoint":"00901","as_of":%q}`, stamp(time.Minute)))
}

// snapshot is one line of the feed: a consignment waiting for a paper.
func snapshot(code, voen string, revision int) string {
	return fmt.Sprintf(`{"registration":%q,"revision":%d,"checkpoint":"00901","voen":%q,"status":"docs_check",`+
		`"status_at":%q,"registered_at":%q,"consignee":{"name":"«Xəzər Aqro Ticarət» MMC","voen":%q,"country":"AZ"},`+
		`"consignor":{"name":%q,"country":"GE"},"transport":{"mode":3,"vehicle":"TT-417-KO","nationality":"GE"},`+
		`"documents":[{"type":"730","number":"GE 0048211"}],`+
		`"goods":[{"item":1,"description":"Qara çay","commodity_code":"0902300000","gross_mass":5250.5,"packages":{"count":420,"type":"CT"}}],`+
		`"requires":[{"code":"certificate_of_origin","who":"you","since":%q}]}`,
		code, revision, voen, stamp(time.Hour), stamp(2*time.Hour), voen, consignor, stamp(time.Hour))
}

// stamp is a time so long ago, as the feed writes it.
func stamp(ago time.Duration) string {
	return time.Now().Add(-ago).Truncate(time.Second).Format(time.RFC3339)
}
