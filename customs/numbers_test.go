package customs

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestVOEN(t *testing.T) {
	for text, ok := range map[string]bool{
		"1499000151": true, "0000000010": true, "0000000000": false, "": false, "149900015": false, "14990001511": false, "149900015a": false, "14990 0015": false,
		"١٤٩٩٠٠٠١٥١": false, "1499-00151": false, "1499000151\n": false, "+499000151": false,
	} {
		v, err := ParseVOEN(text)
		if ok && (err != nil || string(v) != text) || !ok && (!errors.Is(err, ErrVOEN) || v != "") {
			t.Errorf("%q: %q, %v", text, v, err)
		}
	}
}

// People type a number in groups; nothing else is forgiven.
func TestTypedVOEN(t *testing.T) {
	for text, want := range map[string]VOEN{
		"1499000151": "1499000151", "149 900 0151": "1499000151", "1499-00-0151": "1499000151", "149\u00a0900\u00a00151": "1499000151",
		"149 900 015": "", "149.900.0151": "", "149900015l": "", " ": "",
	} {
		if v, err := TypedVOEN(text); v != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, v, err)
		}
	}
}

func TestCheckDigit(t *testing.T) {
	for v, want := range map[VOEN]bool{
		"1499000151": true, "1499000141": false, "1499000161": false, "4199000151": false, "0000000000": true, "0000000010": false,
		"": false, "149900015": false, "abcdefghij": false,
	} {
		if got := v.CheckDigitOK(); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
	// A sum that leaves ten has no check digit: such numbers are not given out.
	for last := byte('0'); last <= '9'; last++ {
		if v := VOEN("00101000" + string(last) + "1"); v.CheckDigitOK() {
			t.Errorf("%s has a right check digit", v)
		}
	}
}

func TestPIN(t *testing.T) {
	for text, want := range map[string]PIN{"5A7KM2L": "5A7KM2L", "5a7km2l": "5A7KM2L", "12345": "12345", strings.Repeat("z", 20): PIN(strings.Repeat("Z", 20))} {
		if got, err := ParsePIN(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1234", strings.Repeat("1", 21), "5A7KM2İ", "5A7 M2L", "5A7KM2L\x00", "ıııı", "12345-"} {
		if got, err := ParsePIN(text); !errors.Is(err, ErrPIN) || got != "" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// Neither number gets into a log whole.
func TestLogsHideNumbers(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Info("m", "voen", VOEN("1499000151"), "pin", PIN("5A7KM2L"), "bad", VOEN("14990001519999"))
	for _, secret := range []string{"99000", "5A7KM2L", "7KM"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("%s is in %s", secret, &b)
		}
	}
	if !strings.Contains(b.String(), "voen=14*******1") || !strings.Contains(b.String(), "bad=invalid") {
		t.Error(b.String())
	}
}

func TestCommodityCode(t *testing.T) {
	for text, want := range map[string]string{
		"1701": "1701", "170199": "1701 99", "17019": "1701 9", "1701991000": "1701 99 100 0", "170199100": "1701 99 100", "0000": "0000",
	} {
		if c := CommodityCode(text); c.String() != want || c.Heading() != text[:4] {
			t.Errorf("%s: %q, heading %q", text, c, c.Heading())
		}
	}
	if got := CommodityCode("1").Heading(); got != "" {
		t.Errorf("heading of nonsense: %q", got)
	}
}

func TestDecimal(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "0.001": 1, "1.5": 1500, "001.50": 1500, "999999999999.999": 999_999_999_999_999, "1.5000000": 1500, "12": 12000, "0.000": 0,
	} {
		if got, err := ParseDecimal(text, 12, 3); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0x1", "1.0001", "1000000000000", "1.2.3", "NaN", "null", "٣", strings.Repeat("9", 400),
	} {
		if got, err := ParseDecimal(text, 12, 3); !errors.Is(err, ErrDecimal) || got != 0 {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for n, want := range map[int64]string{0: "0", 1: "0.001", 10: "0.01", 1500: "1.5", -1500: "-1.5", 999: "0.999", 1000: "1", 12_000: "12", -1: "-0.001"} {
		if got := FormatDecimal(n, 3); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestMeasuresInJSON(t *testing.T) {
	type all struct {
		M *Mass     `json:"m,omitempty"`
		Q *Quantity `json:"q,omitempty"`
		A *Amount   `json:"a,omitempty"`
	}
	const text = `{"m":1.5,"q":0.001,"a":9999999999999999.99}`
	var v all
	if err := json.Unmarshal([]byte(text), &v); err != nil || *v.M != 1500 || *v.Q != 1 || *v.A != 999_999_999_999_999_999 {
		t.Errorf("%v, %v, %v: %v", v.M, v.Q, v.A, err)
	}
	if b, err := json.Marshal(v); err != nil || string(b) != text {
		t.Errorf("%s, %v", b, err)
	}
	for _, bad := range []string{`{"m":"1"}`, `{"m":1e3}`, `{"q":-1}`, `{"a":0.001}`, `{"m":true}`} {
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

// Whatever is read is written as the same number again.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "1.5", "999999999999.999", "000.000", "1e3", "-1", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseDecimal(s, 12, 3)
		if err != nil {
			return
		}
		text := FormatDecimal(n, 3)
		if again, err := ParseDecimal(text, 12, 3); err != nil || again != n || n < 0 {
			t.Errorf("%q is %d, written %q, read %d, %v", s, n, text, again, err)
		}
		if want := strings.TrimRight(strings.TrimLeft(s, "0"), "0."); strings.Contains(s, ".") && strings.TrimRight(strings.TrimLeft(text, "0"), "0.") != want {
			t.Errorf("%q is written %q", s, text)
		}
	})
}
