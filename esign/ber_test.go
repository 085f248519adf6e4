package esign

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestNormalise(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     string
		reason   Reason
	}{
		{"DER stays", "3003020105", "3003020105", ""},
		{"indefinite length", "30800201050000", "3003020105", ""},
		{"indefinite in indefinite", "308030800201050000 0000", "30053003020105", ""},
		{"long form of a short length", "30810302 0105", "3003020105", ""},
		{"leading zeros in a length", "3084000000030201 05", "3003020105", ""},
		{"octet string in pieces", "2480 0401aa 0402bbcc 0000", "0403aabbcc", ""},
		{"pieces in pieces", "2480 2480 0401aa 0000 0401bb 0000", "0402aabb", ""},
		{"pieces with definite length", "2406 0401aa 0401bb", "0402aabb", ""},
		{"no pieces", "24800000", "0400", ""},
		{"context tag", "a0800401aa0000", "a0030401aa", ""},
		{"empty sequence", "3000", "3000", ""},

		{"nothing", "", "", NotASignature},
		{"tag only", "30", "", NotASignature},
		{"cut short", "3003 0201", "", NotASignature},
		{"child longer than its parent", "3003 020205 0000", "", NotASignature},
		{"no end of contents", "3080020105", "", NotASignature},
		{"half an end of contents", "308002010500", "", NotASignature},
		{"primitive of indefinite length", "048000", "", NotASignature},
		{"reserved length", "30ff", "", NotASignature},
		{"length of nine octets", "3089000000000000000003020105", "", NotASignature},
		{"length beyond all bounds", "3084ffffffff020105", "", NotASignature},
		{"length above the limit", "3083010001 00", "", NotASignature},
		{"tag of two octets", "1f1f00", "", NotASignature},
		{"end of contents as a value", "30020000", "", NotASignature},
		{"integer among the pieces", "2480 020105 0000", "", NotASignature},
		{"more after it", "3000 00", "", TrailingData},
		{"two values", "30003000", "", TrailingData},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, err := hex.DecodeString(strings.ReplaceAll(tt.in, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got, err := normalise(in)
			if ReasonOf(err) != tt.reason || (err == nil && hex.EncodeToString(got) != tt.want) {
				t.Errorf("got %x, %v", got, err)
			}
		})
	}
}

func TestNormaliseLengthSteps(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65000} {
		content := bytes.Repeat([]byte{7}, n)
		in := append([]byte{0x24, 0x80}, fragments(content)...)
		got, err := normalise(append(in, 0, 0))
		if err != nil || !bytes.HasSuffix(got, content) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		again, err := normalise(got)
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("%d bytes: the result is not its own normal form: %v", n, err)
		}
	}
}

// fragments writes octets in pieces of at most 100 bytes.
func fragments(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		n := min(len(b), 100)
		out = append(append(out, 0x04, byte(n)), b[:n]...)
		b = b[n:]
	}
	return out
}

func TestDepthIsBounded(t *testing.T) {
	nested := func(n int) []byte {
		return append(bytes.Repeat([]byte{0x30, 0x80}, n), make([]byte, 2*n)...)
	}
	if _, err := normalise(nested(maxDepth)); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	for _, n := range []int{maxDepth + 2, 1000, 16000} {
		if _, err := normalise(nested(n)); ReasonOf(err) != NotASignature {
			t.Errorf("%d levels: %v", n, err)
		}
	}
}
