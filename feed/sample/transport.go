package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"customs.gov.az/portal/customs"
)

// senders lists the countries from which goods come through a checkpoint, the
// usual ones several times.
func senders(p customs.Checkpoint, mode int) []string {
	switch {
	case mode == 4:
		return strings.Fields("CN CN AE DE TR KR IT")
	case mode == 1:
		return strings.Fields("KZ KZ UZ CN CN KR")
	case p.Neighbour == "GE":
		return strings.Fields("TR TR TR GE GE DE IT PL")
	case p.Neighbour == "RU" && mode == 2:
		return strings.Fields("RU RU RU KZ")
	case p.Neighbour == "RU":
		return strings.Fields("RU RU RU RU PL DE")
	case p.Neighbour == "TR":
		return strings.Fields("TR")
	}
	return strings.Fields("IR IR IR AE")
}

// vehicle fills the means of transport: plate, wagon, vessel or flight.
func (g *generator) vehicle(r *rand.Rand, t *customs.Transport, from origin) {
	t.Nationality = from.code
	switch t.Mode {
	case 1:
		t.Nationality = pick(r, []string{"AZ", "KZ"})
		t.Vehicle = pick(r, []string{"«Qızıl Üfüq»", "«Şirvanşah»", "«Ağ Dalğa»", "«Mərcan-2»", "“Aqtau Zhuldyzy”"})
	case 2:
		t.Nationality = ""
		t.Vehicle = wagon(r)
	case 3:
		if r.IntN(3) == 0 {
			t.Nationality, t.Vehicle = "AZ", plate(r, pick(r, []string{"90-??-###", "10-??-###", "77-??-###", "20-??-###", "50-??-###"}))
		} else {
			t.Vehicle = plate(r, pick(r, from.plates))
		}
		if r.IntN(4) > 0 {
			t.Trailer = plate(r, "##-??-####")
		}
	case 4:
		t.Nationality = ""
		t.Vehicle = fmt.Sprintf("%s %03d", pick(r, []string{"J2", "7L", "TK", "QR"}), 100+r.IntN(900))
	}
	if t.Mode == 1 || t.Mode == 2 && r.IntN(2) == 0 || t.Mode == 3 && r.IntN(8) == 0 {
		for range 1 + r.IntN(2) {
			t.Containers = append(t.Containers, container(r))
		}
	}
	for range r.IntN(3) {
		t.Seals = append(t.Seals, plate(r, "AZ#######"))
	}
}

// plate fills a pattern: ? becomes a letter, # a digit; all else stays.
func plate(r *rand.Rand, pattern string) string {
	const letters = "ABCEHKMOPTX" // those that Latin and Cyrillic plates share
	out := []byte(pattern)
	for i, c := range out {
		switch c {
		case '?':
			out[i] = letters[r.IntN(len(letters))]
		case '#':
			out[i] = byte('0' + r.IntN(10))
		}
	}
	return string(out)
}

// wagon makes a wagon number of eight digits, the last one a check digit: the
// digits at odd places count double, and the digits of all products add up.
func wagon(r *rand.Rand) string {
	n := fmt.Sprintf("%07d", 5_000_000+r.IntN(4_999_999))
	sum := 0
	for i := range len(n) {
		d := int(n[i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return n + fmt.Sprint((10-sum%10)%10)
}

// container makes a container number of ISO 6346 with its check digit.
func container(r *rand.Rand) string {
	s := pick(r, []string{"AZXU", "KASU", "TRQU", "GZNU"}) + fmt.Sprintf("%06d", r.IntN(1_000_000))
	return s + fmt.Sprint(containerCheck(s))
}

// containerCheck is the check digit of owner code, category and serial (ISO
// 6346, annex A): letters count 10 to 38 without the multiples of 11, places
// double, modulo 11, and 10 stands as 0.
func containerCheck(s string) int {
	sum := 0
	for i := range len(s) {
		v := int(s[i] - '0')
		if s[i] >= 'A' {
			v = int(s[i]-'A') + 10
			v += (v - 1) / 10 // 11, 22 and 33 are left out
		}
		sum += v << i
	}
	return sum % 11 % 10
}

// papers makes the transport document of the mode and what usually goes with it.
func papers(r *rand.Rand, mode int, from origin, date string) []customs.Document {
	doc := func(kind, number string) customs.Document {
		return customs.Document{Type: kind, Number: number, Date: date}
	}
	var out []customs.Document
	switch mode {
	case 1:
		out = append(out, doc("705", fmt.Sprintf("ALA%07d", r.IntN(10_000_000))))
	case 2:
		out = append(out, doc("720", fmt.Sprintf("%08d", r.IntN(100_000_000))))
	case 4:
		serial := 1_000_000 + r.IntN(9_000_000)
		out = append(out, doc("740", fmt.Sprintf("%s-%07d%d", pick(r, []string{"771", "501"}), serial, serial%7)))
	default:
		out = append(out, doc("730", fmt.Sprintf("%s %07d", from.code, r.IntN(10_000_000))))
		if r.IntN(3) == 0 {
			out = append(out, doc("952", fmt.Sprintf("XQ%08d", r.IntN(100_000_000))))
		}
	}
	if r.IntN(6) > 0 {
		out = append(out, doc("380", fmt.Sprintf("%s-%06d", from.code, r.IntN(1_000_000))))
	}
	if r.IntN(3) == 0 {
		out = append(out, doc("271", fmt.Sprintf("PL-%05d", r.IntN(100_000))))
	}
	if r.IntN(3) == 0 {
		out = append(out, doc("861", fmt.Sprintf("%s%07d", from.code, r.IntN(10_000_000))))
	}
	return out
}
